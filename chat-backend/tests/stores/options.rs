//! Who may come to a meeting, as stores keep it.

use chat_backend::{
    meetings::{Code, Meeting, MeetingChange, Options, Passcode},
    store::Creation,
};
use futures_util::future::try_join_all;
use jiff::SignedDuration;
use plenum_contract::{MeetingId, UserId, limits::CO_HOSTS_MAX};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::{
    place::Place,
    promises::{a_meeting, hosted_by, noon, users},
};

/// A meeting with everything that can be set.
fn with_all() -> Meeting {
    let options = Options {
        co_hosts: users(CO_HOSTS_MAX),
        waiting_room: true,
        guests_allowed: true,
        passcode: Passcode::parse(&"🎉".repeat(32)),
        removed: users(256),
        ..Options::default()
    };
    Meeting { options, ..hosted_by(&UserId::random()) }
}

pub async fn options_read_back_as_they_were_set(place: &Place) {
    let store = place.open().await;
    let meeting = with_all();
    assert_eq!(store.create(&meeting).await.unwrap(), Creation::Done);
    assert_eq!(store.get(&meeting.id).await.unwrap().as_ref(), Some(&meeting));
    assert_eq!(store.by_code(&meeting.options.code).await.unwrap().as_ref(), Some(&meeting));
    assert_eq!(store.of_user(&meeting.host).await.unwrap(), [meeting]);
}

/// A change, and what it makes of the options.
type Step = (MeetingChange, fn(&mut Options));

pub async fn an_option_that_changes_leaves_the_others(place: &Place) {
    let store = place.open().await;
    let mut meeting = with_all();
    store.create(&meeting).await.unwrap();
    let steps: [Step; 6] = [
        (MeetingChange { title: Some("New".into()), ..Default::default() }, |_| {}),
        (MeetingChange { waiting_room: Some(false), ..Default::default() }, |o| o.waiting_room = false),
        (MeetingChange { guests_allowed: Some(false), ..Default::default() }, |o| o.guests_allowed = false),
        (MeetingChange { passcode: Some(None), ..Default::default() }, |o| o.passcode = None),
        (MeetingChange { co_hosts: Some(Vec::new()), ..Default::default() }, |o| o.co_hosts.clear()),
        (MeetingChange { passcode: Some(Passcode::parse("sesame")), ..Default::default() }, |o| {
            o.passcode = Passcode::parse("sesame");
        }),
    ];
    for (change, expect) in steps {
        expect(&mut meeting.options);
        let changed = store.update(&meeting.id, &change, noon()).await.unwrap().unwrap();
        assert_eq!(changed.options, meeting.options, "{change:?}");
        assert_eq!(store.get(&meeting.id).await.unwrap().unwrap().options, meeting.options);
    }
}

pub async fn a_code_leads_to_one_meeting(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let code = meeting.options.code.clone();
    let other = hosted_by(&UserId::random());
    let same = Meeting { options: Options::open(code.clone()), ..other.clone() };
    assert_eq!(store.create(&same).await.unwrap(), Creation::CodeTaken);
    assert_eq!(store.get(&same.id).await.unwrap(), None);
    assert_eq!(store.create(&other).await.unwrap(), Creation::Done);
    assert_eq!(store.create(&meeting).await.unwrap(), Creation::Done, "its own is not in its way");
    assert_eq!(store.by_code(&code).await.unwrap().as_ref(), Some(&meeting));
    assert_eq!(store.by_code(&Code::random()).await.unwrap(), None);
    store.delete(&meeting.id).await.unwrap();
    assert_eq!(store.by_code(&code).await.unwrap(), None);
}

pub async fn those_who_are_removed_at_once_are_all_removed_and_may_come_back_one_by_one(place: &Place) {
    let (store, elsewhere) = (place.open().await, place.open().await);
    let meeting = a_meeting(&*store).await;
    let (some, later) = (users(10), noon() + SignedDuration::from_secs(1));
    try_join_all(some.iter().enumerate().map(|(at, user)| {
        let store = if at % 2 == 0 { &store } else { &elsewhere };
        store.set_removed(&meeting.id, user, true, later)
    }))
    .await
    .unwrap();
    let again = store.set_removed(&meeting.id, &some[0], true, later).await.unwrap().unwrap();
    let mut removed = again.options.removed.clone();
    removed.sort();
    let mut expected = some.clone();
    expected.sort();
    assert_eq!(removed, expected, "each once");
    assert_eq!(again.updated_at, later);
    assert_eq!(again.participants, meeting.participants);
    let back = store.set_removed(&meeting.id, &some[3], false, later).await.unwrap().unwrap();
    let others: Vec<UserId> = again.options.removed.into_iter().filter(|user| *user != some[3]).collect();
    assert_eq!(back.options.removed, others);
    assert_eq!(elsewhere.get(&meeting.id).await.unwrap(), Some(back));
    let nowhere = store.set_removed(&MeetingId::random(), &some[0], true, later).await.unwrap();
    assert_eq!(nowhere, None);
}

/// A row as a release writes it that knows nothing of options.
pub async fn a_row_of_an_older_release_is_open_and_has_the_code_of_its_id(place: &Place) {
    let store = place.open().await;
    let host = UserId::random();
    let database = place.database().await;
    let id = MeetingId::random();
    let insert = format!(
        "INSERT INTO meetings (id, host_id, title, description, date, time, time_zone, starts_at, \
         estimated_duration, max_participants, active_participants, created_at, updated_at, status) VALUES \
         ('{id}', '{host}', 'Old', '', '2025-06-01', '10:00', 'UTC', 1748772000000, 60, 4, 0, 1, 1, 'active')"
    );
    let statement = Statement::from_string(database.write().get_database_backend(), insert);
    database.write().execute_raw(statement).await.unwrap();
    let meeting = store.get(&id).await.unwrap().unwrap();
    assert_eq!(meeting.options, Options::open(Code::of(&id)));
    let next = place.open().await;
    assert_eq!(next.by_code(&Code::of(&id)).await.unwrap(), Some(meeting), "since another start");
}
