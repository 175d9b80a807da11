//! The record of what admins did, and what went wrong for whom.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use plenum_contract::UserId;
use plenum_service::{
    database::Database,
    incidents::{Incident, Kind},
};
use user_backend::{
    admin::{AuditStore, Deed, IncidentStore, audited},
    store::SqlStore,
};

use crate::world::World;

fn deed(target: &str) -> Deed {
    Deed {
        at: Timestamp::from_second(1_795_000_000).unwrap(),
        actor: Some(UserId::random()),
        name: "Ana Ñandú".into(),
        address: "2001:db8::1".into(),
        act: "account.disable".into(),
        target: target.into(),
        reason: "de vuelta \u{1F44D}".into(),
    }
}

pub async fn what_is_recorded_keeps_its_order_and_says_what_came_of_it(world: World) {
    let (store, mark) = (world.state.store(), UserId::random());
    let first = store.begin(&deed(mark.as_str()), "begun").await.unwrap();
    let done = async { Ok::<_, &'static str>(7) };
    assert_eq!(audited(store, deed(mark.as_str()), done, |code| code).await.unwrap(), Ok(7));
    let refused = async { Err::<(), _>("not_this") };
    assert_eq!(audited(store, deed(mark.as_str()), refused, |code| code).await.unwrap(), Err("not_this"));
    let own = |all: Vec<user_backend::admin::Recorded>| -> Vec<_> {
        all.into_iter().filter(|one| one.deed.target == mark.as_str()).collect()
    };
    let after = own(store.after(first - 1, 500).await.unwrap());
    assert_eq!(
        after.iter().map(|one| one.outcome.as_str()).collect::<Vec<_>>(),
        ["begun", "done", "not_this"]
    );
    assert!(after.is_sorted_by_key(|one| one.number));
    assert_eq!(after[0].deed.reason, "de vuelta \u{1F44D}");
    assert_eq!(after[0].deed.at, deed("").at);
    let mut before = own(store.before(None, 500).await.unwrap());
    before.reverse();
    assert_eq!(before, after);
    assert!(own(store.before(Some(first), 500).await.unwrap()).is_empty());
}

pub async fn what_cant_be_recorded_is_not_done(world: World) {
    let database = Database::open(&world.url).await.unwrap();
    let store = SqlStore::open(database.clone()).await.unwrap();
    database.close().await.unwrap();
    let was_done = AtomicBool::new(false);
    let work = async {
        was_done.store(true, Ordering::Relaxed);
        Ok::<_, &'static str>(())
    };
    assert!(audited(&store, deed("x"), work, |code| code).await.is_err());
    assert!(!was_done.load(Ordering::Relaxed));
}

pub async fn incidents_are_found_by_whom_they_met_and_forgotten_in_time(world: World) {
    let (store, ana) = (world.state.store(), UserId::random());
    let at = |second| Timestamp::from_second(second).unwrap();
    let incident = |kind, code, second| Incident {
        number: 1,
        first: at(second),
        last: at(second + 1),
        count: 3,
        kind,
        code,
        user: Some(ana.shared().clone()),
        about: "websocket".into(),
    };
    // Long ago, so that what is forgotten is no other test's.
    let some = [incident(Kind::Cut, "too_old", 1_000), incident(Kind::Refused, "rate_limited", 2_000)];
    store.keep("here", &some).await.unwrap();
    let codes = async |kind| -> Vec<String> {
        store.latest(Some(&ana), kind, 10).await.unwrap().into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(None).await, ["rate_limited", "too_old"], "the newest first");
    assert_eq!(codes(Some("cut")).await, ["too_old"]);
    let latest = store.latest(Some(&ana), Some("cut"), 10).await.unwrap().remove(0);
    assert_eq!((latest.count, latest.first, latest.last), (3, at(1_000), at(1_001)));
    assert_eq!((latest.process.as_str(), latest.user.as_ref()), ("here", Some(&ana)));
    store.forget(at(1_500), 500).await.unwrap();
    assert_eq!(codes(None).await, ["rate_limited"]);
}
