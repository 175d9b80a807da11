//! People without an account, who come to one meeting by the code of its link. A guest is a session: nothing else is kept of
//! them, and they are gone with it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{SessionId, UserId};

use crate::{
    error::{Error, StoreUnavailable},
    sessions::Session,
    tokens::{Token, TokenHash},
};

/// How long a guest may come and go: a long day's meeting, and not the next day's.
const LASTS: SignedDuration = SignedDuration::from_hours(12);

/// Somebody without an account.
#[derive(Debug, Clone)]
pub struct Guest {
    /// What they are known by; nobody has had it before.
    pub id: UserId,
    /// The name they gave, shown to others.
    pub name: String,
    /// The code of the one meeting that they may come to.
    pub code: String,
}

/// Where guests are kept: with sessions. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait GuestStore: Send + Sync {
    /// Adds a guest's one session.
    async fn add_guest(
        &self,
        guest: &Guest,
        session: &Session,
        hash: &TokenHash,
    ) -> Result<(), StoreUnavailable>;
}

/// Everything that is done with guests, beside what is done with sessions. Clones share the same.
#[derive(Clone)]
pub struct Guests {
    store: Arc<dyn GuestStore>,
    lasts: SignedDuration,
}

impl Guests {
    /// Guests that are kept in `store`, no longer than anybody's session lasts.
    #[must_use]
    pub fn new(store: Arc<dyn GuestStore>, sessions_last: SignedDuration) -> Self {
        Self { store, lasts: LASTS.min(sessions_last) }
    }

    /// How long a guest's session lasts.
    #[must_use]
    pub const fn lasts(&self) -> SignedDuration {
        self.lasts
    }

    /// Begins a guest's session, used by what calls itself `device`.
    pub async fn begin(&self, guest: &Guest, device: Option<String>, now: Timestamp) -> Result<Token, Error> {
        let token = Token::random()?;
        let session = Session {
            id: SessionId::random(),
            user: guest.id.clone(),
            created_at: now,
            expires_at: now.saturating_add(self.lasts).unwrap_or(Timestamp::MAX),
            device,
            used_at: now,
        };
        self.store.add_guest(guest, &session, &token.hash()).await?;
        Ok(token)
    }
}
