//! Who somebody is elsewhere: the identities by which an account is signed in to, beside its password.
//!
//! An identity is a provider and its name for somebody (the subject). A provider's word on a mail address counts only where
//! it says that the address was shown to be theirs, and then only for an account of which the same was shown here: who has
//! registered with somebody else's address gets nothing by that, and neither does who claims it elsewhere.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{ErrorCode, Locale, UserId, error::Problem, limits};

use crate::{
    accounts::{Accounts, NO_PASSWORD, User},
    error::{Error, StoreUnavailable},
    mail::{Kind, Mails},
    rules::Email,
};

/// Characters of a subject (OpenID Connect Core, section 2).
const SUBJECT_MAX: usize = 255;
/// The fewest characters of a name.
const NAME_MIN: usize = 2;
/// What stands before an issuer where a provider's name would: no name has a colon.
pub const ISSUER: &str = "iss:";
/// What stands for a name where nothing that is known can.
const NAMELESS: &str = "User";

/// Who somebody is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's name here, or [`ISSUER`] and a trusted issuer.
    pub provider: String,
    /// The provider's name for them, which never becomes another's.
    pub subject: String,
    /// The address that the provider gave when the identity was linked, for people to tell it by.
    pub email: Option<String>,
}

/// An identity of an account.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The provider's name here, or [`ISSUER`] and a trusted issuer.
    pub provider: String,
    /// The address that the provider gave then.
    pub email: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What a provider says of somebody.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Its name for them.
    pub subject: String,
    /// Their mail address.
    pub email: Option<Email>,
    /// Whether the provider says that the address was shown to be theirs.
    pub verified: bool,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The whole name.
    pub name: Option<String>,
    /// What they are called where they sign in.
    pub username: Option<String>,
}

/// Who is to have an account without a password.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Their address, or one that stands for none.
    pub email: Email,
    /// Whether it was shown to be theirs.
    pub verified: bool,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
    /// Who vouches for them.
    pub by: Voucher,
}

/// Who vouches for a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voucher {
    /// A provider at which anybody may have an account: whether they may have one here is for the server to say.
    Provider,
    /// The issuer of the operator's own login: whom it lets in may come in.
    Issuer,
}

/// What came of linking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// It is linked with this account.
    Done,
    /// It was already.
    Before,
    /// It is another account's.
    Others,
    /// The account has another of this provider.
    HasAnother,
}

/// What came of unlinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinking {
    /// It is linked no more.
    Done,
    /// There was none.
    None,
    /// Without it nobody could sign in to the account.
    LastWayIn,
}

/// Where identities are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Whose this is.
    async fn owner(&self, provider: &str, subject: &str) -> Result<Option<User>, StoreUnavailable>;
    /// Links it with an account, unless it is linked with another, which is decided here and nowhere else.
    async fn link(
        &self,
        user: &UserId,
        identity: &Identity,
        at: Timestamp,
    ) -> Result<Linking, StoreUnavailable>;
    /// Takes it from an account that has a password (any hash but `no_password`), or another identity.
    async fn unlink(
        &self,
        user: &UserId,
        provider: &str,
        no_password: &str,
    ) -> Result<Unlinking, StoreUnavailable>;
    /// An account's, the oldest first.
    async fn linked(&self, user: &UserId) -> Result<Vec<Linked>, StoreUnavailable>;
}

/// Everything that is done with identities. Clones share the same.
#[derive(Clone)]
pub struct Identities {
    store: Arc<dyn IdentityStore>,
    accounts: Accounts,
    mails: Mails,
}

impl Identities {
    /// Identities that are kept in `store`, of these accounts, whose users are told of changes by `mails`.
    pub fn new(store: Arc<dyn IdentityStore>, accounts: Accounts, mails: Mails) -> Self {
        Self { store, accounts, mails }
    }

