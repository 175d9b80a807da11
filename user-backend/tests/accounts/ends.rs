//! Sessions that end in one process, seen by another on the same database.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::SessionId;
use plenum_service::{clock, database::Database};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use user_backend::{
    accounts::UserStore,
    proof::{By, Proof},
    sessions::{Session, SessionStore, Which},
    store::SqlStore,
    tokens::Token,
};

use crate::world::{World, account, someone};

/// A session that began and ended at this time: which.
async fn an_end(store: &SqlStore, at: Timestamp) -> SessionId {
    // Past the store's patience a write is refused, and is tried again.
    let user = loop {
        let account = account(&someone()["email"]);
        if UserStore::add(store, &account, "hash").await.is_ok() {
            break account.id;
        }
    };
    let token = Token::random().unwrap();
    let session = Session {
        id: SessionId::random(),
        user: user.clone(),
        created_at: at,
        expires_at: at + SignedDuration::from_hours(1),
        device: None,
        used_at: at,
    };
    let proof = Proof { user: user.clone(), by: By::Password("hash".into()), factor: None };
    while SessionStore::add(store, &session, &token.hash(), &proof).await.is_err() {}
    while store.end_some(&user, &Which::All, at).await.is_err() {}
    session.id
}

pub async fn a_logout_elsewhere_ends_the_session_here_and_is_told_once(world: World) {
    let other = world.beside().await;
    let ana = world.registers().await;
    let cookie = world.logs_in(&ana).await;
    let stays = world.logs_in(&ana).await;
    assert_eq!(
        other.get("/api/me", &cookie).await.status,
        200,
        "the other process knows it, for half a minute"
    );
    let session = world.session(&cookie).await;
    assert_eq!(world.post("/api/auth/logout", &cookie, &json!({})).await.status, 200);
    other.ended.is_told(&session).await;
    assert_eq!(other.get("/api/me", &cookie).await.code(), "invalid_session");
    assert_eq!(other.get("/api/me", &stays).await.status, 200);

    // Whatever was read along with a later end was read again, and not told again.
    let later = world.session(&stays).await;
    assert_eq!(world.post("/api/auth/logout", &stays, &json!({})).await.status, 200);
    other.ended.is_told(&later).await;
    assert_eq!((other.ended.times(&session), world.ended.times(&session)), (1, 1));
}

pub async fn who_starts_learns_of_the_last_two_minutes(world: World) {
    let (store, now) = (world.state.store(), clock::now());
    let ended = |ago: i64| an_end(store, now - SignedDuration::from_secs(ago));
    let (old, recent) = (ended(150).await, ended(90).await);
    let other = world.beside().await;
    other.ended.is_told(&recent).await;
    if world.url.starts_with("sqlite") {
        assert_eq!(other.ended.times(&old), 0); // on a server, another test's end may stand before it
    }
}

pub async fn many_ends_at_once_are_all_seen(world: World) {
    let other = world.beside().await;
    let ends = (0..60).map(|_| an_end(world.state.store(), clock::now()));
    for session in join_all(ends).await {
        other.ended.is_told(&session).await;
    }
}

/// The number is drawn when a row is added and seen when it is committed, so a later one may be seen first.
pub async fn an_end_that_shows_behind_a_later_one_is_not_passed_over(world: World) {
    let database = Database::open(&world.url).await.unwrap();
    let (token, late) = (Token::random().unwrap(), SessionId::random());
    let insert = format!(
        "INSERT INTO session_ends (session_id, token_hash, ended_at) VALUES ('{late}', '{}', {})",
        token.hash().to_text(),
        clock::now().as_millisecond()
    );
    let slow = database.write().begin().await.unwrap();
    let sqlite = world.url.starts_with("sqlite");
    if !sqlite {
        slow.execute_unprepared(&insert).await.unwrap(); // SQLite has one writer, and so one order
    }
    let quick = an_end(world.state.store(), clock::now()).await;
    world.ended.is_told(&quick).await;
    assert_eq!(world.ended.times(&late), 0);
    if sqlite {
        slow.execute_unprepared(&insert).await.unwrap();
    }
    slow.commit().await.unwrap();
    world.ended.is_told(&late).await;
    database.close().await.unwrap();
}

pub async fn ends_are_swept_when_everybody_has_read_them(world: World) {
    let (store, second) = (world.state.store(), SignedDuration::from_secs(1));
    // On a server whoever starts sweeps what is old; a file is this test's own, so there it is later than that.
    let own = world.url.starts_with("sqlite");
    let then = if own { clock::now() + SignedDuration::from_hours(24) } else { Timestamp::UNIX_EPOCH };
    for _ in 0..3 {
        an_end(store, then).await;
    }
    if own {
        assert_eq!(store.remove_ends(then, 10).await.unwrap(), 0);
        world.state.sessions().sweep(then + SignedDuration::from_mins(14)).await.unwrap();
        assert_eq!(store.remove_ends(then + second, 2).await.unwrap(), 2, "no more than so many at once");
    }
    world.state.sessions().sweep(then + SignedDuration::from_mins(15) + second).await.unwrap();
    assert_eq!(store.remove_ends(then + second, 10).await.unwrap(), 0);
}

/// A database that a later release has added to: this one starts on it.
pub async fn a_later_release_may_have_added_to_the_tables(world: World) {
    let version = format!("m9999_{}", SessionId::random());
    let row =
        format!("INSERT INTO user_backend_later_migrations (version, applied_at) VALUES ('{version}', 1)");
    world.database.write().execute_unprepared(&row).await.unwrap();
    let opened = SqlStore::open(Database::open(&world.url).await.unwrap()).await;
    assert!(opened.is_ok(), "{:?}", opened.err());
}
