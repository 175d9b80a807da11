//! People without an account.

use jiff::{SignedDuration, Timestamp};
use plenum_contract::UserId;
use plenum_service::clock;
use serde_json::json;
use user_backend::{
    error::Error,
    guests::Guest,
    sessions::{Kind, SessionStore as _, Which},
};

use crate::world::{Kind as Database, World};

const CODE: &str = "abcd-efgh-jkmn";

fn gala() -> Guest {
    Guest { id: UserId::random(), name: "Gala Ñandú".into(), code: CODE.into() }
}

pub async fn a_guest_is_a_session_and_is_gone_with_it(world: World) {
    let (sessions, guests, gala) = (world.state.sessions(), world.state.guests(), gala());
    let began = clock::now();
    let over = clock::from_millis((began + SignedDuration::from_hours(12)).as_millisecond());
    let token = guests.begin(&gala, None, began).await.unwrap();
    let caller = sessions.authenticate(&token, over - SignedDuration::from_secs(1)).await.unwrap();
    assert_eq!((caller.user, caller.name), (gala.id.clone(), gala.name.clone()));
    assert_eq!(caller.guest.as_deref(), Some(CODE));
    assert_eq!(caller.expires_at, Some(over.as_millisecond()));
    assert!(matches!(sessions.authenticate(&token, over).await, Err(Error::InvalidSession)));

    // Long ago, so that the sweep touches no session of another test.
    let long_ago = Timestamp::from_second(1_000_000_000).unwrap();
    let token = guests.begin(&gala, None, long_ago).await.unwrap();
    sessions.sweep(long_ago + SignedDuration::from_hours(12)).await.unwrap();
    assert!(world.state.store().find(Kind::Cookie, &token.hash()).await.unwrap().is_none());

    let now = clock::now();
    let token = guests.begin(&gala, None, now).await.unwrap();
    let session = sessions.authenticate(&token, now).await.unwrap().session;
    assert_eq!(sessions.end_some(&gala.id, Which::One(session.clone()), now).await.unwrap(), 1);
    assert_eq!(world.ended.times(&session), 1);
    assert!(matches!(sessions.authenticate(&token, now).await, Err(Error::InvalidSession)));
}

pub async fn two_guests_of_one_name_are_two(world: World) {
    let (one, two, now) = (gala(), gala(), clock::now());
    let mut callers = Vec::new();
    for guest in [&one, &two] {
        let token = world.state.guests().begin(guest, None, now).await.unwrap();
        callers.push(world.state.sessions().authenticate(&token, now).await.unwrap());
    }
    assert_eq!(callers[0].name, callers[1].name);
    assert_ne!(callers[0].user, callers[1].user);
    assert_ne!(callers[0].session, callers[1].session);
}

pub async fn a_guest_sees_who_they_are_and_nothing_of_accounts(world: World) {
    let ana = world.registers().await;
    let gala = gala();
    let token = world.state.guests().begin(&gala, None, clock::now()).await.unwrap();
    let cookie = format!("session={}", token.reveal());
    let me = world.get("/api/me", &cookie).await;
    let known = json!({ "id": gala.id, "uid": gala.id, "name": gala.name, "guest": true, "code": CODE });
    assert_eq!((me.status, &me.body["data"]), (200, &known), "{}", me.text);
    let others = format!("/api/users/{}", ana["uid"].as_str().unwrap());
    for path in ["/api/users/profile", &others, "/api/users/search?query=ana", "/api/auth/sessions"] {
        let answer = world.get(path, &cookie).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{path}");
    }
    let tokens = world.post("/api/auth/personal-tokens", &cookie, &json!({})).await;
    assert_eq!((tokens.status, tokens.code()), (403, "forbidden"));
    assert_eq!(world.post("/api/auth/logout", &cookie, &json!({})).await.status, 200);
    assert_eq!(world.get("/api/me", &cookie).await.code(), "invalid_session");
}

#[tokio::test]
async fn a_guest_is_asked_for_no_second_factor_and_lasts_no_longer_than_anybody() {
    let variables = &[("REQUIRE_SECOND_FACTOR", "*"), ("SESSION_COOKIE_EXPIRES_IN_MS", "60000")];
    let world = World::with(Database::Sqlite, variables).await.expect("SQLite needs no server");
    let now = clock::now();
    let token = world.state.guests().begin(&gala(), None, now).await.unwrap();
    let identified = world.state.sessions().identify(Kind::Cookie, &token, now).await.unwrap();
    assert!(!identified.must_set_up);
    assert_eq!(identified.caller.expires_at, Some((now + SignedDuration::from_mins(1)).as_millisecond()));
}
