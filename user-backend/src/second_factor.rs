//! The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for who has lost it.
//!
//! It is asked for at login, and before changes that matter when it was not shown in the last ten minutes. A code counts
//! once; five wrong ones in a quarter of an hour, by whomever, and no more are looked at until that is over.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{ErrorCode, SessionId, UserId};
use rand::{TryRng as _, rngs::SysRng};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    accounts::User,
    error::{Error, StoreUnavailable},
    sessions::Ended,
    tokens::TokenHash,
};

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Recovery codes that one has.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: 120 bits, so that a plain hash of it can be stored (ASVS 5.0, 6.5.2).
const RECOVERY_BYTES: usize = 15;
/// Characters between two hyphens of one.
const RECOVERY_GROUP: usize = 4;
/// Wrong codes in [`WINDOW`] after which no more are looked at.
pub const TRIES: i32 = 5;
/// For how long wrong codes count.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// For how long a session may make changes that matter after the factor was shown.
pub const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// What authenticator apps call the account's place.
const ISSUER: &str = "Plenum";

/// A user's second factor as it is stored.
#[derive(Clone)]
pub struct Factor {
    /// Base 32.
    pub secret: String,
    /// Since when it is asked for; none while it was only proposed.
    pub since: Option<Timestamp>,
}

/// Where second factors are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait SecondFactorStore: Send + Sync {
    /// A user's, if they have one, or were proposed one.
    async fn factor(&self, user: &UserId) -> Result<Option<Factor>, StoreUnavailable>;
    /// Proposes a secret in place of one that was proposed before. False when they have one that counts.
    async fn propose(&self, user: &UserId, secret: &str) -> Result<bool, StoreUnavailable>;
    /// From now on the proposed secret counts, the code of `step` is spent, these are the recovery codes, and all sessions
    /// but one have ended: all or nothing. None when another secret was proposed, or one counts already.
    async fn enable(
        &self,
        user: &UserId,
        secret: &str,
        step: i64,
        recovery: &[TokenHash],
        session: &SessionId,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable>;
    /// There is no second factor any more.
    async fn disable(&self, user: &UserId) -> Result<(), StoreUnavailable>;
    /// Counts a try. False when there were too many in this window.
    async fn count_try(
        &self,
        user: &UserId,
        window_began: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreUnavailable>;
    /// The code of this step is spent, and tries are forgotten. False when it, or a later one, was spent before.
    async fn spend_step(&self, user: &UserId, step: i64) -> Result<bool, StoreUnavailable>;
    /// This recovery code is spent, and tries are forgotten. False when there is no such.
    async fn spend_recovery(&self, user: &UserId, code: &TokenHash) -> Result<bool, StoreUnavailable>;
    /// Recovery codes that are left.
    async fn recovery_left(&self, user: &UserId) -> Result<u64, StoreUnavailable>;
    /// These in place of those before.
    async fn renew_recovery(&self, user: &UserId, codes: &[TokenHash]) -> Result<(), StoreUnavailable>;
    /// Notes that the factor was shown in this session.
    async fn shown_in(&self, session: &SessionId, at: Timestamp) -> Result<(), StoreUnavailable>;
    /// When it was shown in this session last.
    async fn last_shown_in(&self, session: &SessionId) -> Result<Option<Timestamp>, StoreUnavailable>;
}

/// Of whom an operator asks for a second factor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Required(HashSet<String>);

impl Required {
    /// Who has one of these roles; `*` is everybody.
    pub fn of(roles: impl IntoIterator<Item = String>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// Whether it is asked of someone with these roles.
    #[must_use]
    pub fn is_of(&self, roles: &[String]) -> bool {
        self.0.contains("*") || roles.iter().any(|role| self.0.contains(role))
    }
}

/// What somebody who sets up a second factor needs.
pub struct Proposal {
    /// Base 32, for typing.
    pub secret: String,
    /// `otpauth://`, for a link.
    pub url: String,
    /// The same as a picture: a PNG in base 64.
    pub qr: String,
}

/// How a user's second factor stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Since when it is asked for; none while it is not.
    pub since: Option<Timestamp>,
    /// Recovery codes that are left.
    pub recovery_left: u64,
}

/// Everything that is done with second factors. Clones share the same.
#[derive(Clone)]
pub struct SecondFactors {
    store: Arc<dyn SecondFactorStore>,
}

impl SecondFactors {
    /// Second factors that are kept in `store`.
    pub fn new(store: Arc<dyn SecondFactorStore>) -> Self {
        Self { store }
    }

    /// How a user's stands.
    pub async fn standing(&self, user: &UserId) -> Result<Standing, Error> {
        let since = self.store.factor(user).await?.and_then(|factor| factor.since);
        Ok(Standing { since, recovery_left: self.store.recovery_left(user).await? })
    }

    /// Proposes a secret, which counts once a code of it was shown. Those proposed before are void.
    pub async fn propose(&self, user: &User) -> Result<Proposal, Error> {
        let mut bytes = [0; SECRET_BYTES];
        fill(&mut bytes)?;
        let totp = Builder::new()
            .with_secret(Secret::from(bytes))
            // A colon would end the name.
            .with_account_name(user.email.replace(':', " "))
            .with_issuer(Some(ISSUER))
            .build()
            .map_err(|error| fault(&error))?;
        let secret = totp.secret().to_base32();
        let (url, qr) = (totp.to_url(), totp.to_qr_base64());
        if !self.store.propose(&user.id, &secret).await? {
            return Err(Error::Refused(ErrorCode::SecondFactorEnabled));
        }
        Ok(Proposal {
            secret,
            url: url.map_err(|error| fault(&error))?,
            qr: qr.map_err(|error| fault(&error))?,
        })
    }

    /// Makes the proposed secret count, for who shows a code of it. Returns recovery codes, which are shown this once, and
    /// the sessions that ended: all but this one, since they began without.
    pub async fn enable(
        &self,
        user: &UserId,
        session: &SessionId,
        code: &str,
        now: Timestamp,
    ) -> Result<(Vec<String>, Vec<Ended>), Error> {
        let factor = self.store.factor(user).await?;
        let Some(Factor { secret, since: None }) = factor else {
            let code =
                if factor.is_some() { ErrorCode::SecondFactorEnabled } else { ErrorCode::NoSecondFactor };
            return Err(Error::Refused(code));
        };
        self.count_try(user, now).await?;
        let step = step_of(&secret, code, now)?.ok_or(Error::Refused(ErrorCode::InvalidSecondFactor))?;
        let (codes, hashes) = recovery_codes()?;
        let ended = self.store.enable(user, &secret, step, &hashes, session, now).await?;
        let ended = ended.ok_or(Error::Refused(ErrorCode::InvalidSecondFactor))?;
        self.store.shown_in(session, now).await?;
        Ok((codes, ended))
    }

    /// At a login, after the password was right: the secret of which a code was shown; none where there is no factor.
    /// `SecondFactorRequired` without a code, `InvalidSecondFactor` with a wrong one.
    pub async fn at_login(
        &self,
        user: &UserId,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        match (self.store.factor(user).await?, code) {
            (Some(Factor { since: Some(_), secret }), Some(code)) => {
                self.check(user, &secret, code, now).await?;
                Ok(Some(secret))
            }
            (Some(Factor { since: Some(_), .. }), None) => {
                Err(Error::Refused(ErrorCode::SecondFactorRequired))
            }
            _ => Ok(None),
        }
    }

    /// Takes a code in a session, which may make changes that matter for a while then.
    pub async fn show(
        &self,
        user: &UserId,
        session: &SessionId,
        code: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(Factor { since: Some(_), secret }) = self.store.factor(user).await? else {
            return Err(Error::Refused(ErrorCode::NoSecondFactor));
        };
        self.check(user, &secret, code, now).await?;
        Ok(self.store.shown_in(session, now).await?)
    }

    /// Before a change that matters: `ConfirmSecondFactor` when there is a factor, and it was not shown in this session in the
    /// last ten minutes.
    pub async fn before_change(
        &self,
        user: &UserId,
        session: &SessionId,
        now: Timestamp,
    ) -> Result<(), Error> {
        if self.store.factor(user).await?.is_none_or(|factor| factor.since.is_none()) {
            return Ok(());
        }
        let last = self.store.last_shown_in(session).await?;
        let fresh = |at| (SignedDuration::ZERO..FRESH).contains(&now.duration_since(at));
        if last.is_some_and(fresh) { Ok(()) } else { Err(Error::Refused(ErrorCode::ConfirmSecondFactor)) }
    }

    /// Other recovery codes, shown this once; those before are void.
    pub async fn renew_recovery(&self, user: &UserId) -> Result<Vec<String>, Error> {
        if self.store.factor(user).await?.is_none_or(|factor| factor.since.is_none()) {
            return Err(Error::Refused(ErrorCode::NoSecondFactor));
        }
        let (codes, hashes) = recovery_codes()?;
        self.store.renew_recovery(user, &hashes).await?;
        Ok(codes)
    }

    /// Takes the factor away.
    pub async fn disable(&self, user: &UserId) -> Result<(), Error> {
        Ok(self.store.disable(user).await?)
    }

    async fn count_try(&self, user: &UserId, now: Timestamp) -> Result<(), Error> {
        let window_began = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
        let counted = self.store.count_try(user, window_began, now).await?;
        if counted { Ok(()) } else { Err(Error::Refused(ErrorCode::TooManyTries)) }
    }

    /// Whether a code, of the app or for recovery, counts now; it does not again.
    async fn check(&self, user: &UserId, secret: &str, code: &str, now: Timestamp) -> Result<(), Error> {
        self.count_try(user, now).await?;
        let counts = match step_of(secret, code, now)? {
            Some(step) => self.store.spend_step(user, step).await?,
            None => match recovery_hash(code) {
                Some(hash) => self.store.spend_recovery(user, &hash).await?,
                None => false,
            },
        };
        if counts { Ok(()) } else { Err(Error::Refused(ErrorCode::InvalidSecondFactor)) }
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("a second factor can't be made: {error}"))
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    SysRng
        .try_fill_bytes(bytes)
        .map_err(|error| Error::Internal(format!("the system gives no random bytes: {error}")))
}

/// The step whose code this is, around now; none when it is none's.
fn step_of(secret: &str, code: &str, now: Timestamp) -> Result<Option<i64>, Error> {
    let totp = totp(secret)?;
    let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    Ok(totp.check(&typed, seconds).and_then(|step| i64::try_from(step).ok()))
}

/// Six digits, SHA-1, thirty seconds, one step of grace: what every authenticator app makes.
fn totp(secret: &str) -> Result<Totp, Error> {
    let secret = Secret::try_from_base32(secret).map_err(|_| fault(&"the stored secret can't be read"))?;
    Builder::new().with_secret(secret).build().map_err(|error| fault(&error))
}

/// New recovery codes, as they are shown and as they are stored.
fn recovery_codes() -> Result<(Vec<String>, Vec<TokenHash>), Error> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0; RECOVERY_BYTES];
        fill(&mut bytes)?;
        let text = Secret::from(bytes).to_base32().to_lowercase();
        let groups: Vec<&str> =
            (0..text.len()).step_by(RECOVERY_GROUP).map(|at| &text[at..at + RECOVERY_GROUP]).collect();
        codes.push(groups.join("-"));
    }
    let hashes = codes.iter().filter_map(|code| recovery_hash(code)).collect();
    Ok((codes, hashes))
}

