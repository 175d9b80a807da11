//! What the database must hold to.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::UserId;
use plenum_service::{clock, database::Database};
use sea_orm::ConnectionTrait as _;

use user_backend::{
    accounts::{NotAdded, User, UserStore},
    error::Error,
    sessions::{Kind, SessionStore as _},
    store::SqlStore,
};

use crate::world::{World, account, someone};

pub async fn the_index_decides_who_gets_an_address(world: World) {
    let ana = someone();
    let users: Vec<User> = (0..4).map(|_| account(&ana["email"])).collect();
    let added = join_all(users.iter().map(|user| UserStore::add(world.state.store(), user, "hash"))).await;
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1);
    assert_eq!(added.iter().filter(|added| matches!(added, Err(NotAdded::EmailTaken))).count(), 3);
}

pub async fn what_differs_in_case_or_accents_is_not_the_same(world: World) {
    let mut ana = someone();
    let plain = ana["email"].as_str().unwrap().to_owned();
    assert_eq!(world.post("/api/auth/register", "", &ana).await.status, 201);
    ana["email"] = plain.replacen("ana", "aná", 1).into();
    let accented = world.post("/api/auth/register", "", &ana).await;
    assert_eq!(accented.status, 201, "{}", accented.text);
    let cookie = world.logs_in(&ana).await;
    let id = accented.body["data"]["uid"].as_str().unwrap().to_uppercase();
    assert_eq!(world.get(&format!("/api/users/{id}"), &cookie).await.status, 404);
    let me = world.get("/api/me", &cookie).await;
    assert_eq!(me.body["data"]["uid"], accented.body["data"]["uid"]);
}

pub async fn an_expired_session_is_invalid_and_is_swept(world: World) {
    let ana = world.registers().await;
    let id = UserId::parse(ana["uid"].as_str().unwrap()).unwrap();
    let sessions = world.state.sessions();
    let lifetime = world.state.config().sessions.absolute;
    // Long ago, so that a sweep of then touches no session of another test.
    let began = Timestamp::from_second(1_000_000_000).unwrap();
    let over = began + lifetime;
    let (proof, second) = (world.proof(&id).await, SignedDuration::from_secs(1));
    let token_at = async |at| sessions.begin(&proof, None, at).await.unwrap().0;
    let (token, later) = (token_at(began).await, token_at(began + second * 2).await);
    assert_eq!(sessions.authenticate(&token, over - second).await.unwrap().user, id);
    assert!(matches!(sessions.authenticate(&token, over).await, Err(Error::InvalidSession)));
    sessions.sweep(over).await.unwrap();
    assert!(world.state.store().find(Kind::Cookie, &token.hash()).await.unwrap().is_none());
    assert!(sessions.authenticate(&later, over).await.is_ok(), "one that is not over is left");
}

pub async fn several_processes_may_start_at_once(world: World) {
    let starts = (0..4).map(|_| async {
        let database = Database::open(&world.url).await.unwrap();
        SqlStore::open(database.clone()).await.map(|_| ())?;
        database.close().await.unwrap();
        Ok::<_, plenum_service::database::DatabaseError>(())
    });
    for started in join_all(starts).await {
        started.unwrap();
    }
    world.registers().await;
}

pub async fn a_session_without_its_user_is_none(world: World) {
    let ana = UserId::parse(world.registers().await["uid"].as_str().unwrap()).unwrap();
    let (sessions, now) = (world.state.sessions(), clock::now());
    let (token, _) = sessions.begin(&world.proof(&ana).await, None, now).await.unwrap();
    let database = Database::open(&world.url).await.unwrap();
    let delete = format!("DELETE FROM users WHERE id = '{ana}'");
    database.write().execute_unprepared(&delete).await.unwrap();
    database.close().await.unwrap();
    assert!(matches!(sessions.authenticate(&token, now).await, Err(Error::InvalidSession)));
}
