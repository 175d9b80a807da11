//! What goes on while the database is away.

use jiff::SignedDuration;
use plenum_contract::UserId;
use plenum_service::clock;
use serde_json::json;
use user_backend::error::Error;

use crate::world::{World, someone};

pub async fn who_was_here_stays_for_ten_minutes(world: World) {
    let ana = world.registers().await;
    let id = UserId::parse(ana["uid"].as_str().unwrap()).unwrap();
    let (sessions, now) = (world.state.sessions(), clock::now());
    let proof = world.proof(&id).await;
    let begin = async || sessions.begin(&proof, None, now).await.unwrap().0;
    let (here, elsewhere) = (begin().await, begin().await);
    sessions.authenticate(&here, now).await.unwrap();
    world.database.clone().close().await.unwrap();

    for minutes in [0, 1, 9] {
        let at = now + SignedDuration::from_mins(minutes);
        assert_eq!(sessions.authenticate(&here, at).await.unwrap().user, id, "after {minutes} minutes");
    }
    let late = sessions.authenticate(&here, now + SignedDuration::from_mins(11)).await;
    assert!(matches!(late, Err(Error::Store(_))), "{late:?}");
    let unseen = sessions.authenticate(&elsewhere, now).await;
    assert!(matches!(unseen, Err(Error::Store(_))), "{unseen:?}");
}

pub async fn away_is_never_told_as_a_logout_or_as_not_found(world: World) {
    let ana = world.registers().await;
    let (seen, unseen) = (world.logs_in(&ana).await, world.logs_in(&ana).await);
    assert_eq!(world.get("/api/me", &seen).await.status, 200);
    world.database.clone().close().await.unwrap();

    let answers = [
        world.get("/api/me", &seen).await,
        world.get("/api/me", &unseen).await,
        world.get(&format!("/api/users/{}", ana["uid"].as_str().unwrap()), &seen).await,
        world.post("/api/auth/login", "", &ana).await,
        world.post("/api/auth/register", "", &someone()).await,
        world.post("/api/auth/logout", &seen, &json!({})).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.code()), (503, "store_unavailable"), "{}", answer.text);
        assert!(answer.headers.contains_key("retry-after"));
        assert!(!answer.text.to_lowercase().contains("pool"), "no cause is told: {}", answer.text);
    }
    let invalid = world.post("/api/auth/login", "", &json!({ "email": "ana" })).await;
    assert_eq!(invalid.status, 400, "fields are looked at before the store");
}