    /// Whose account somebody signs in to through a provider: that of the identity; or one with the same address, where both
    /// know that it is theirs; or a new one.
    pub async fn sign_in(
        &self,
        provider: &str,
        person: &Person,
        locale: Locale,
        now: Timestamp,
    ) -> Result<User, Error> {
        let identity = person.identity(provider)?;
        // Twice: of two who come with one identity at once, the second finds what the first has made.
        for _ in 0..2 {
            if let Some(user) = self.store.owner(provider, &person.subject).await? {
                return may_enter(user);
            }
            let Some(email) = person.email.as_ref().filter(|_| person.verified) else {
                return Err(Error::Refused(ErrorCode::OauthAddressUnverified));
            };
            if let Some(user) = self.accounts.by_email(email).await? {
                if !user.verified {
                    return Err(Error::Refused(ErrorCode::OauthAddressTaken));
                }
                let user = may_enter(user)?;
                match self.store.link(&user.id, &identity, now).await? {
                    Linking::Done => {
                        self.mails.notice(Kind::LinkedNotice, &user.id, &user.email, locale, now).await;
                        return Ok(user);
                    }
                    Linking::Before => return Ok(user),
                    Linking::HasAnother => return Err(Error::Refused(ErrorCode::ProviderLinked)),
                    Linking::Others => continue,
                }
            }
            let newcomer = person.newcomer(Some(email.clone()), Voucher::Provider)?;
            if let Some(user) = self.accounts.from_identity(&identity, newcomer, locale, now).await? {
                return Ok(user);
            }
        }
        Err(Error::Busy)
    }

    /// Whose account it is that the operator's own login vouches for. It always has one: where the address is another
    /// account's, and not known by both to be theirs, the account is without.
    pub async fn vouched(
        &self,
        issuer: &str,
        person: &Person,
        locale: Locale,
        now: Timestamp,
    ) -> Result<User, Error> {
        let identity = person.identity(&format!("{ISSUER}{issuer}"))?;
        for _ in 0..2 {
            if let Some(user) = self.store.owner(&identity.provider, &identity.subject).await? {
                return enabled(user);
            }
            let taken = match &person.email {
                Some(email) => self.accounts.by_email(email).await?,
                None => None,
            };
            if let Some(user) = &taken
                && person.verified
                && user.verified
                && !user.has_second_factor
            {
                let linked = self.store.link(&user.id, &identity, now).await?;
                if linked == Linking::Done {
                    self.mails.notice(Kind::LinkedNotice, &user.id, &user.email, locale, now).await;
                }
                if matches!(linked, Linking::Done | Linking::Before) {
                    return enabled(user.clone());
                }
            }
            let email = person.email.clone().filter(|_| taken.is_none());
            let newcomer = person.newcomer(email, Voucher::Issuer)?;
            if let Some(user) = self.accounts.from_identity(&identity, newcomer, locale, now).await? {
                return Ok(user);
            }
        }
        Err(Error::Busy)
    }

    /// Links somebody who signed in at a provider with an account, which is told.
    pub async fn link(
        &self,
        user: &UserId,
        provider: &str,
        person: &Person,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        let account = self.accounts.user(user).await?;
        match self.store.link(user, &person.identity(provider)?, now).await? {
            Linking::Done => {
                self.mails.notice(Kind::LinkedNotice, user, &account.email, locale, now).await;
                Ok(())
            }
            Linking::Before => Ok(()),
            Linking::Others => Err(Error::Refused(ErrorCode::IdentityTaken)),
            Linking::HasAnother => Err(Error::Refused(ErrorCode::ProviderLinked)),
        }
    }

    /// Takes an identity from an account, which is told.
    pub async fn unlink(
        &self,
        user: &UserId,
        provider: &str,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        let account = self.accounts.user(user).await?;
        match self.store.unlink(user, provider, NO_PASSWORD).await? {
            Unlinking::Done => {
                self.mails.notice(Kind::UnlinkedNotice, user, &account.email, locale, now).await;
                Ok(())
            }
            Unlinking::None => Err(Error::Refused(ErrorCode::IdentityNotFound)),
            Unlinking::LastWayIn => Err(Error::Refused(ErrorCode::LastWayIn)),
        }
    }

    /// An account's identities.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<Linked>, Error> {
        Ok(self.store.linked(user).await?)
    }
}

fn enabled(user: User) -> Result<User, Error> {
    if user.disabled_at.is_some() { Err(Error::AccountDisabled) } else { Ok(user) }
}

