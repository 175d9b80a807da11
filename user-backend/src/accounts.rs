//! Accounts: registering, knowing who someone is, showing profiles.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{
    ErrorCode, Locale, SessionId, UserId,
    user::{Account, Profile, PublicProfile},
};
use plenum_service::clock;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    admin,
    error::{Error, StoreUnavailable},
    identities::{Identity, Newcomer, Voucher},
    mail_codes::Codes,
    passwords::Passwords,
    registration::{Invitations, Policy},
    rules::{Email, Login, PasswordChange, Query, Registration, Reset},
    sessions::{Ended, Which},
    tokens::{Token, TokenHash},
};

/// Accounts that a search gives.
const FOUND_MAX: u64 = 20;
/// The hash of an account that has no password: of none that anybody could find. It is a PHC string like all others, so that
/// it takes as long to find out that a password is wrong.
pub const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBwYXNzd29yZA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// The age of who was never asked for it: no age that anybody could give.
const AGE_UNKNOWN: u32 = 0;
/// Deletions that the services are told of in one round.
const TOLD_AT_ONCE: u64 = 100;

/// An account as it is stored.
#[derive(Debug, Clone)]
pub struct User {
    /// Never given to another account.
    pub id: UserId,
    /// Unique among all accounts.
    pub email: String,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
    /// Years; 0 when they were never asked for.
    pub age: u32,
    /// Address of a picture.
    pub picture: Option<String>,
    /// Whether the mail address has been shown to be theirs.
    pub verified: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// What the account may do beside what everybody may.
    pub roles: Vec<String>,
    /// Since when nobody can sign in with it.
    pub disabled_at: Option<Timestamp>,
    /// Whether a second factor is asked for at its logins.
    pub has_second_factor: bool,
    /// The language of its mails; none until it is known.
    pub locale: Option<Locale>,
}

/// An account together with its password's hash, for those who verify it.
#[derive(Clone)]
pub struct UserWithPassword {
    /// The account.
    pub user: User,
    /// A PHC string.
    pub password_hash: String,
}

/// What is to be changed of an account. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// First name.
    pub name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Years.
    pub age: Option<u32>,
    /// The mail address, and whether it has been shown to be theirs.
    pub email: Option<(Email, bool)>,
}

/// Why an account was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotAdded {
    /// Another account has the address.
    #[error("the mail address is taken")]
    EmailTaken,
    /// The identity is another account's.
    #[error("the identity is taken")]
    IdentityTaken,
    /// The invitation can't be used by this address, or was used.
    #[error("the invitation can't be used")]
    NotInvited,
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreUnavailable),
}

/// Where accounts are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds an account, unless its address is taken, which is decided here and nowhere else.
    async fn add(&self, user: &User, password_hash: &str) -> Result<(), NotAdded>;
    /// Adds an account with the identity that it is signed in to by: both or neither.
    async fn add_with_identity(
        &self,
        user: &User,
        password_hash: &str,
        identity: &Identity,
    ) -> Result<(), NotAdded>;
    /// The same as [`add`](Self::add) for who shows an invitation, which is spent by that: both or neither, also when many show it at once.
    async fn add_invited(
        &self,
        user: &User,
        password_hash: &str,
        invitation: &TokenHash,
    ) -> Result<(), NotAdded>;
    /// The account with this id.
    async fn by_id(&self, id: &UserId) -> Result<Option<User>, StoreUnavailable>;
    /// The account with this address.
    async fn by_email(&self, email: &Email) -> Result<Option<UserWithPassword>, StoreUnavailable>;
    /// The account with this id, with its password's hash.
    async fn with_password(&self, id: &UserId) -> Result<Option<UserWithPassword>, StoreUnavailable>;
    /// Changes an account, and gives it as it is then. None when there is no such account.
    async fn change(&self, id: &UserId, change: &UserChange, at: Timestamp)
    -> Result<Option<User>, NotAdded>;
    /// Gives an account another password's hash, if it still has the one before; and ends some of its sessions, both or
    /// neither. None when it has another hash by now, or is gone.
    async fn change_password(
        &self,
        id: &UserId,
        hash: &str,
        before: &str,
        ends: &Which,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable>;
    /// Deletes an account with all that is its own, ends its sessions, and notes that the services have to hear of it: all
    /// or none. None when there is no such account.
    async fn delete(&self, id: &UserId, at: Timestamp) -> Result<Option<Vec<Ended>>, StoreUnavailable>;
    /// Accounts in whose names, or in whose whole address, each of these words stands, letter case aside; `most` of them,
    /// by name.
    async fn search(&self, words: &[String], most: u64) -> Result<Vec<User>, StoreUnavailable>;
    /// Deleted accounts of which the services have not heard, oldest first, `most` of them.
    async fn untold_deletions(&self, most: u64) -> Result<Vec<UserId>, StoreUnavailable>;
    /// The services have heard of a deletion.
    async fn deletion_is_told(&self, id: &UserId) -> Result<(), StoreUnavailable>;
}

