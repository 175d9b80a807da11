//! Codes that mails bring: the code of a reset link, and the six digits that confirm an address.
//!
//! They are stored hashed. Six digits could be found from their hash by trying all of them, so each is hashed with 256 random
//! bits of its own, which stand beside it: who has stolen the table can find them all the same, within the ten minutes for
//! which they count. A reset link can't be found by anybody.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::UserId;
use plenum_service::{Lifecycle, clock};
use rand::{TryRng as _, rngs::SysRng};

use crate::{
    accounts::NotAdded,
    error::{Error, StoreUnavailable},
    rules::Email,
    sessions::Ended,
    sweeping,
    tokens::{Token, TokenHash},
};

/// For how long a reset link counts.
pub const RESET: SignedDuration = SignedDuration::from_mins(30);
/// For how long six digits count.
pub const DIGITS: SignedDuration = SignedDuration::from_mins(10);
/// Codes for one address that are looked at; after so many wrong ones the right one counts no more.
pub const TRIES: i64 = 5;
/// For how long an address that an account is to have is remembered, so that another code can be sent.
pub const CHANGE_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Setting a new password.
    Reset,
    /// Confirming the account's address.
    Verify,
    /// Confirming the address that the account is to have.
    Change,
}

impl Purpose {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Change => "change",
        }
    }
}

/// A code as it is stored: an account has one of each purpose, the last that was sent.
#[derive(Debug, Clone)]
pub struct Code {
    /// Whose.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// Where it was sent.
    pub email: Email,
    /// What was hashed with it; empty for a reset link.
    pub salt: String,
    /// The hash.
    pub hash: TokenHash,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

/// Where codes are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait CodeStore: Send + Sync {
    /// Adds a code in place of the one before.
    async fn put_code(&self, code: &Code) -> Result<(), StoreUnavailable>;
    /// Whether there is a reset link with this hash that counts now. Whether it is used is decided by
    /// [`reset_password`](Self::reset_password).
    async fn is_reset(&self, hash: &TokenHash, now: Timestamp) -> Result<bool, StoreUnavailable>;
    /// Uses a reset link: the account has another password's hash, its address is theirs, all its sessions and personal
    /// tokens have ended, and the link is worth nothing: all or none. None when it does not count, or the account is
    /// disabled or has another address by now.
    async fn reset_password(
        &self,
        hash: &TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(UserId, Vec<Ended>)>, StoreUnavailable>;
    /// Counts a try of the codes that were sent to this address, for this user's account or for anybody's, and gives those
    /// that have tries left and count now.
    async fn try_codes(
        &self,
        email: &Email,
        user: Option<&UserId>,
        now: Timestamp,
    ) -> Result<Vec<Code>, StoreUnavailable>;
    /// Uses a code: its address is the account's, and theirs. False when it was used, or is another by now.
    async fn confirm(&self, code: &Code, now: Timestamp) -> Result<bool, NotAdded>;
    /// Whose account is to have this address; of several, whose was sent a code last.
    async fn waits_for(&self, email: &Email) -> Result<Option<UserId>, StoreUnavailable>;
    /// Deletes codes that expired before a time, `most` at once, and says how many.
    async fn remove_expired_codes(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Making and finding codes. Clones share the same.
#[derive(Clone)]
pub struct Codes {
    store: Arc<dyn CodeStore>,
}

impl Codes {
    /// Codes that are kept in `store`.
    pub fn new(store: Arc<dyn CodeStore>) -> Self {
        Self { store }
    }

    /// The store.
    pub(crate) fn store(&self) -> &dyn CodeStore {
        &*self.store
    }

    /// A new reset link's code. Those before are worth nothing.
    pub async fn make_reset(&self, user: &UserId, email: &Email, now: Timestamp) -> Result<Token, Error> {
        let token = Token::random()?;
        let code = Code {
            user: user.clone(),
            purpose: Purpose::Reset,
            email: email.clone(),
            salt: String::new(),
            hash: token.hash(),
            expires_at: now.saturating_add(RESET).unwrap_or(Timestamp::MAX),
        };
        self.store.put_code(&code).await?;
        Ok(token)
    }

    /// Six new digits for an address. Those before are worth nothing.
    pub async fn make_digits(
        &self,
        user: &UserId,
        purpose: Purpose,
        email: &Email,
        now: Timestamp,
    ) -> Result<String, Error> {
        let (digits, salt) = (six_digits()?, Token::random()?.reveal().to_owned());
        let code = Code {
            user: user.clone(),
            purpose,
            email: email.clone(),
            hash: salted(&salt, &digits),
            salt,
            expires_at: now.saturating_add(DIGITS).unwrap_or(Timestamp::MAX),
        };
        self.store.put_code(&code).await?;
        Ok(digits)
    }

    /// The code that these digits are, for this address and this user's account, or anybody's. None when they are none's, and
    /// the try counts.
    pub async fn of_digits(
        &self,
        email: &Email,
        typed: &str,
        user: Option<&UserId>,
        now: Timestamp,
    ) -> Result<Option<Code>, Error> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let codes = self.store.try_codes(email, user, now).await?;
        Ok(codes.into_iter().find(|code| salted(&code.salt, &digits).is(&code.hash.to_text())))
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "codes of mails", move || {
            let (store, stopping) = (store.clone(), stopping.clone());
            let before = clock::now().saturating_sub(CHANGE_KEPT).unwrap_or(Timestamp::MIN);
            async move { sweeping::sweep(&stopping, |most| store.remove_expired_codes(before, most)).await }
        });
    }
}

fn salted(salt: &str, digits: &str) -> TokenHash {
    TokenHash::of(&format!("{salt}{digits}"))
}

fn six_digits() -> Result<String, Error> {
    let random = SysRng
        .try_next_u64()
        .map_err(|error| Error::Internal(format!("the system gives no random bytes: {error}")))?;
    // Of 2^64 numbers no million is left over that would count.
    Ok(format!("{:06}", random % 1_000_000))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn six_digits_are_six_and_differ() {
        let some: HashSet<String> = (0..50).map(|_| six_digits().unwrap()).collect();
        assert!(some.len() > 40, "{some:?}");
        assert!(some.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
    }

    #[test]
    fn the_same_digits_have_another_hash_each_time() {
        assert_ne!(salted("a", "123456"), salted("b", "123456"));
    }
}
