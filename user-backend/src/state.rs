//! What every request may need, made once at the start.

use std::sync::Arc;

use plenum_service::{
    Lifecycle,
    database::{Database, DatabaseError},
};

use crate::{
    accounts::Accounts,
    config::Config,
    error::Error,
    http::{cookies::CookiePolicy, origin::Origins, page::Pages},
    passwords::Passwords,
    sessions::{SessionEnds, Sessions},
    store::SqlStore,
};

/// Accounts, sessions and the policies of this server. Clones share the same.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    config: Config,
    store: SqlStore,
    accounts: Accounts,
    sessions: Sessions,
    cookies: CookiePolicy,
    pages: Pages,
}

/// Why the user backend can't start.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Passwords can't be hashed.
    #[error(transparent)]
    Passwords(#[from] Error),
}

impl AppState {
    /// Brings the database up to date, composes what works on it, and keeps expired sessions swept. `ends` is
    /// told of ended sessions.
    pub async fn new(
        config: Config,
        database: Database,
        ends: Arc<dyn SessionEnds>,
        life: &Lifecycle,
    ) -> Result<Self, NotReady> {
        let store = SqlStore::open(database).await?;
        let kept = Arc::new(store.clone());
        let accounts = Accounts::new(kept.clone(), Passwords::new()?);
        let sessions = Sessions::new(kept, config.session_lifetime, ends, life.clone());
        sessions.keep_swept();
        sessions.keep_following();
        let (cookies, pages) = (CookiePolicy::new(&config), Pages::new(config.is_production()));
        Ok(Self(Arc::new(Inner { config, store, accounts, sessions, cookies, pages })))
    }

    /// What the server was told at its start.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database of accounts and sessions, for `/ready`.
    #[must_use]
    pub fn store(&self) -> &SqlStore {
        &self.0.store
    }

    /// Accounts.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Who may call from a browser.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.0.config.origins
    }

    /// How the session's cookie is set.
    #[must_use]
    pub fn cookies(&self) -> &CookiePolicy {
        &self.0.cookies
    }

    /// The pages for people.
    #[must_use]
    pub fn pages(&self) -> &Pages {
        &self.0.pages
    }
}
