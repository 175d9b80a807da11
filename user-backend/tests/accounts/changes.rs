//! What changes an account, ends its sessions, and proves who somebody is, on every database.

use futures_util::future::join_all;
use jiff::SignedDuration;
use plenum_contract::{SessionId, UserId};
use plenum_service::{clock, database::Database};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use user_backend::{
    accounts::UserStore as _,
    error::Error,
    second_factor::{SecondFactorStore as _, TRIES},
    sessions::Which,
    tokens::Token,
};

use crate::world::World;

fn id(fields: &Value) -> UserId {
    UserId::parse(fields["uid"].as_str().unwrap()).unwrap()
}

/// A word that nobody else's name holds: databases of servers are shared.
fn a_word() -> String {
    format!("Ñ{}", &SessionId::random().as_str()[..12])
}

pub async fn people_are_found_by_their_names_also_those_of_an_earlier_release(world: World) {
    let (mark, mut ana) = (a_word(), crate::world::someone());
    ana["last_name"] = mark.clone().into();
    let ana = world.post("/api/auth/register", "", &ana).await.body["data"].clone();
    let store = world.state.store();
    let finds = async |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let found = store.search(&words, 20).await.unwrap();
        found.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(finds(&[&mark, "an"]).await, [id(&ana)]);
    assert_eq!(finds(&[&mark, "%"]).await, []);
    assert_eq!(finds(&[&mark[2..], "an_"]).await, []);
    // An earlier release writes no words.
    let database = Database::open(&world.url).await.unwrap();
    let forget = format!("UPDATE users SET words = NULL WHERE id = '{}'", id(&ana));
    database.write().execute_unprepared(&forget).await.unwrap();
    assert_eq!(finds(&["AN", &mark[2..]]).await, [id(&ana)]);
    database.close().await.unwrap();
}

pub async fn of_two_who_take_one_address_at_once_one_gets_it_and_the_other_keeps_his(world: World) {
    let (ana, ben) = (world.registers().await, world.registers().await);
    let (hers, his) = (world.logs_in(&ana).await, world.logs_in(&ben).await);
    let wanted = json!({ "email": crate::world::someone()["email"], "name": "Nueva" });
    let asked = [&hers, &his].map(|cookie| world.put("/api/users/profile", cookie, &wanted));
    let answers = join_all(asked).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    for (cookie, before, answer) in [(&hers, &ana, &answers[0]), (&his, &ben, &answers[1])] {
        let me = world.get("/api/me", cookie).await.body["data"].clone();
        let expected =
            if answer.status == 200 { (&wanted["email"], "Nueva") } else { (&before["email"], "Ana") };
        assert_eq!((&me["email"], me["name"].as_str().unwrap()), expected, "whole or not at all");
    }
}

pub async fn a_change_of_password_ends_the_others_and_of_two_at_once_one_counts(world: World) {
    let ana = world.registers().await;
    let (here, there) = (world.logs_in(&ana).await, world.logs_in(&ana).await);
    let session = world.session(&there).await;
    let change =
        |new: &str| json!({ "currentPassword": ana["password"], "newPassword": new, "confirmPassword": new });
    let (one, other) = (change("one that is new"), change("another that is new"));
    let both = [
        world.put("/api/auth/update-password", &here, &one),
        world.put("/api/auth/update-password", &here, &other),
    ];
    let answers = join_all(both).await;
    let changed = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(changed <= 1, "{} {}", answers[0].text, answers[1].text);
    world.ended.is_told(&session).await;
    assert_eq!(world.get("/api/me", &there).await.code(), "invalid_session");
    assert_eq!(world.get("/api/me", &here).await.code(), "invalid_session", "it has another token");
    let mut again = ana.clone();
    assert_eq!(world.post("/api/auth/login", "", &again).await.status, 401);
    let count = async |password: &Value, again: &mut Value| {
        again["password"] = password.clone();
        usize::from(world.post("/api/auth/login", "", again).await.status == 200)
    };
    let right = count(&one["newPassword"], &mut again).await + count(&other["newPassword"], &mut again).await;
    assert_eq!(right, 1, "one of them is the password");
}

pub async fn a_deleted_account_is_gone_with_all_that_is_its_own_and_the_services_hear_of_it(world: World) {
    let ana = world.registers().await;
    let (cookie, user, store) = (world.logs_in(&ana).await, id(&ana), world.state.store());
    let session = world.session(&cookie).await;
    let made = json!({ "name": "Script", "scopes": ["read"] });
    let made = world.post("/api/auth/personal-tokens", &cookie, &made).await.body["data"].clone();
    store.propose(&user, "A").await.unwrap();
    assert_eq!(world.delete("/api/users/profile", &cookie).await.status, 200);
    world.ended.is_told(&session).await;
    world.ended.is_told(&SessionId::parse(made["id"].as_str().unwrap()).unwrap()).await;
    assert!(store.by_id(&user).await.unwrap().is_none());
    assert!(store.factor(&user).await.unwrap().is_none());
    assert!(store.untold_deletions(1_000).await.unwrap().contains(&user));
    store.deletion_is_told(&user).await.unwrap();
    assert!(!store.untold_deletions(1_000).await.unwrap().contains(&user));
    assert_eq!(world.post("/api/auth/register", "", &ana).await.status, 201, "its address is free");
}

