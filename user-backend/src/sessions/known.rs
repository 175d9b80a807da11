//! The sessions this node knows, so that not every request asks the store.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use moka::{future::Cache, policy::EvictionPolicy};
use plenum_contract::{Caller, SessionId};
use plenum_service::metrics::Counter;

use super::{Identified, Kind, SessionStore};
use crate::{
    error::{Error, StoreUnavailable},
    metrics,
    scopes::Scopes,
    second_factor::Required,
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
/// How often it is noted that a session is used.
const USED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// How long ended sessions are remembered: longer than anything that could still say they are valid.
const ENDED: Duration = Duration::from_mins(15);

pub(super) struct Known {
    store: Arc<dyn SessionStore>,
    /// How long a session lasts that is not used.
    idle: SignedDuration,
    required: Required,
    looked_up: Cache<(Kind, TokenHash), LookedUp>,
    ended: Cache<TokenHash, ()>,
    /// Sessions that have other tokens than the one that names them.
    ended_sessions: Cache<SessionId, ()>,
    lookups: Lookups,
}

/// How sessions were found.
struct Lookups {
    known: Counter,
    asked: Counter,
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
    scopes: Option<Scopes>,
    must_set_up: bool,
    expires_at: Timestamp,
    /// When the store last said so.
    confirmed_at: Timestamp,
}

impl LookedUp {
    /// Whether it still tells what is so. A clock set back makes it stale.
    fn is_fresh(&self, now: Timestamp, idle: SignedDuration) -> bool {
        let Found::Live(live) = &self.found else {
            return false;
        };
        let believed = if live.confirmed_at == self.at { FRESH } else { ASK_AGAIN };
        (SignedDuration::ZERO..believed.min(idle / 10)).contains(&now.duration_since(self.at))
    }
}

impl Known {
    pub(super) fn new(store: Arc<dyn SessionStore>, idle: SignedDuration, required: Required) -> Self {
        Self {
            store,
            idle,
            required,
            looked_up: Cache::builder().max_capacity(SESSIONS).build(),
            ended: ended(),
            ended_sessions: ended(),
            lookups: Lookups {
                known: metrics::SESSIONS.counter_of("known"),
                asked: metrics::SESSIONS.counter_of("asked"),
            },
        }
    }

    /// Whose token this is. Requests that ask about the same token at once cause one lookup.
    pub(super) async fn caller(
        &self,
        kind: Kind,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Identified, Error> {
        if self.ended.contains_key(hash) {
            return Err(Error::InvalidSession);
        }
        let key = (kind, *hash);
        let before = self.looked_up.get(&key).await;
        let known = match before {
            Some(known) if known.is_fresh(now, self.idle) => {
                self.lookups.known.increment(1);
                known
            }
            stale => {
                self.lookups.asked.increment(1);
                let lookup = self.look_up(kind, hash, stale, now);
                let entry = self.looked_up.entry_by_ref(&key);
                // Large and rare: in a box, so that no other request carries it.
                Box::pin(entry.or_insert_with_if(lookup, |known| !known.is_fresh(now, self.idle)))
                    .await
                    .into_value()
            }
        };
        // Once more after the lookup: it may have read the row just before a logout deleted it.
        let live = match known.found {
            Found::Live(live) if self.is_over(kind, &live.caller.session) => {
                return Err(Error::InvalidSession);
            }
            Found::Live(live) if live.expires_at > now && !self.ended.contains_key(hash) => live,
            Found::Unknown(away) => {
                metrics::SESSIONS_AWAY.count();
                self.looked_up.invalidate(&key).await;
                return Err(away.into());
            }
            Found::Live(_) | Found::Nothing => {
                self.looked_up.invalidate(&key).await;
                return Err(Error::InvalidSession);
            }
        };
        Ok(Identified { caller: live.caller.clone(), scopes: live.scopes, must_set_up: live.must_set_up })
    }

    pub(super) fn has_ended(&self, hash: &TokenHash) -> bool {
        self.ended.contains_key(hash)
    }

    /// Whatever was known of it is asked again.
    pub(super) async fn look_again(&self, kind: Kind, hash: &TokenHash) {
        self.looked_up.invalidate(&(kind, *hash)).await;
    }

    /// Whether this session has ended; those of cookies are known by their one token.
    fn is_over(&self, kind: Kind, session: &SessionId) -> bool {
        kind != Kind::Cookie && self.ended_sessions.contains_key(session)
    }

    /// Whether the session of this token has ended, as far as it is known here.
    pub(super) async fn session_has_ended(&self, kind: Kind, hash: &TokenHash) -> bool {
        let known = self.looked_up.get(&(kind, *hash)).await.map(|known| known.found);
        self.ended.contains_key(hash)
            || matches!(known, Some(Found::Live(live)) if self.is_over(kind, &live.caller.session))
    }

    /// From now on the token is invalid here, and so are all of its session.
    pub(super) async fn forget(&self, hash: TokenHash, session: Option<&SessionId>) {
        if let Some(session) = session {
            self.ended_sessions.insert(session.clone(), ()).await;
        }
        self.ended.insert(hash, ()).await;
        self.looked_up.invalidate(&(Kind::Cookie, hash)).await;
    }

    async fn look_up(
        &self,
        kind: Kind,
        hash: &TokenHash,
        before: Option<LookedUp>,
        now: Timestamp,
    ) -> LookedUp {
        let found = match self.store.find(kind, hash).await {
            Ok(Some(stored))
                if kind == Kind::Cookie && now.duration_since(stored.session.used_at) >= self.idle =>
            {
                tracing::debug!(session = %stored.session.id, "a session was not used for too long");
                Found::Nothing
            }
            Ok(Some(stored)) if hash.is(&stored.token_hash) => {
                if now.duration_since(stored.session.used_at) >= USED_EVERY.min(self.idle / 10) {
                    self.store.used(kind, &stored.session.id, now).await.ok(); // the next request says it too
                }
                Found::Live(Arc::new(Live {
                    caller: Caller {
                        user: stored.session.user,
                        session: stored.session.id,
                        name: stored.name,
                        expires_at: Some(stored.session.expires_at.as_millisecond()),
                        guest: stored.guest.clone(),
                    },
                    scopes: stored.scopes,
                    // Whom a trusted issuer vouches for has signed in there, with whatever it asks; a guest has nothing to sign in with.
                    must_set_up: kind != Kind::Trusted
                        && stored.guest.is_none()
                        && !stored.has_second_factor
                        && self.required.is_of(&stored.roles),
                    expires_at: stored.token_expires_at,
                    confirmed_at: now,
                }))
            }
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

/// What has ended is remembered longest where it is newest; the default policy would rather keep what is asked for often.
fn ended<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> Cache<K, ()> {
    Cache::builder().max_capacity(SESSIONS).eviction_policy(EvictionPolicy::lru()).time_to_live(ENDED).build()
}