/// A provider's word is no second factor: who has one signs in with a password and a code.
fn may_enter(user: User) -> Result<User, Error> {
    let user = enabled(user)?;
    if user.has_second_factor {
        let problem = Problem::said(ErrorCode::SecondFactorRequired, "second_factor_required.oauth");
        return Err(Error::Invalid(vec![problem]));
    }
    Ok(user)
}

impl Person {
    /// Whether the provider's name for them can be one.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        let fits = (1..=SUBJECT_MAX).contains(&self.subject.chars().count());
        // Some databases take texts for equal that differ in blanks at their ends.
        fits && self.subject.trim() == self.subject && !self.subject.chars().any(char::is_control)
    }

    /// Who they are at this provider; refused when its name for them can't be one.
    fn identity(&self, provider: &str) -> Result<Identity, Error> {
        if !self.is_somebody() {
            return Err(Error::Refused(ErrorCode::OauthFailed));
        }
        Ok(Identity {
            provider: provider.to_owned(),
            subject: self.subject.clone(),
            email: self.email.as_ref().map(|email| email.as_str().to_owned()),
        })
    }

    fn newcomer(&self, email: Option<Email>, by: Voucher) -> Result<Newcomer, Error> {
        let (name, last_name) = self.names();
        let verified = self.verified && email.is_some();
        let email = email.or_else(Email::nobodys);
        let email = email.ok_or_else(|| Error::Internal("no address can stand for none".into()))?;
        Ok(Newcomer { email, verified, name, last_name, by })
    }

    /// First and last name, in whatever of what is known they can be found: each has 2 to 50 characters here.
    fn names(&self) -> (String, String) {
        let whole = self.name.as_deref().unwrap_or_default().trim();
        let (first, rest) = whole.split_once(char::is_whitespace).unwrap_or((whole, ""));
        let local = self.email.as_ref().and_then(|email| email.as_str().split('@').next());
        let fallbacks = [self.username.as_deref(), local, Some(NAMELESS)];
        let one_of = |first: [Option<&str>; 2], whole: Option<&str>| {
            let mut all = first.into_iter().chain([whole]).chain(fallbacks).flatten();
            all.find_map(fitting).unwrap_or_else(|| NAMELESS.to_owned())
        };
        let name = one_of([self.given_name.as_deref(), Some(first)], Some(whole));
        let last_name = one_of([self.family_name.as_deref(), Some(rest)], None);
        (name, last_name)
    }
}

/// A text as a name: without what can't be seen, and not too long. None when it is too short.
fn fitting(text: &str) -> Option<String> {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let short: String = plain.trim().chars().take(limits::NAME_MAX).collect();
    let short = short.trim_end().to_owned();
    (short.chars().count() >= NAME_MIN).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &str, family: &str, name: &str, username: &str) -> (String, String) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let person = Person {
            email: Email::parse("ana.p@example.com"),
            given_name: some(given),
            family_name: some(family),
            name: some(name),
            username: some(username),
            ..Person::default()
        };
        person.names()
    }

    fn pair(name: &str, last_name: &str) -> (String, String) {
        (name.to_owned(), last_name.to_owned())
    }

    #[test]
    fn names_are_found_in_what_is_known() {
        assert_eq!(names("Ana", "Ñandú", "Somebody Else", "ana"), pair("Ana", "Ñandú"));
        assert_eq!(names("", "", "Ana María Ñandú", "ana"), pair("Ana", "María Ñandú"));
        assert_eq!(names("", "", "", "octocat"), pair("octocat", "octocat"));
        assert_eq!(names("", "", "Madonna", ""), pair("Madonna", "ana.p"));
        assert_eq!(names("明", "李", "李 明", ""), pair("李 明", "ana.p"));
        assert_eq!(names(" A\u{7}na\n", "  ", "", ""), pair("A na", "ana.p"));
        assert_eq!(Person::default().names(), pair(NAMELESS, NAMELESS));
        let (long, _) = names(&"x".repeat(80), "", "", "");
        assert_eq!(long.len(), limits::NAME_MAX);
    }

    #[test]
    fn a_subject_is_short_and_can_be_seen() {
        for wrong in ["", "a\nb", &"x".repeat(SUBJECT_MAX + 1)] {
            let person = Person { subject: wrong.to_owned(), ..Person::default() };
            assert!(person.identity("google").is_err(), "{wrong:?}");
        }
    }
}
