//! The sessions this node knows, so that not every request asks the store.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use moka::{future::Cache, policy::EvictionPolicy};
use plenum_contract::Caller;

use super::SessionStore;
use crate::{
    error::{Error, StoreUnavailable},
    tokens::TokenHash,
};

/// Sessions remembered; the least used are forgotten first.
const SESSIONS: u64 = 50_000;
/// How long what the store said is believed without asking again.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// How long a session the store confirmed stays valid while the store is away.
const OUTAGE: SignedDuration = SignedDuration::from_mins(10);
/// How long to wait before a store that was away is asked again about the same session.
const ASK_AGAIN: SignedDuration = SignedDuration::from_secs(2);
/// How long ended sessions are remembered: longer than anything that could still say they are valid.
const ENDED: Duration = Duration::from_mins(15);

pub(super) struct Known {
    store: Arc<dyn SessionStore>,
    looked_up: Cache<TokenHash, LookedUp>,
    ended: Cache<TokenHash, ()>,
}

/// What came of the last lookup.
#[derive(Clone)]
struct LookedUp {
    at: Timestamp,
    found: Found,
}

#[derive(Clone)]
enum Found {
    Live(Arc<Live>),
    Nothing,
    Unknown(StoreUnavailable),
}

struct Live {
    caller: Caller,
    expires_at: Timestamp,
    /// When the store last said so.
    confirmed_at: Timestamp,
}

impl LookedUp {
    /// Whether it still tells what is so. A clock set back makes it stale.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let Found::Live(live) = &self.found else {
            return false;
        };
        let believed = if live.confirmed_at == self.at { FRESH } else { ASK_AGAIN };
        (SignedDuration::ZERO..believed).contains(&now.duration_since(self.at))
    }
}

impl Known {
    pub(super) fn new(store: Arc<dyn SessionStore>) -> Self {
        Self {
            store,
            looked_up: Cache::builder().max_capacity(SESSIONS).build(),
            // The default policy would rather keep what is asked for often than what is new.
            ended: Cache::builder()
                .max_capacity(SESSIONS)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(ENDED)
                .build(),
        }
    }

    /// Whose token this is. Requests that ask about the same token at once cause one lookup.
    pub(super) async fn caller(&self, hash: &TokenHash, now: Timestamp) -> Result<Caller, Error> {
        if self.ended.contains_key(hash) {
            return Err(Error::InvalidSession);
        }
        let before = self.looked_up.get(hash).await;
        let known = match before {
            Some(known) if known.is_fresh(now) => known,
            stale => {
                let lookup = self.look_up(hash, stale, now);
                let entry = self.looked_up.entry_by_ref(hash);
                // Large and rare: in a box, so that no other request carries it.
                Box::pin(entry.or_insert_with_if(lookup, |known| !known.is_fresh(now))).await.into_value()
            }
        };
        // Once more after the lookup: it may have read the row just before a logout deleted it.
        let live = match known.found {
            Found::Live(live) if live.expires_at > now && !self.ended.contains_key(hash) => live,
            Found::Unknown(away) => {
                self.looked_up.invalidate(hash).await;
                return Err(away.into());
            }
            Found::Live(_) | Found::Nothing => {
                self.looked_up.invalidate(hash).await;
                return Err(Error::InvalidSession);
            }
        };
        Ok(live.caller.clone())
    }

    pub(super) fn has_ended(&self, hash: &TokenHash) -> bool {
        self.ended.contains_key(hash)
    }

    /// From now on the token is invalid here.
    pub(super) async fn forget(&self, hash: TokenHash) {
        self.ended.insert(hash, ()).await;
        self.looked_up.invalidate(&hash).await;
    }

    async fn look_up(&self, hash: &TokenHash, before: Option<LookedUp>, now: Timestamp) -> LookedUp {
        let found = match self.store.find(hash).await {
            Ok(Some(stored)) if hash.is(&stored.token_hash) => Found::Live(Arc::new(Live {
                caller: Caller {
                    user: stored.session.user,
                    session: stored.session.id,
                    name: stored.name,
                    expires_at: Some(stored.session.expires_at.as_millisecond()),
                },
                expires_at: stored.session.expires_at,
                confirmed_at: now,
            })),
            Ok(_) => Found::Nothing,
            Err(away) => match before.map(|before| before.found) {
                Some(Found::Live(live)) if now.duration_since(live.confirmed_at) < OUTAGE => {
                    Found::Live(live)
                }
                _ => Found::Unknown(away),
            },
        };
        LookedUp { at: now, found }
    }
}
