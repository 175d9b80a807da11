//! Browsers that have signed in before, so that others who guess at an account's password do not lock its user out.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::UserId;
use plenum_service::Lifecycle;

use crate::{
    error::{Error, StoreUnavailable},
    rules::Email,
    sweeping,
    tokens::{Token, TokenHash},
};

/// How long a browser is known after it signed in last: half a year.
pub const KNOWN: SignedDuration = SignedDuration::from_hours(24 * 180);
/// Browsers of one user that are known; those that signed in longest ago are forgotten.
pub const DEVICES_MAX: u64 = 20;

/// Where they are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Notes that a browser has signed in, newly or again, and forgets those of the user that are too many.
    async fn signed_in(
        &self,
        user: &UserId,
        device: &TokenHash,
        at: Timestamp,
    ) -> Result<(), StoreUnavailable>;
    /// Whether a browser has signed in to the account with this address since a time.
    async fn knows(
        &self,
        email: &Email,
        device: &TokenHash,
        since: Timestamp,
    ) -> Result<bool, StoreUnavailable>;
    /// Deletes browsers that signed in last before a time, `most` at once, and says how many.
    async fn remove_unused(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Browsers that are known. Clones share the same.
#[derive(Clone)]
pub struct Devices {
    store: Arc<dyn DeviceStore>,
}

impl Devices {
    /// Browsers that are kept in `store`.
    pub fn new(store: Arc<dyn DeviceStore>) -> Self {
        Self { store }
    }

    /// Notes that a browser has signed in. Gives the token it is known by: the one it has shown, if that was known.
    pub async fn signed_in(
        &self,
        user: &UserId,
        shown: Option<Token>,
        now: Timestamp,
    ) -> Result<Token, Error> {
        let token = shown.map_or_else(Token::random, Ok)?;
        self.store.signed_in(user, &token.hash(), now).await?;
        Ok(token)
    }

    /// Whether a browser that shows this has signed in to the account with this address.
    pub async fn knows(&self, email: &Email, shown: &Token, now: Timestamp) -> Result<bool, Error> {
        Ok(self.store.knows(email, &shown.hash(), since(now)).await?)
    }

    /// Keeps those that nobody uses any more swept.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "devices", move || {
            let (store, stopping) = (store.clone(), stopping.clone());
            async move {
                let before = since(plenum_service::clock::now());
                sweeping::sweep(&stopping, |most| store.remove_unused(before, most)).await
            }
        });
    }
}

fn since(now: Timestamp) -> Timestamp {
    now.saturating_sub(KNOWN).unwrap_or(Timestamp::MIN)
}
