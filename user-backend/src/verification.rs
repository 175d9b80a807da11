//! Showing that a mail address is one's own: by six digits that a mail brings.

use std::{str::FromStr, time::Duration};

use jiff::Timestamp;
use plenum_contract::{ErrorCode, Locale, UserId};

use crate::{
    accounts::{Accounts, NotAdded, User},
    error::Error,
    mail::{Kind, Mails, PAUSE},
    mail_codes::Codes,
    rules::Email,
};

/// How long it takes to say what digits are worth. Looking and counting take longer where codes of an address wait, on each
/// database in its own way; in this time they are done, so that the answer's own tells nothing.
const AS_LONG: Duration = Duration::from_millis(100);

/// Whether an address has to be shown to be one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verifying {
    /// Nobody logs in, and no address changes, before that.
    Required,
    /// Nobody is asked.
    Off,
}

/// It is neither of the two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not required or off")]
pub struct Unknown;

impl FromStr for Verifying {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Self, Unknown> {
        match word {
            "required" => Ok(Self::Required),
            "off" => Ok(Self::Off),
            _ => Err(Unknown),
        }
    }
}

/// What becomes of a change of address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressChange {
    /// It is the account's already.
    None,
    /// It counts at once, unless another account has it.
    AtOnce,
    /// It counts once the code that was sent to it is shown.
    Waits,
}

/// Everything that is done to verify addresses. Clones share the same.
#[derive(Clone)]
pub struct Verification {
    verifying: Verifying,
    accounts: Accounts,
    codes: Codes,
    mails: Mails,
}

impl Verification {
    /// Verifies addresses of `accounts` by `codes`, which `mails` bring.
    #[must_use]
    pub fn new(verifying: Verifying, accounts: Accounts, codes: Codes, mails: Mails) -> Self {
        Self { verifying, accounts, codes, mails }
    }

    /// Somebody has registered: where addresses are verified, a code is on its way. Where that can't be written down they
    /// ask for another.
    pub async fn after_registration(&self, user: &User, locale: Locale, now: Timestamp) {
        if self.verifying == Verifying::Off {
            return;
        }
        let Some(email) = Email::parse(&user.email) else { return };
        if let Err(error) = self.resend(&email, locale, now).await {
            tracing::warn!(%error, user = %user.id, "no code is sent to who has registered; they can ask for another");
        }
    }

    /// Another code for an address that waits for one. Nothing tells whether it does, nor whether there were too many.
    pub async fn resend(&self, email: &Email, locale: Locale, now: Timestamp) -> Result<(), Error> {
        if self.mails.may_cause("code", email.as_str(), now).await? {
            self.mails.to_address(Kind::Code, email, locale, now).await?;
        }
        Ok(())
    }

    /// Confirms an address by the digits that were sent to it. Of who is signed in (`user`) those count that are for their own
    /// account: whoever else has asked for the same address gets nothing by them. `InvalidVerificationCode` whatever is wrong;
    /// [`Error::EmailInUse`] when another account has the address that this one was to have.
    pub async fn verify(
        &self,
        email: &Email,
        digits: &str,
        user: Option<&UserId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        tokio::join!(self.confirm(email, digits, user, now), tokio::time::sleep(AS_LONG)).0
    }

    async fn confirm(
        &self,
        email: &Email,
        digits: &str,
        user: Option<&UserId>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let invalid = Error::Refused(ErrorCode::InvalidVerificationCode);
        let Some(code) = self.codes.of_digits(email, digits, user, now).await? else {
            return Err(invalid);
        };
        match self.codes.store().confirm(&code, now).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(invalid),
            Err(NotAdded::EmailTaken | NotAdded::IdentityTaken | NotAdded::NotInvited) => {
                Err(Error::EmailInUse)
            }
            Err(NotAdded::Store(away)) => Err(away.into()),
        }
    }

    /// Somebody wants another address for their account: what becomes of it. The address before is told, where mails are
    /// sent. [`Error::EmailInUse`] when another account has it; `EmailDomainNotAllowed`; [`Error::TooOften`].
    pub async fn change_address(
        &self,
        user: &UserId,
        email: &Email,
        locale: Locale,
        now: Timestamp,
    ) -> Result<AddressChange, Error> {
        let account = self.accounts.user(user).await?;
        if account.email == email.as_str() {
            return Ok(AddressChange::None);
        }
        self.accounts.allows(email)?;
        if self.accounts.by_email(email).await?.is_some() {
            return Err(Error::EmailInUse);
        }
        let becomes = if self.verifying == Verifying::Off {
            AddressChange::AtOnce
        } else {
            let may = self.mails.may_cause("change", user.as_str(), now).await?
                && self.mails.may_cause("code", email.as_str(), now).await?;
            if !may {
                return Err(Error::TooOften(PAUSE.unsigned_abs()));
            }
            self.mails.to_user(Kind::Change, user, email, locale, now).await?;
            AddressChange::Waits
        };
        self.mails.notice(Kind::AddressNotice, user, &account.email, locale, now).await;
        Ok(becomes)
    }
}
