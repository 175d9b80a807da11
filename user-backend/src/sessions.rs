//! Login sessions: beginning, knowing whose they are, ending.

mod known;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{Caller, SessionId, UserId};
use plenum_service::{Lifecycle, clock};

use crate::{
    error::{Error, StoreUnavailable},
    tokens::{Token, TokenHash},
};
use known::Known;

/// How often rows of expired sessions are deleted.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// Rows deleted at once.
const SWEEP_ROWS: u64 = 500;
/// Deletions of one sweep; what is left waits for the next.
const SWEEP_ROUNDS: usize = 1_000;

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct Session {
    /// Not its token.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// From then on it is invalid.
    pub expires_at: Timestamp,
}

/// A stored session with the name that its user is shown by.
#[derive(Debug, Clone)]
pub struct NamedSession {
    /// The session.
    pub session: Session,
    /// The text of its token's hash.
    pub token_hash: String,
    /// The name shown to others.
    pub name: String,
}

/// Where sessions are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session.
    async fn add(&self, session: &Session, hash: &TokenHash) -> Result<(), StoreUnavailable>;
    /// The session of a token, if its user is still there.
    async fn find(&self, hash: &TokenHash) -> Result<Option<NamedSession>, StoreUnavailable>;
    /// Deletes the session of a token. One that is not there is no error.
    async fn remove(&self, hash: &TokenHash) -> Result<(), StoreUnavailable>;
    /// Deletes sessions that expired before `now`, `most` at once, and says how many.
    async fn remove_expired(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Told when a session has ended, so that its sockets are closed. Whoever implements it tries again by itself.
#[async_trait]
pub trait SessionEnds: Send + Sync {
    /// The session has ended and its row is gone.
    async fn ended(&self, session: &SessionId);
}

/// Everything that is done with sessions. Clones share the same.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    store: Arc<dyn SessionStore>,
    known: Known,
    lifetime: SignedDuration,
    ends: Arc<dyn SessionEnds>,
    life: Lifecycle,
}

impl Sessions {
    /// Sessions that are kept in `store` and live for `lifetime`.
    pub fn new(
        store: Arc<dyn SessionStore>,
        lifetime: SignedDuration,
        ends: Arc<dyn SessionEnds>,
        life: Lifecycle,
    ) -> Self {
        Self(Arc::new(Inner { known: Known::new(store.clone()), store, lifetime, ends, life }))
    }

    /// Begins a session. No other session of the user ends by that.
    pub async fn begin(&self, user: &UserId, now: Timestamp) -> Result<Token, Error> {
        let token = Token::random()?;
        let session = Session {
            id: SessionId::random(),
            user: user.clone(),
            created_at: now,
            expires_at: now.saturating_add(self.0.lifetime).unwrap_or(Timestamp::MAX),
        };
        self.0.store.add(&session, &token.hash()).await?;
        Ok(token)
    }

    /// Whose session this is: [`Error::InvalidSession`] when it is nobody's, [`Error::Store`] when that can't
    /// be known now.
    pub async fn authenticate(&self, token: &Token, now: Timestamp) -> Result<Caller, Error> {
        self.0.known.caller(&token.hash(), now).await
    }

    /// Whether this token's session was ended on this node, not long ago.
    #[must_use]
    pub fn has_ended(&self, token: &Token) -> bool {
        self.0.known.has_ended(&token.hash())
    }

    /// Ends a session: when this returns, its token is invalid here and the others have been told. Goes on
    /// even when the caller leaves.
    pub async fn end(&self, token: &Token, session: SessionId) -> Result<(), Error> {
        let (inner, hash) = (self.0.clone(), token.hash());
        let ending = self.0.life.spawn(async move {
            inner.store.remove(&hash).await?;
            inner.known.forget(hash).await;
            inner.ends.ended(&session).await;
            Ok(())
        });
        match ending.await {
            Ok(Some(ended)) => ended,
            Ok(None) => Err(Error::Internal("the process ended before the session did".into())),
            Err(error) => Err(Error::Internal(format!("ending a session failed: {error}"))),
        }
    }

    /// Deletes what has expired; says how many sessions that were.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreUnavailable> {
        let mut gone = 0;
        for _ in 0..SWEEP_ROUNDS {
            let removed = self.0.store.remove_expired(now, SWEEP_ROWS).await?;
            gone += removed;
            if removed < SWEEP_ROWS || self.0.life.is_stopping() {
                break;
            }
        }
        Ok(gone)
    }

    /// Sweeps now and then every hour, until the process is told to stop.
    pub fn keep_swept(&self) {
        let sessions = self.clone();
        self.0.life.spawn(async move {
            loop {
                match sessions.sweep(clock::now()).await {
                    Ok(0) => {}
                    Ok(gone) => tracing::info!(gone, "expired sessions deleted"),
                    Err(error) => {
                        tracing::warn!(%error, "expired sessions were not deleted; trying again in an hour");
                    }
                }
                tokio::select! {
                    () = sessions.0.life.stopping() => return,
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
            }
        });
    }
}
