//! Login sessions: beginning, knowing whose they are, ending.

mod follow;
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
/// How long the end of a session is kept for those who can't read it now; no session stays known longer without the
/// store.
const ENDS_KEPT: SignedDuration = SignedDuration::from_mins(15);
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

/// The end of a session, for every process that uses the same store.
#[derive(Debug, Clone)]
pub struct End {
    /// It rises; two that are added at once may be seen in another order.
    pub number: i64,
    /// Which session.
    pub session: SessionId,
    /// The hash of its token.
    pub token: TokenHash,
}

/// Where sessions are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session.
    async fn add(&self, session: &Session, hash: &TokenHash) -> Result<(), StoreUnavailable>;
    /// The session of a token, if its user is still there.
    async fn find(&self, hash: &TokenHash) -> Result<Option<NamedSession>, StoreUnavailable>;
    /// Deletes the session of a token and adds its end, both or neither. One that is not there is no error.
    async fn end(&self, hash: &TokenHash, session: &SessionId, at: Timestamp)
    -> Result<(), StoreUnavailable>;
    /// The number after which the ends since `since` stand.
    async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable>;
    /// The ends after a number, in order, `most` at once.
    async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable>;
    /// Deletes ends from before a time, `most` at once, and says how many.
    async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
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

    /// Whether this token's session was ended not long ago, as far as this process has read.
    #[must_use]
    pub fn has_ended(&self, token: &Token) -> bool {
        self.0.known.has_ended(&token.hash())
    }

    /// Ends a session: when this returns, its token is invalid here and the others have been told. Goes on
    /// even when the caller leaves.
    pub async fn end(&self, token: &Token, session: SessionId, now: Timestamp) -> Result<(), Error> {
        let (inner, hash) = (self.0.clone(), token.hash());
        let ending = self.0.life.spawn(async move {
            inner.store.end(&hash, &session, now).await?;
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

    /// Deletes what has expired, and ends that everybody has read; says how many sessions had expired.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreUnavailable> {
        let mut gone = 0;
        for _ in 0..SWEEP_ROUNDS {
            let removed = self.0.store.remove_expired(now, SWEEP_ROWS).await?;
            gone += removed;
            if removed < SWEEP_ROWS || self.0.life.is_stopping() {
                break;
            }
        }
        let before = now.saturating_sub(ENDS_KEPT).unwrap_or(Timestamp::MIN);
        for _ in 0..SWEEP_ROUNDS {
            let removed = self.0.store.remove_ends(before, SWEEP_ROWS).await?;
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
