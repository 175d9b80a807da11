//! What a store does while it is away, and afterwards.

use std::{collections::HashSet, fmt::Debug, future::Future, sync::Arc, time::Duration};

use chat_backend::{
    live_counts::LiveCounts,
    meetings::{Meeting, MeetingChange},
    store::{MeetingStore, StoreError},
};
use futures_util::future::join_all;
use plenum_contract::UserId;
use plenum_service::{Lifecycle, clock, database::Database};

use crate::{
    network::{Network, Weather},
    place::Place,
    promises::{a_meeting, hosted_by, noon},
};

/// What needs the store fails within this.
const IN_TIME: Duration = Duration::from_secs(3);
/// A store that is back serves again within this.
const BACK: Duration = Duration::from_secs(10);

pub async fn silence_fails_in_time_and_leaves_nothing_behind(place: &Place) {
    away_and_back(place, Weather::Silent).await;
}

pub async fn absence_fails_in_time_and_leaves_nothing_behind(place: &Place) {
    away_and_back(place, Weather::Gone).await;
}

async fn away_and_back(place: &Place, weather: Weather) {
    let network = Network::before(&place.at).await;
    let store = place.open_through(&network).await;
    let meeting = a_meeting(&*store).await;

    network.becomes(weather);
    everything_fails_in_time(&store, &meeting).await;

    network.becomes(Weather::Fair);
    serves_again(&store, &meeting).await;
    assert_eq!(
        store.get(&meeting.id).await.unwrap(),
        Some(meeting.clone()),
        "nothing else came of what failed"
    );
    let guest = UserId::random();
    let joined =
        store.add_participants(&meeting.id, std::slice::from_ref(&guest), noon()).await.unwrap().unwrap();
    assert_eq!(joined.participants, [meeting.host, guest]);
}

/// A count that changes while the store is away is the last one's in the end.
pub async fn counts_are_kept_and_written_when_the_store_is_back(place: &Place) {
    let network = Network::before(&place.at).await;
    let store = place.open_through(&network).await;
    let (meeting, life) = (a_meeting(&*store).await, Lifecycle::new());
    let counts = LiveCounts::start(store.clone(), &life);
    network.becomes(Weather::Gone);
    for users in 1..=5 {
        counts.set(&meeting.id, users);
    }
    fails("set_live_count", store.set_live_count(&meeting.id, 9, noon())).await;
    counts.set(&meeting.id, 6);
    network.becomes(Weather::Fair);
    serves_again(&store, &meeting).await;
    counts.flush().await;
    assert_eq!(place.open().await.get(&meeting.id).await.unwrap().unwrap().active_participants, 6);
}

/// Another process holds SQLite's one place for writers.
pub async fn a_file_that_another_process_writes_to_fails_in_time_and_is_read_meanwhile(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let other = Database::open(&format!("sqlite://{}/plenum.db", place.at)).await.unwrap();
    let writing = other.begin().await.unwrap();
    tokio::join!(fails("set_live_count", store.set_live_count(&meeting.id, 1, noon())), async {
        assert_eq!(store.get(&meeting.id).await.unwrap().as_ref(), Some(&meeting));
    },);
    writing.rollback().await.unwrap();
    store.set_live_count(&meeting.id, 2, noon()).await.unwrap();
    assert_eq!(store.get(&meeting.id).await.unwrap().unwrap().active_participants, 2);
}

async fn serves_again(store: &Arc<dyn MeetingStore>, meeting: &Meeting) {
    let since = clock::instant();
    while let Err(error) = store.get(&meeting.id).await {
        assert!(since.elapsed() < BACK, "{error}");
    }
}

async fn everything_fails_in_time(store: &Arc<dyn MeetingStore>, meeting: &Meeting) {
    let (id, user) = (&meeting.id, UserId::random());
    let (users, nobody) = ([user.clone()], HashSet::new());
    let new = hosted_by(&user);
    let change = MeetingChange { title: Some(meeting.title.clone()), ..MeetingChange::default() };
    tokio::join!(
        fails("get", store.get(id)),
        fails("by_code", store.by_code(&meeting.options.code)),
        fails("of_user", store.of_user(&user)),
        fails("active_of_host", store.active_of_host(&user, 10)),
        fails("create", store.create(&new)),
        fails("update", store.update(id, &change, noon())),
        fails("add_participants", store.add_participants(id, &users[..0], noon())),
        fails("set_removed", store.set_removed(id, &user, true, noon())),
        fails("set_live_count", store.set_live_count(id, 0, noon())),
        fails("reset_live_counts", store.reset_live_counts(&nobody, noon())),
        fails("overdue", store.overdue(noon(), 10)),
        fails("complete_overdue", store.complete_overdue(id, noon())),
        fails("note_visits", store.note_visits(id, &[])),
        fails("visits", store.visits(id)),
        fails("ping", store.ping()),
    );
    // And not only the first time, nor only who asks alone.
    join_all((0..10).map(|_| fails("get", store.get(id)))).await;
}

async fn fails<T: Debug>(what: &str, ask: impl Future<Output = Result<T, StoreError>>) {
    let since = clock::instant();
    let answer = ask.await;
    let took = since.elapsed();
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{what}, after {took:?}: {answer:?}");
    assert!(took < IN_TIME, "{what} took {took:?}");
}
