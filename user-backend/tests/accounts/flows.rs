//! What people do.

use futures_util::future::join_all;
use serde_json::json;

use crate::world::{World, someone};

pub async fn whoever_registers_can_log_in_and_out(world: World) {
    let mut ana = someone();
    let email = ana["email"].as_str().unwrap().to_owned();
    ana["email"] = format!(" {} ", email.to_uppercase()).into();
    let registered = world.post("/api/auth/register", "", &ana).await;
    assert_eq!(registered.status, 201, "{}", registered.text);
    assert!(registered.headers.get("set-cookie").is_none(), "registering signs nobody in");
    let uid = registered.body["data"]["uid"].clone();
    let account = json!({ "uid": uid, "email": email, "name": "Ana", "last_name": "Ñandú", "age": 30 });
    assert_eq!(registered.body["data"], account);

    let login = world.post("/api/auth/login", "", &ana).await;
    assert_eq!((login.status, &login.body["data"]), (200, &account));
    let cookie = login.cookie();
    for path in ["/api/me", "/api/users/profile", &format!("/api/users/{}", uid.as_str().unwrap())] {
        let profile = world.get(path, &cookie).await;
        assert_eq!((profile.status, &profile.body["data"]["email"]), (200, &json!(email)), "{path}");
    }

    let session = world.session(&cookie).await;
    let out = world.post("/api/auth/logout", &cookie, &json!({})).await;
    assert_eq!(out.status, 200, "{}", out.text);
    assert!(out.cookie().ends_with('='), "the cookie is cleared");
    assert_eq!(world.ended.times(&session), 1, "its sockets were told");
    for _ in 0..2 {
        let after = world.get("/api/me", &cookie).await;
        assert_eq!((after.status, after.code()), (401, "invalid_session"));
    }
}

pub async fn two_who_register_one_address_at_once_get_one_account(world: World) {
    let ana = someone();
    let tries = join_all((0..4).map(|_| world.post("/api/auth/register", "", &ana))).await;
    let mut statuses: Vec<u16> = tries.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    let taken = tries.iter().find(|answer| answer.status == 409).unwrap();
    assert_eq!(taken.code(), "email_taken");
}

pub async fn a_wrong_password_and_an_unknown_address_are_told_alike(world: World) {
    let ana = world.registers().await;
    let mut wrong = ana.clone();
    wrong["password"] = "incorrect horse".into();
    let wrong = world.post("/api/auth/login", "", &wrong).await;
    let unknown = world.post("/api/auth/login", "", &someone()).await;
    assert_eq!((wrong.status, wrong.code()), (401, "invalid_credentials"));
    assert_eq!((unknown.status, unknown.text), (wrong.status, wrong.text));
}

pub async fn others_see_less_of_an_account(world: World) {
    let (ana, ben) = (world.registers().await, world.registers().await);
    let cookie = world.logs_in(&ben).await;
    let uid = ana["uid"].as_str().unwrap();
    let seen = world.get(&format!("/api/users/{uid}"), &cookie).await;
    let public = json!({ "id": uid, "uid": uid, "name": "Ana", "last_name": "Ñandú", "picture": null });
    assert_eq!((seen.status, &seen.body["data"]), (200, &public));
    for id in ["nobody", "a%20b", &"x".repeat(200)] {
        let seen = world.get(&format!("/api/users/{id}"), &cookie).await;
        assert_eq!((seen.status, seen.code()), (404, "user_not_found"), "{id}");
    }
    // What is not UTF-8 is refused before any route is looked for.
    let seen = world.get("/api/users/%ff", &cookie).await;
    assert_eq!((seen.status, seen.code()), (404, "not_found"));
}

pub async fn the_logout_of_one_session_leaves_the_others(world: World) {
    let ana = world.registers().await;
    let (desk, phone) = (world.logs_in(&ana).await, world.logs_in(&ana).await);
    assert_ne!(desk, phone);
    assert_eq!(world.post("/api/auth/logout", &desk, &json!({})).await.status, 200);
    assert_eq!(world.get("/api/me", &phone).await.status, 200);
    let mut changed = phone.into_bytes();
    changed[20] = if changed[20] == b'a' { b'b' } else { b'a' };
    let changed = world.get("/api/me", &String::from_utf8(changed).unwrap()).await;
    assert_eq!((changed.status, changed.code()), (401, "invalid_session"));
    assert_eq!(world.get("/api/me", "").await.code(), "no_session");
}
