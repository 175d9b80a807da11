//! Tokens for apps that hold no cookies: a short-lived one for each request, and one to get the next by.
//!
//! The sessions of apps are sessions like a browser's, listed and ended like these; what names one is its refresh token,
//! which changes each time it is used. One that was used already is in two hands: its session ends.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::SessionId;
use plenum_service::{Lifecycle, clock};

use crate::{
    error::{Error, StoreUnavailable},
    proof::Proof,
    sessions::{Ended, Session, Sessions},
    sweeping,
    tokens::{Token, TokenHash},
};

/// How long an access token is worth something.
pub const ACCESS: SignedDuration = SignedDuration::from_mins(15);
/// How long a refresh token is.
pub const REFRESH: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a session goes on by refreshing at the most.
const ABSOLUTE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What an app holds.
#[derive(Debug)]
pub struct Pair {
    /// The session that it is of.
    pub session: SessionId,
    /// For requests, until it expires.
    pub access: Token,
    /// To get the next pair by, once.
    pub refresh: Token,
    /// When the refresh token expires.
    pub refresh_until: Timestamp,
}

/// The hashes of a pair, and until when each is worth something.
#[derive(Debug, Clone, Copy)]
pub struct Hashes {
    /// Of the access token.
    pub access: TokenHash,
    /// When it expires.
    pub access_until: Timestamp,
    /// Of the refresh token.
    pub refresh: TokenHash,
    /// When it expires, and the session with it.
    pub refresh_until: Timestamp,
}

/// What came of a refresh token.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// The session has the next pair.
    Next {
        /// Which.
        session: SessionId,
        /// When its refresh token expires.
        until: Timestamp,
    },
    /// It was used before. Its session, if it was there still, has ended.
    Reused(Vec<Ended>),
    /// Nobody's, or expired.
    Unknown,
}

/// Where apps' tokens are kept, beside sessions. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait AppTokenStore: Send + Sync {
    /// Adds an app's session with its first pair, for who has shown who they are. False when that holds no more, as for any
    /// other session.
    async fn add_app(
        &self,
        session: &Session,
        hashes: &Hashes,
        proof: &Proof,
    ) -> Result<bool, StoreUnavailable>;
    /// Gives the session of the refresh token `used` the next pair, or ends it when that was used before: in one step,
    /// so that of many who use one token at once one gets a pair. No session lasts longer than `absolute`.
    async fn refresh(
        &self,
        used: &TokenHash,
        next: &Hashes,
        absolute: SignedDuration,
        now: Timestamp,
    ) -> Result<Refreshed, StoreUnavailable>;
    /// Deletes what has expired before `now`, and notes of used tokens from before `spent_before`; `most` of each.
    async fn remove_expired_tokens(
        &self,
        now: Timestamp,
        spent_before: Timestamp,
        most: u64,
    ) -> Result<u64, StoreUnavailable>;
}

/// Everything that is done with apps' tokens. Clones share the same.
#[derive(Clone)]
pub struct AppTokens {
    store: Arc<dyn AppTokenStore>,
    sessions: Sessions,
}

impl AppTokens {
    /// Tokens that are kept in `store`, of these sessions.
    pub fn new(store: Arc<dyn AppTokenStore>, sessions: Sessions) -> Self {
        Self { store, sessions }
    }

    /// Begins an app's session for who has shown who they are. Refused when that holds no more.
    pub async fn begin(&self, proof: &Proof, device: Option<String>, now: Timestamp) -> Result<Pair, Error> {
        let (access, refresh) = (Token::random()?, Token::random()?);
        let hashes = hashes(&access, &refresh, now);
        let session = Session {
            id: SessionId::random(),
            user: proof.user.clone(),
            created_at: now,
            expires_at: hashes.refresh_until,
            device,
            used_at: now,
        };
        if !self.store.add_app(&session, &hashes, proof).await? {
            return Err(proof.refused());
        }
        self.sessions.has_begun(&session, now).await?;
        Ok(Pair { session: session.id, access, refresh, refresh_until: hashes.refresh_until })
    }

    /// The next pair for whoever shows a refresh token. [`Error::InvalidSession`] when it is nobody's, expired, or was used
    /// before: then its session has ended, and its sockets are closed.
    pub async fn refresh(&self, used: &Token, now: Timestamp) -> Result<Pair, Error> {
        let (access, refresh) = (Token::random()?, Token::random()?);
        let next = hashes(&access, &refresh, now);
        match self.store.refresh(&used.hash(), &next, ABSOLUTE, now).await? {
            Refreshed::Next { session, until } => Ok(Pair { session, access, refresh, refresh_until: until }),
            Refreshed::Reused(ended) => {
                if !ended.is_empty() {
                    tracing::warn!(session = %ended[0].session, "a refresh token was used again; its session has ended");
                }
                self.sessions.have_ended(&ended).await;
                Err(Error::InvalidSession)
            }
            Refreshed::Unknown => Err(Error::InvalidSession),
        }
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "app tokens", move || {
            let (store, stopping, now) = (store.clone(), stopping.clone(), clock::now());
            let spent_before = now.saturating_sub(ABSOLUTE).unwrap_or(Timestamp::MIN);
            async move {
                sweeping::sweep(&stopping, |most| store.remove_expired_tokens(now, spent_before, most)).await
            }
        });
    }
}

fn hashes(access: &Token, refresh: &Token, now: Timestamp) -> Hashes {
    let after = |time| now.saturating_add(time).unwrap_or(Timestamp::MAX);
    Hashes {
        access: access.hash(),
        access_until: after(ACCESS),
        refresh: refresh.hash(),
        refresh_until: after(REFRESH),
    }
}