pub async fn sessions_end_one_by_one_all_others_or_all(world: World) {
    let ana = id(&world.registers().await);
    let (sessions, now, proof) = (world.state.sessions(), clock::now(), world.proof(&ana).await);
    let begin = async || sessions.begin(&proof, Some("A browser".into()), now).await.unwrap();
    let all = [begin().await, begin().await, begin().await, begin().await];
    let listed = sessions.of_user(&ana, now).await.unwrap();
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|session| session.device.as_deref() == Some("A browser")));
    assert_eq!(sessions.end_some(&ana, Which::One(all[0].1.clone()), now).await.unwrap(), 1);
    assert_eq!(sessions.end_some(&ana, Which::One(all[0].1.clone()), now).await.unwrap(), 0);
    assert_eq!(sessions.end_some(&UserId::random(), Which::One(all[1].1.clone()), now).await.unwrap(), 0);
    assert_eq!(sessions.end_some(&ana, Which::AllBut(all[1].1.clone()), now).await.unwrap(), 2);
    assert!(sessions.authenticate(&all[1].0, now).await.is_ok());
    let next = sessions.change_token(&all[1].0, &all[1].1, now).await.unwrap();
    assert!(matches!(sessions.authenticate(&all[1].0, now).await, Err(Error::InvalidSession)));
    assert_eq!(sessions.authenticate(&next, now).await.unwrap().session, all[1].1);
    assert_eq!(world.ended.times(&all[1].1), 0, "it goes on");
    assert_eq!(sessions.end_some(&ana, Which::All, now).await.unwrap(), 1);
    for (token, session) in [&all[0], &all[2], &all[3]] {
        assert_eq!(world.ended.times(session), 1);
        assert!(matches!(sessions.authenticate(token, now).await, Err(Error::InvalidSession)));
    }
}

pub async fn a_refresh_token_counts_once_and_no_session_lasts_for_ever(world: World) {
    let ana = world.proof(&id(&world.registers().await)).await;
    let began = clock::now();
    let (tokens, day) = (world.state.app_tokens(), SignedDuration::from_hours(24));
    let mut pair = tokens.begin(&ana, None, began).await.unwrap();
    for week in 1..=14 {
        let at = began + day * (6 * week);
        pair = tokens.refresh(&pair.refresh, at).await.unwrap();
        assert!(pair.refresh_until <= began + day * 90);
    }
    assert!(tokens.refresh(&pair.refresh, began + day * 90).await.is_err());

    let pair = tokens.begin(&ana, None, began).await.unwrap();
    let at_once = join_all((0..10).map(|_| tokens.refresh(&pair.refresh, began))).await;
    assert!(at_once.iter().filter(|next| next.is_ok()).count() <= 1);
    for next in at_once.into_iter().flatten() {
        assert!(tokens.refresh(&next.refresh, began).await.is_err(), "the session has ended");
    }
    world.ended.is_told(&pair.session).await;
    assert!(tokens.refresh(&Token::random().unwrap(), began).await.is_err());
}

pub async fn of_many_personal_tokens_at_once_none_is_one_too_many(world: World) {
    let ana = world.registers().await;
    let cookie = world.logs_in(&ana).await;
    let wanted = json!({ "name": "Script", "scopes": ["read"] });
    let asked = join_all((0..60).map(|_| world.post("/api/auth/personal-tokens", &cookie, &wanted))).await;
    let made = asked.iter().filter(|answer| answer.status == 201).count();
    let refused = asked
        .iter()
        .filter(|answer| ["too_many_tokens", "store_unavailable"].contains(&answer.code()))
        .count();
    assert!(made <= 50 && made + refused == 60, "{made} made, {refused} refused");
    let listed = world.get("/api/auth/personal-tokens", &cookie).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), made);
}

pub async fn tries_of_a_second_factor_are_counted_however_many_come_at_once(world: World) {
    let (ana, store, now) = (id(&world.registers().await), world.state.store(), clock::now());
    let window = SignedDuration::from_mins(15);
    let tries = join_all((0..20).map(|_| store.count_try(&ana, now - window, now))).await;
    let counted = tries.into_iter().filter(|counted| *counted.as_ref().unwrap()).count();
    assert_eq!(counted, usize::try_from(TRIES).unwrap());
    let later = now + window;
    assert!(store.count_try(&ana, later - window, later).await.unwrap(), "a window later it begins anew");

    let spent = join_all((0..20).map(|_| store.spend_step(&ana, 7))).await;
    assert_eq!(spent.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 1);
    assert!(!store.spend_step(&ana, 6).await.unwrap(), "nor one before it");

    let (code, session) = (Token::random().unwrap().hash(), SessionId::random());
    assert!(store.propose(&ana, "AAAA").await.unwrap());
    assert!(
        store.enable(&ana, "BBBB", 8, &[code], &session, now).await.unwrap().is_none(),
        "another was proposed"
    );
    assert!(store.enable(&ana, "AAAA", 8, &[code], &session, now).await.unwrap().is_some());
    assert!(store.enable(&ana, "AAAA", 9, &[code], &session, now).await.unwrap().is_none(), "once");
    assert!(!store.propose(&ana, "CCCC").await.unwrap(), "it is not replaced without being taken away");
    let spent = join_all((0..20).map(|_| store.spend_recovery(&ana, &code))).await;
    assert_eq!(spent.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 1);
    store.disable(&ana).await.unwrap();
    assert!(store.factor(&ana).await.unwrap().is_none());
}