/// The hash of a recovery code, however it is typed; none when it can't be one.
fn recovery_hash(typed: &str) -> Option<TokenHash> {
    let plain: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    (plain.len() == RECOVERY_BYTES * 8 / 5).then(|| TokenHash::of(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_one_of_rfc_6238_and_counts_one_step_before_and_after() {
        // The secret and a time of RFC 6238, appendix B; its eight digits end in these six.
        let secret = Secret::from(*b"12345678901234567890").to_base32();
        let at = |second| Timestamp::from_second(second).unwrap();
        let step = |code: &str, second| step_of(&secret, code, at(second)).unwrap();
        assert_eq!(step("287082", 59), Some(1));
        assert_eq!(step("287 082", 59 + 30), Some(1));
        assert_eq!(step("287082", 59 - 30), Some(1));
        assert_eq!(step("287082", 59 + 61), None);
        for wrong in ["287083", "28708", "2870820", "", "28708a", "²87082"] {
            assert_eq!(step(wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn recovery_codes_differ_and_are_known_however_they_are_typed() {
        let (codes, hashes) = recovery_codes().unwrap();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), RECOVERY_CODES);
        let typed = codes[0].replace('-', " ").to_uppercase();
        assert_eq!(recovery_hash(&typed), Some(hashes[0]));
        assert_eq!(codes[0].len(), 29);
        for wrong in ["", "287082", &codes[0][1..], "ñandú"] {
            assert_eq!(recovery_hash(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn it_is_asked_of_the_roles_an_operator_names() {
        let admins = Required::of(["admin".to_owned()]);
        assert!(admins.is_of(&["editor".into(), "admin".into()]));
        assert!(!admins.is_of(&["editor".into()]) && !admins.is_of(&[]));
        assert!(Required::of(["*".to_owned()]).is_of(&[]));
        assert!(!Required::default().is_of(&["admin".into()]));
    }
}
