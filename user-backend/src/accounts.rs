//! Accounts: registering, knowing who someone is, showing profiles.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{
    UserId,
    user::{Account, Profile, PublicProfile},
};
use plenum_service::clock;

use crate::{
    error::{Error, StoreUnavailable},
    passwords::Passwords,
    rules::{Email, Login, Registration},
};

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
    /// Years.
    pub age: u32,
    /// Address of a picture.
    pub picture: Option<String>,
    /// Whether the mail address has been shown to be theirs.
    pub verified: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// An account together with its password's hash, for those who verify it.
#[derive(Clone)]
pub struct UserWithPassword {
    /// The account.
    pub user: User,
    /// A PHC string.
    pub password_hash: String,
}

/// Why an account was not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotAdded {
    /// Another account has the address.
    #[error("the mail address is taken")]
    EmailTaken,
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreUnavailable),
}

/// Where accounts are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds an account, unless its address is taken, which is decided here and nowhere else.
    async fn add(&self, user: &User, password_hash: &str) -> Result<(), NotAdded>;
    /// The account with this id.
    async fn by_id(&self, id: &UserId) -> Result<Option<User>, StoreUnavailable>;
    /// The account with this address.
    async fn by_email(&self, email: &Email) -> Result<Option<UserWithPassword>, StoreUnavailable>;
}

/// Everything that is done with accounts.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn UserStore>,
    passwords: Passwords,
}

impl Accounts {
    /// Accounts that are kept in `store`.
    pub fn new(store: Arc<dyn UserStore>, passwords: Passwords) -> Self {
        Self { store, passwords }
    }

    /// Makes an account.
    pub async fn register(&self, registration: Registration, now: Timestamp) -> Result<User, Error> {
        let Registration { email, password, name, last_name, age } = registration;
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
        };
        match self.store.add(&user, &hash).await {
            Ok(()) => Ok(user),
            Err(NotAdded::EmailTaken) => Err(Error::EmailTaken),
            Err(NotAdded::Store(away)) => Err(away.into()),
        }
    }

    /// Whose address and password these are. An unknown address and a wrong password are refused alike, after
    /// as long a time.
    pub async fn login(&self, login: Login) -> Result<User, Error> {
        let found = self.store.by_email(&login.email).await?;
        let hash = found.as_ref().map(|found| found.password_hash.as_str());
        let right = self.passwords.verify(login.password, hash).await?;
        found.filter(|_| right).map(|found| found.user).ok_or(Error::InvalidCredentials)
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
