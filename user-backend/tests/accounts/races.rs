//! What happens between a lookup and a logout, seen through a store that can be held up.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use tokio::sync::Semaphore;
use user_backend::{
    error::{Error, StoreUnavailable},
    proof::Proof,
    second_factor::Required,
    sessions::{self, End, Lifetimes, NamedSession, Session, SessionEnds, SessionStore, Sessions, Which},
    store::SqlStore,
    tokens::{Token, TokenHash},
};

use crate::world::{Ended, Kind, World};

/// The real store, whose lookups have read their row and then wait to be let go.
struct Held {
    store: SqlStore,
    lookups: AtomicUsize,
    read: Semaphore,
    go: Semaphore,
}

#[async_trait]
impl SessionStore for Held {
    async fn add(
        &self,
        session: &Session,
        hash: &TokenHash,
        proof: &Proof,
    ) -> Result<bool, StoreUnavailable> {
        SessionStore::add(&self.store, session, hash, proof).await
    }

    async fn find(
        &self,
        kind: sessions::Kind,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, StoreUnavailable> {
        let found = self.store.find(kind, hash).await;
        self.lookups.fetch_add(1, Ordering::SeqCst);
        self.read.add_permits(1);
        self.go.acquire().await.expect("nobody closes it").forget();
        found
    }

    async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable> {
        SessionStore::ends_before(&self.store, since).await
    }

    async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable> {
        SessionStore::ends_after(&self.store, number, most).await
    }

    async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        SessionStore::remove_ends(&self.store, before, most).await
    }

    async fn remove_expired(
        &self,
        now: Timestamp,
        unused_since: Timestamp,
        most: u64,
    ) -> Result<u64, StoreUnavailable> {
        self.store.remove_expired(now, unused_since, most).await
    }

    async fn of_user(
        &self,
        user: &UserId,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<Session>, StoreUnavailable> {
        self.store.of_user(user, now, most).await
    }

    async fn end_some(
        &self,
        user: &UserId,
        which: &Which,
        at: Timestamp,
    ) -> Result<Vec<sessions::Ended>, StoreUnavailable> {
        self.store.end_some(user, which, at).await
    }

    async fn change_token(
        &self,
        session: &SessionId,
        before: &TokenHash,
        after: &TokenHash,
        at: Timestamp,
    ) -> Result<bool, StoreUnavailable> {
        self.store.change_token(session, before, after, at).await
    }

    async fn used(
        &self,
        kind: sessions::Kind,
        session: &SessionId,
        at: Timestamp,
    ) -> Result<(), StoreUnavailable> {
        self.store.used(kind, session, at).await
    }
}

impl Held {
    /// Waits until a lookup has read its row.
    async fn has_read(&self) {
        self.read.acquire().await.expect("nobody closes it").forget();
    }

    fn let_go(&self, lookups: usize) {
        self.go.add_permits(lookups);
    }
}

struct Scene {
    world: World,
    held: Arc<Held>,
    sessions: Sessions,
    user: UserId,
    token: Token,
    now: Timestamp,
}

async fn scene(ends: Arc<dyn SessionEnds>) -> Scene {
    let world = World::on(Kind::Sqlite).await.expect("SQLite needs no server");
    let ana = world.registers().await;
    let user = UserId::parse(ana["uid"].as_str().unwrap()).unwrap();
    let (go, read) = (Semaphore::new(0), Semaphore::new(0));
    let held = Arc::new(Held { store: world.state.store().clone(), lookups: AtomicUsize::new(0), read, go });
    let hour = SignedDuration::from_hours(1);
    let lifetimes = Lifetimes { absolute: hour, idle: hour, single: false };
    let sessions = Sessions::new(held.clone(), lifetimes, Required::default(), ends, world.life.clone());
    let now = clock::now();
    let token = sessions.begin(&world.proof(&user).await, None, now).await.unwrap().0;
    Scene { world, held, sessions, user, token, now }
}

#[tokio::test]
async fn a_lookup_under_way_does_not_bring_an_ended_session_back() {
    let Scene { held, sessions, token, now, user, world } = scene(Arc::new(Ended::default())).await;
    let lookup = {
        let (sessions, token) = (sessions.clone(), token.clone());
        world.life.spawn(async move { sessions.authenticate(&token, now).await })
    };
    held.has_read().await;
    sessions.end_some(&user, Which::All, now).await.unwrap();
    held.let_go(1);
    let found = lookup.await.unwrap().unwrap();
    assert!(matches!(found, Err(Error::InvalidSession)), "{found:?}");
    assert!(matches!(sessions.authenticate(&token, now).await, Err(Error::InvalidSession)), "nor later");
}

#[tokio::test]
async fn requests_that_ask_at_once_cause_one_lookup_and_later_ones_none_for_half_a_minute() {
    let Scene { held, sessions, token, now, user, world: _world, .. } =
        scene(Arc::new(Ended::default())).await;
    let all = join_all((0..20).map(|_| sessions.authenticate(&token, now)));
    let (all, ()) = tokio::join!(all, async {
        held.has_read().await;
        held.let_go(1);
    });
    assert!(all.iter().all(|caller| caller.as_ref().is_ok_and(|caller| caller.user == user)), "{all:?}");
    sessions.authenticate(&token, now + SignedDuration::from_secs(29)).await.unwrap();
    assert_eq!(held.lookups.load(Ordering::SeqCst), 1);
    held.let_go(1);
    sessions.authenticate(&token, now + SignedDuration::from_secs(31)).await.unwrap();
    assert_eq!(held.lookups.load(Ordering::SeqCst), 2);
}

/// Never gets done telling.
struct Slow(Semaphore);

#[async_trait]
impl SessionEnds for Slow {
    async fn ended(&self, _: &SessionId) {
        self.0.add_permits(1);
        pending::<()>().await;
    }
}

#[tokio::test]
async fn whoever_leaves_in_the_middle_of_a_logout_is_logged_out() {
    let slow = Arc::new(Slow(Semaphore::new(0)));
    let Scene { sessions, token, now, user, world, held } = scene(slow.clone()).await;
    tokio::select! {
        biased;
        ended = sessions.end_some(&user, Which::All, now) => panic!("it ended although nobody was told: {ended:?}"),
        () = tokio::task::yield_now() => {}
    }
    let told = slow.0.acquire().await.unwrap();
    assert!(matches!(sessions.authenticate(&token, now).await, Err(Error::InvalidSession)));
    assert!(world.state.store().find(sessions::Kind::Cookie, &token.hash()).await.unwrap().is_none());
    drop((told, held));
}
