//! Browsers that have signed in before, and what an operator does, on every database.

use jiff::SignedDuration;
use plenum_contract::UserId;
use plenum_service::{clock, database::Database};
use user_backend::{
    devices::{DEVICES_MAX, DeviceStore as _, KNOWN},
    operator::{NotDone, Operator},
    rules::Email,
    tokens::Token,
};

use crate::world::World;

pub async fn a_browser_is_known_to_its_own_account_for_half_a_year(world: World) {
    let (ana, ben) = (world.registers().await, world.registers().await);
    let email = |fields: &serde_json::Value| Email::parse(fields["email"].as_str().unwrap()).unwrap();
    let id = UserId::parse(ana["uid"].as_str().unwrap()).unwrap();
    let (devices, now) = (world.state.devices(), clock::now());
    let mark = devices.signed_in(&id, None, now).await.unwrap();
    let again = devices.signed_in(&id, Some(mark.clone()), now).await.unwrap();
    assert_eq!(again.reveal(), mark.reveal());
    assert!(devices.knows(&email(&ana), &mark, now).await.unwrap());
    assert!(!devices.knows(&email(&ben), &mark, now).await.unwrap());
    assert!(!devices.knows(&email(&ana), &Token::random().unwrap(), now).await.unwrap());
    let late = now + KNOWN + SignedDuration::from_secs(1);
    assert!(!devices.knows(&email(&ana), &mark, late).await.unwrap());

    for n in 1..=DEVICES_MAX {
        let later = now + SignedDuration::from_secs(i64::try_from(n).unwrap());
        devices.signed_in(&id, None, later).await.unwrap();
    }
    assert!(!devices.knows(&email(&ana), &mark, now).await.unwrap(), "the oldest gives way");

    let cookie = world.logs_in(&ana).await;
    let last = devices.signed_in(&id, None, now + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(world.delete("/api/users/profile", &cookie).await.status, 200);
    let left = world.state.store().knows(&email(&ana), &last.hash(), now).await.unwrap();
    assert!(!left, "a deleted account leaves none behind");
}

pub async fn unused_browsers_are_swept_some_at_a_time(world: World) {
    let ana = world.registers().await;
    let id = UserId::parse(ana["uid"].as_str().unwrap()).unwrap();
    let (store, long_ago) = (world.state.store(), clock::now() - SignedDuration::from_hours(24 * 400));
    let mut marks = Vec::new();
    for _ in 0..3 {
        let mark = Token::random().unwrap().hash();
        store.signed_in(&id, &mark, long_ago).await.unwrap();
        marks.push(mark);
    }
    let before = long_ago + SignedDuration::from_secs(1);
    loop {
        let some = store.remove_unused(before, 2).await.unwrap();
        assert!(some <= 2);
        if some == 0 {
            break;
        }
    }
    let email = Email::parse(ana["email"].as_str().unwrap()).unwrap();
    // Other servers on this database sweep as well, so how many of them this one has swept is not known.
    for mark in &marks {
        assert!(!store.knows(&email, mark, long_ago).await.unwrap());
    }
}

pub async fn an_operators_changes_end_sessions_and_hold(world: World) {
    let (ana, now) = (world.registers().await, clock::now());
    let operator = Operator::open(Database::open(&world.url).await.unwrap()).await.unwrap();
    let account = async || operator.account(ana["email"].as_str().unwrap()).await.unwrap();
    let cookie = world.logs_in(&ana).await;
    assert_eq!(operator.grant(&account().await, "admin", now).await.unwrap(), Some(1));
    assert_eq!(operator.grant(&account().await, "admin", now).await.unwrap(), None);
    assert_eq!(account().await.roles, ["admin"]);
    let session = world.logs_in(&ana).await;
    assert_ne!(session, cookie);
    assert_eq!(operator.set_disabled(&account().await, true, now).await.unwrap(), 1);
    assert_eq!(world.post("/api/auth/login", "", &ana).await.code(), "account_disabled");
    operator.set_disabled(&account().await, false, now).await.unwrap();
    world.logs_in(&ana).await;
    assert_eq!(operator.sessions(&account().await, now).await.unwrap().len(), 1);
    assert_eq!(operator.revoke_sessions(&account().await, None, now).await.unwrap(), 1);
    assert_eq!(operator.revoke_role(&account().await, "admin", now).await.unwrap(), Some(0));

    let (uid, mut seen) = (ana["uid"].as_str().unwrap(), 0);
    let look = |user: user_backend::accounts::User| {
        seen += usize::from(user.id.as_str() == uid);
        true
    };
    operator.each_account(ana["email"].as_str(), look).await.unwrap();
    assert_eq!(seen, 1);
    for role in ["", "Admin", "a,b", "9lives", &"a".repeat(33)] {
        let refused = operator.grant(&account().await, role, now).await;
        assert!(matches!(refused, Err(NotDone::NoRole(_))), "{role:?}");
    }
    assert!(matches!(operator.account("nobody@example.com").await, Err(NotDone::NoAccount(_))));
}