/// Who gets in.
#[derive(Clone)]
pub struct Admission {
    /// Who may register.
    pub policy: Policy,
    /// The invitations that may be shown then.
    pub invitations: Invitations,
    /// Whether nobody logs in before their address was shown to be theirs.
    pub verified_only: bool,
}

/// Everything that is done with accounts.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn UserStore>,
    passwords: Passwords,
    admission: Admission,
}

impl Accounts {
    /// Accounts that are kept in `store`.
    pub fn new(store: Arc<dyn UserStore>, passwords: Passwords, admission: Admission) -> Self {
        Self { store, passwords, admission }
    }

    /// Whether somebody may register with this address, showing this invitation or none: the invitation that their account
    /// has to spend ([`UserStore::add_invited`]), if it has to. Refused otherwise, by a code of its own.
    pub async fn may_register(
        &self,
        email: &Email,
        invitation: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, Error> {
        let Admission { policy, invitations, .. } = &self.admission;
        invitations.may_register(policy, email, invitation, now).await
    }

    /// Whether an account may have this address, taken or not. `EmailDomainNotAllowed` otherwise.
    pub fn allows(&self, email: &Email) -> Result<(), Error> {
        self.admission.policy.allows(email)
    }

    /// Makes an account.
    pub async fn register(
        &self,
        registration: Registration,
        locale: Locale,
        now: Timestamp,
    ) -> Result<User, Error> {
        let Registration { email, password, name, last_name, age, invitation } = registration;
        let invitation = self.may_register(&email, invitation.as_deref(), now).await?;
        // Only to spare the hash; a race is decided when the account is added.
        if self.store.by_email(&email).await?.is_some() {
            return Err(Error::EmailTaken);
        }
        let hash = self.passwords.hash(password).await?;
        let user = User {
            id: UserId::random(),
            email: email.as_str().to_owned(),
            name,
            last_name,
            age,
            picture: None,
            verified: false,
            created_at: now,
            updated_at: now,
            roles: Vec::new(),
            disabled_at: None,
            has_second_factor: false,
            locale: Some(locale),
        };
        let added = match &invitation {
            Some(invitation) => self.store.add_invited(&user, &hash, invitation).await,
            None => self.store.add(&user, &hash).await,
        };
        match added {
            Ok(()) => Ok(user),
            Err(NotAdded::EmailTaken | NotAdded::IdentityTaken) => Err(Error::EmailTaken),
            Err(NotAdded::NotInvited) => Err(Error::Refused(ErrorCode::InvalidInvitation)),
            Err(NotAdded::Store(away)) => Err(away.into()),
        }
    }

    /// Makes an account for somebody who signs in elsewhere: it has no password, and no age until they say it. Who comes from a
    /// provider registers as anybody does, so that it may be refused. None when the address or the identity has become another
    /// account's meanwhile.
    pub async fn from_identity(
        &self,
        identity: &Identity,
        newcomer: Newcomer,
        locale: Locale,
        now: Timestamp,
    ) -> Result<Option<User>, Error> {
        let Newcomer { email, verified, name, last_name, by } = newcomer;
        if by == Voucher::Provider {
            self.admission.policy.admits_uninvited(&email)?;
        }
        let user = User {
            id: UserId::random(),
            email: email.as_str().to_owned(),
            name,
            last_name,
            age: AGE_UNKNOWN,
            picture: None,
            verified,
            created_at: now,
            updated_at: now,
            roles: Vec::new(),
            disabled_at: None,
            has_second_factor: false,
            locale: Some(locale),
        };
        match self.store.add_with_identity(&user, NO_PASSWORD, identity).await {
            Ok(()) => {
                tracing::info!(user = %user.id, provider = identity.provider, ?by, "an account was made for who signs in elsewhere");
                Ok(Some(user))
            }
            Err(NotAdded::EmailTaken | NotAdded::IdentityTaken | NotAdded::NotInvited) => Ok(None),
            Err(NotAdded::Store(away)) => Err(away.into()),
        }
    }

    /// The account with this address.
    pub async fn by_email(&self, email: &Email) -> Result<Option<User>, Error> {
        Ok(self.store.by_email(email).await?.map(|found| found.user))
    }

    /// Whose address and password these are. An unknown address and a wrong password are refused alike, after
    /// as long a time.
    pub async fn login(&self, login: Login) -> Result<UserWithPassword, Error> {
        let found = self.store.by_email(&login.email).await?;
        let hash = found.as_ref().map(|found| found.password_hash.as_str());
        let right = self.passwords.verify(login.password, hash).await?;
        let found = found.filter(|_| right).ok_or(Error::InvalidCredentials)?;
        let user = &found.user;
        if user.disabled_at.is_some() {
            return Err(Error::AccountDisabled);
        }
        if self.admission.verified_only && !user.verified {
            return Err(Error::Refused(ErrorCode::EmailNotVerified));
        }
        Ok(found)
    }

    /// Changes one's own account.
    pub async fn change(&self, id: &UserId, change: UserChange, now: Timestamp) -> Result<User, Error> {
        match self.store.change(id, &change, now).await {
            Ok(user) => user.ok_or(Error::UserNotFound),
            Err(NotAdded::EmailTaken | NotAdded::IdentityTaken | NotAdded::NotInvited) => {
                Err(Error::EmailInUse)
            }
            Err(NotAdded::Store(away)) => Err(away.into()),
        }
    }

    /// Gives an account another password, for who knows the one before, and ends its other sessions than `session`.
    /// Returns those that ended.
    pub async fn change_password(
        &self,
        id: &UserId,
        session: &SessionId,
        PasswordChange { current, new }: PasswordChange,
        now: Timestamp,
    ) -> Result<Vec<Ended>, Error> {
        let found = self.with_password(id).await?;
        if !self.passwords.verify(current, Some(&found.password_hash)).await? {
            return Err(Error::WrongPassword);
        }
        let hash = self.passwords.hash(new).await?;
        let before = &found.password_hash;
        let changed =
            self.store.change_password(id, &hash, before, &Which::AllBut(session.clone()), now).await?;
        changed.ok_or(Error::WrongPassword) // somebody else has just changed it
    }

    /// Whether the account has a password.
    pub async fn has_password(&self, id: &UserId) -> Result<bool, Error> {
        let found = self.store.with_password(id).await?.ok_or(Error::UserNotFound)?;
        Ok(found.password_hash != NO_PASSWORD)
    }

    /// [`Error::WrongPassword`] unless this is the account's.
    pub async fn knows_password(&self, id: &UserId, password: SecretString) -> Result<(), Error> {
        let found = self.with_password(id).await?;
        let right = self.passwords.verify(password, Some(&found.password_hash)).await?;
        if right { Ok(()) } else { Err(Error::WrongPassword) }
    }

    async fn with_password(&self, id: &UserId) -> Result<UserWithPassword, Error> {
        let found = self.store.with_password(id).await?.ok_or(Error::UserNotFound)?;
        if found.password_hash == NO_PASSWORD {
            Err(Error::Refused(ErrorCode::NoPassword))
        } else {
            Ok(found)
        }
    }

    /// Sets another password for who holds a reset link that counts, which it does no more then; says whose account it is, and
    /// its sessions, which ended: all of them, and its personal tokens. `InvalidResetCode` otherwise.
    pub async fn reset_password(
        &self,
        codes: &Codes,
        Reset { code, new }: Reset,
        now: Timestamp,
    ) -> Result<(User, Vec<Ended>), Error> {
        let invalid = || Error::Refused(ErrorCode::InvalidResetCode);
        let hash = Token::parse(code.expose_secret()).ok_or_else(invalid)?.hash();
        // Only to spare the password's hash; who may use it is decided when the password is changed.
        if !codes.store().is_reset(&hash, now).await? {
            return Err(invalid());
        }
        let new = self.passwords.hash(new).await?;
        let (id, ended) = codes.store().reset_password(&hash, &new, now).await?.ok_or_else(invalid)?;
        Ok((self.user(&id).await?, ended))
    }

    /// Deletes an account. Returns its sessions, which ended. That the services have to hear of it is noted.
    pub async fn delete(&self, id: &UserId, now: Timestamp) -> Result<Vec<Ended>, Error> {
        self.store.delete(id, now).await?.ok_or(Error::UserNotFound)
    }

    /// Some deleted accounts of which the services have not heard.
    pub async fn untold_deletions(&self) -> Result<Vec<UserId>, Error> {
        Ok(self.store.untold_deletions(TOLD_AT_ONCE).await?)
    }

    /// All services have heard of a deletion.
    pub async fn deletion_is_told(&self, id: &UserId) -> Result<(), Error> {
        Ok(self.store.deletion_is_told(id).await?)
    }

    /// Accounts that somebody looks for.
    pub async fn search(&self, query: &Query) -> Result<Vec<User>, Error> {
        Ok(self.store.search(query.words(), FOUND_MAX).await?)
    }

    /// The account with this id.
    pub async fn user(&self, id: &UserId) -> Result<User, Error> {
        self.store.by_id(id).await?.ok_or(Error::UserNotFound)
    }
}

impl User {
    /// The name that others are shown.
    #[must_use]
    pub fn display_name(&self) -> String {
        format!("{} {}", self.name, self.last_name)
    }

    /// What register and login answer.
    #[must_use]
    pub fn account(self) -> Account {
        let Self { id, email, name, last_name, age, .. } = self;
        Account { uid: id, email, name, last_name, age }
    }

    /// What the user sees of it.
    #[must_use]
    pub fn profile(self) -> Profile {
        Profile {
            uid: self.id.clone(),
            id: self.id,
            email: self.email,
            name: self.name,
            last_name: self.last_name,
            age: self.age,
            picture: self.picture,
            verified: self.verified,
            admin: self.roles.iter().any(|role| role == admin::ROLE),
            created_at: clock::iso(self.created_at),
            updated_at: clock::iso(self.updated_at),
        }
    }

    /// What others see of it.
    #[must_use]
    pub fn public_profile(self) -> PublicProfile {
        let Self { id, name, last_name, picture, .. } = self;
        PublicProfile { uid: id.clone(), id, name, last_name, picture }
    }
}
