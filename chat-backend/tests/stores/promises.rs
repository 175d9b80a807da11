//! What every store promises.

use std::collections::HashSet;

use chat_backend::{
    meetings::{Meeting, MeetingChange, Options, Schedule},
    store::MeetingStore,
};
use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{MeetingId, UserId, limits::MEETINGS_LISTED_MAX, meeting::MeetingStatus};

use crate::place::Place;

/// 2026-11-21T09:00:00.123Z.
pub fn noon() -> Timestamp {
    "2026-11-21T09:00:00.123Z".parse().unwrap()
}

/// A meeting that this user hosts.
pub fn hosted_by(host: &UserId) -> Meeting {
    let schedule = Schedule::resolve("2026-12-01".into(), "09:30".into(), "Europe/Madrid".into()).unwrap();
    Meeting {
        id: MeetingId::random(),
        host: host.clone(),
        title: "Reunión de año nuevo 🎉 \"'`\\%_".into(),
        description: "First line\nsecond line\t日本語".into(),
        schedule,
        estimated_duration: 45,
        max_participants: 12,
        participants: vec![host.clone()],
        active_participants: 0,
        emptied_at: None,
        created_at: noon(),
        updated_at: noon(),
        status: MeetingStatus::Active,
        options: Options::default(),
    }
}

/// A stored meeting.
pub async fn a_meeting(store: &dyn MeetingStore) -> Meeting {
    let meeting = hosted_by(&UserId::random());
    store.create(&meeting).await.unwrap();
    meeting
}

pub fn users(number: usize) -> Vec<UserId> {
    (0..number).map(|_| UserId::random()).collect()
}

fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}

pub async fn a_meeting_reads_back_as_it_was_made(place: &Place) {
    let store = place.open().await;
    let mut meeting = hosted_by(&UserId::random());
    meeting.participants.extend(users(3));
    meeting.title = "🎉".repeat(200);
    meeting.description = "ñ".repeat(5_000);
    store.create(&meeting).await.unwrap();
    assert_eq!(store.get(&meeting.id).await.unwrap(), Some(meeting.clone()));
    assert_eq!(place.open().await.get(&meeting.id).await.unwrap(), Some(meeting), "from another process");
}

pub async fn making_the_same_meeting_again_changes_nothing(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let joined = store.add_participants(&meeting.id, &users(1), noon()).await.unwrap().unwrap();
    store.create(&meeting).await.unwrap();
    assert_eq!(store.get(&meeting.id).await.unwrap(), Some(joined));
}

pub async fn what_is_not_there_is_none_and_does_not_come_to_be(place: &Place) {
    let store = place.open().await;
    let (id, user) = (MeetingId::random(), UserId::random());
    let change = MeetingChange { title: Some("New".into()), ..MeetingChange::default() };
    assert_eq!(store.update(&id, &change, noon()).await.unwrap(), None);
    assert_eq!(store.add_participants(&id, std::slice::from_ref(&user), noon()).await.unwrap(), None);
    store.set_live_count(&id, 3, noon()).await.unwrap();
    store.delete(&id).await.unwrap();
    assert_eq!(store.get(&id).await.unwrap(), None);
    assert_eq!(store.of_user(&user).await.unwrap(), []);
    store.ping().await.unwrap();
}

/// A change, and what it makes of a meeting.
type Step = (MeetingChange, fn(&mut Meeting));

pub async fn a_change_touches_nothing_else(place: &Place) {
    let store = place.open().await;
    let mut meeting = a_meeting(&*store).await;
    store.set_live_count(&meeting.id, 1, noon()).await.unwrap();
    meeting.active_participants = 1;
    let steps: [Step; 4] = [
        (MeetingChange { title: Some("New".into()), ..Default::default() }, |m| m.title = "New".into()),
        (MeetingChange { description: Some(String::new()), ..Default::default() }, |m| {
            m.description = String::new();
        }),
        (
            MeetingChange {
                estimated_duration: Some(1_440),
                max_participants: Some(1_000),
                ..Default::default()
            },
            |m| (m.estimated_duration, m.max_participants) = (1_440, 1_000),
        ),
        (MeetingChange { status: Some(MeetingStatus::Cancelled), ..Default::default() }, |m| {
            m.status = MeetingStatus::Cancelled;
        }),
    ];
    for (change, expect) in steps {
        expect(&mut meeting);
        meeting.updated_at += seconds(1);
        let changed = store.update(&meeting.id, &change, meeting.updated_at).await.unwrap();
        assert_eq!(changed.as_ref(), Some(&meeting), "{change:?}");
        assert_eq!(store.get(&meeting.id).await.unwrap(), changed);
    }
}

pub async fn a_schedule_changes_as_a_whole(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let schedule = Schedule::resolve("2027-07-01".into(), "23:59".into(), "America/Lima".into()).unwrap();
    let change = MeetingChange { schedule: Some(schedule.clone()), ..MeetingChange::default() };
    let changed = store.update(&meeting.id, &change, noon()).await.unwrap();
    assert_eq!(changed, Some(Meeting { schedule, ..meeting }));
}

pub async fn those_who_join_stand_in_order_and_once(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let some = users(4);
    let (first, then) = (&some[..2], [&some[2..], &some[..1], std::slice::from_ref(&meeting.host)].concat());
    store.add_participants(&meeting.id, first, noon() + seconds(1)).await.unwrap().unwrap();
    let joined = store.add_participants(&meeting.id, &then, noon() + seconds(2)).await.unwrap().unwrap();
    assert_eq!(joined.participants, [std::slice::from_ref(&meeting.host), &some[..]].concat());
    assert_eq!(joined.updated_at, noon() + seconds(2));
    assert_eq!(store.get(&meeting.id).await.unwrap(), Some(joined));
}

pub async fn those_who_ask_at_once_are_each_told_what_they_asked(place: &Place) {
    let store = place.open().await;
    let made = join_all((0..5).map(|_| a_meeting(&*store))).await;
    let asked = (0..50).map(|at| &made[at % 5]);
    let gets = asked.clone().map(|meeting| store.get(&meeting.id));
    let missing = MeetingId::random();
    let (got, none) = tokio::join!(try_join_all(gets), store.get(&missing));
    assert_eq!(none.unwrap(), None);
    for (got, asked) in got.unwrap().iter().zip(asked) {
        assert_eq!(got.as_ref(), Some(asked));
    }
}

pub async fn who_asks_after_a_change_is_told_of_it_whoever_made_it(place: &Place) {
    let [here, there] = [place.open().await, place.open().await];
    let meeting = a_meeting(&*here).await;
    for (users, node) in (1..=10).zip([&here, &there].into_iter().cycle()) {
        assert_eq!(here.get(&meeting.id).await.unwrap().unwrap().active_participants, users - 1);
        node.set_live_count(&meeting.id, users, noon()).await.unwrap();
        let (got, again) = tokio::join!(here.get(&meeting.id), here.get(&meeting.id));
        assert_eq!(got.unwrap().unwrap().active_participants, users);
        assert_eq!(again.unwrap().unwrap().active_participants, users);
    }
    let guest = UserId::random();
    there.add_participants(&meeting.id, std::slice::from_ref(&guest), noon()).await.unwrap();
    assert_eq!(here.get(&meeting.id).await.unwrap().unwrap().participants, [meeting.host, guest]);
    there.delete(&meeting.id).await.unwrap();
    assert_eq!(here.get(&meeting.id).await.unwrap(), None);
}

pub async fn those_who_join_many_meetings_at_once_are_in_theirs(place: &Place) {
    let store = place.open().await;
    let made = join_all((0..5).map(|_| a_meeting(&*store))).await;
    let guests = users(50);
    let joins = guests
        .iter()
        .enumerate()
        .map(|(at, guest)| store.add_participants(&made[at % 5].id, std::slice::from_ref(guest), noon()));
    let missing = MeetingId::random();
    let (joined, none) = tokio::join!(try_join_all(joins), store.add_participants(&missing, &guests, noon()));
    assert_eq!(none.unwrap(), None);
    for (joined, guest) in joined.unwrap().into_iter().zip(&guests) {
        assert!(joined.unwrap().participants.contains(guest));
    }
    for (at, meeting) in made.iter().enumerate() {
        let stored = store.get(&meeting.id).await.unwrap().unwrap().participants;
        let theirs = guests.iter().skip(at).step_by(5);
        assert_eq!(stored[0], meeting.host);
        assert_eq!(stored[1..].iter().collect::<HashSet<_>>(), theirs.collect());
    }
}

pub async fn fifty_who_join_at_once_are_all_there_behind_the_host(place: &Place) {
    let nodes = [place.open().await, place.open().await];
    let meeting = a_meeting(&*nodes[0]).await;
    let guests = users(50);
    // Half through each node, and the first ten twice.
    let joins = guests.iter().chain(&guests[..10]).enumerate().map(|(i, guest)| {
        let (node, id) = (nodes[i % 2].clone(), meeting.id.clone());
        async move { node.add_participants(&id, std::slice::from_ref(guest), noon()).await }
    });
    for joined in try_join_all(joins).await.unwrap() {
        assert_eq!(joined.unwrap().participants[0], meeting.host);
    }
    let participants = nodes[0].get(&meeting.id).await.unwrap().unwrap().participants;
    assert_eq!(participants.len(), 51);
    assert_eq!(participants[0], meeting.host);
    assert_eq!(participants[1..].iter().collect::<HashSet<_>>(), guests.iter().collect());
}

pub async fn changes_and_counts_lose_nobody_who_joins_meanwhile(place: &Place) {
    let nodes = [place.open().await, place.open().await];
    let meeting = a_meeting(&*nodes[0]).await;
    let guests = users(20);
    let joins = guests
        .iter()
        .map(|guest| nodes[0].add_participants(&meeting.id, std::slice::from_ref(guest), noon()));
    let change = MeetingChange { title: Some("New".into()), ..MeetingChange::default() };
    let changes = (0..20).map(|_| nodes[1].update(&meeting.id, &change, noon()));
    let counts = (0..10).map(|users| nodes[1].set_live_count(&meeting.id, users, noon()));
    let (joined, renamed, counted) = tokio::join!(join_all(joins), join_all(changes), join_all(counts));
    assert!(joined.iter().all(|joined| matches!(joined, Ok(Some(_)))), "{joined:?}");
    assert!(renamed.iter().all(|renamed| matches!(renamed, Ok(Some(_)))), "{renamed:?}");
    assert!(counted.iter().all(Result::is_ok), "{counted:?}");
    let stored = nodes[0].get(&meeting.id).await.unwrap().unwrap();
    assert_eq!(stored.title, "New");
    assert_eq!(stored.participants.iter().skip(1).collect::<HashSet<_>>(), guests.iter().collect());
}

pub async fn a_list_has_what_one_hosts_and_joined_newest_first(place: &Place) {
    let store = place.open().await;
    let [ana, ben] = [UserId::random(), UserId::random()];
    let mut expected = Vec::new();
    for (age, host) in [(2, &ana), (3, &ben), (1, &ben), (4, &ana), (5, &ben)] {
        let mut meeting = hosted_by(host);
        meeting.created_at -= seconds(age);
        store.create(&meeting).await.unwrap();
        if age == 5 {
            continue; // Ana has no part in it
        }
        if *host == ben {
            meeting = store
                .add_participants(&meeting.id, std::slice::from_ref(&ana), noon())
                .await
                .unwrap()
                .unwrap();
        }
        expected.push(meeting);
    }
    expected.sort_by_key(|meeting| std::cmp::Reverse(meeting.created_at));
    assert_eq!(store.of_user(&ana).await.unwrap(), expected);
    assert_eq!(store.of_user(&UserId::random()).await.unwrap(), []);
}

pub async fn a_list_ends_at_its_bound_and_keeps_the_newest(place: &Place) {
    let store = place.open().await;
    let host = UserId::random();
    let meetings: Vec<Meeting> = (0..MEETINGS_LISTED_MAX + 5)
        .map(|age| Meeting {
            created_at: noon() - SignedDuration::from_mins(age.try_into().unwrap()),
            ..hosted_by(&host)
        })
        .collect();
    for some in meetings.chunks(25) {
        try_join_all(some.iter().rev().map(|meeting| store.create(meeting))).await.unwrap();
    }
    let listed = store.of_user(&host).await.unwrap();
    assert_eq!(listed.len(), MEETINGS_LISTED_MAX);
    assert!(listed.iter().eq(&meetings[..MEETINGS_LISTED_MAX]), "the newest, in order");
}

pub async fn what_a_host_has_that_is_active_is_found(place: &Place) {
    let store = place.open().await;
    let (ana, ben) = (UserId::random(), UserId::random());
    let mut hers = Vec::new();
    for host in [&ana, &ben, &ana, &ana] {
        let meeting = hosted_by(host);
        store.create(&meeting).await.unwrap();
        store.add_participants(&meeting.id, std::slice::from_ref(&ana), noon()).await.unwrap();
        if *host == ana {
            hers.push(meeting.id);
        }
    }
    let over = MeetingChange { status: Some(MeetingStatus::Cancelled), ..MeetingChange::default() };
    store.update(&hers.remove(1), &over, noon()).await.unwrap();
    let mut found = store.active_of_host(&ana, 10).await.unwrap();
    found.sort();
    hers.sort();
    assert_eq!(found, hers);
    assert_eq!(store.active_of_host(&ana, 1).await.unwrap().len(), 1);
    assert_eq!(store.active_of_host(&UserId::random(), 10).await.unwrap(), []);
}

pub async fn a_deleted_meeting_stays_deleted(place: &Place) {
    let store = place.open().await;
    let meetings = [a_meeting(&*store).await, a_meeting(&*store).await, a_meeting(&*store).await];
    for meeting in &meetings {
        // Whatever comes first, a count and a deletion at the same time leave nothing.
        let (counted, deleted) =
            tokio::join!(store.set_live_count(&meeting.id, 2, noon()), store.delete(&meeting.id));
        counted.and(deleted).unwrap();
        store.set_live_count(&meeting.id, 0, noon()).await.unwrap();
        assert_eq!(store.add_participants(&meeting.id, &users(1), noon()).await.unwrap(), None);
        store.delete(&meeting.id).await.unwrap();
        assert_eq!(store.get(&meeting.id).await.unwrap(), None);
        assert_eq!(store.of_user(&meeting.host).await.unwrap(), []);
    }
    store.reset_live_counts(&HashSet::new(), noon()).await.unwrap();
    assert_eq!(store.get(&meetings[0].id).await.unwrap(), None);
}

pub async fn a_live_count_is_the_last_one_written(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let mut expected = meeting.clone();
    for (users, now) in [1, 7, 1_000, 0, 2, 0].into_iter().zip(1..) {
        let now = noon() + seconds(now);
        store.set_live_count(&meeting.id, users, now).await.unwrap();
        expected.active_participants = users;
        expected.emptied_at = if users == 0 { Some(now) } else { expected.emptied_at };
        assert_eq!(
            store.get(&meeting.id).await.unwrap().as_ref(),
            Some(&expected),
            "and nothing else changed"
        );
    }
}

pub async fn counts_of_rooms_that_are_not_live_are_set_right(place: &Place) {
    let store = place.open().await;
    let meetings =
        try_join_all((0..12).map(|_| async { Ok::<_, ()>(a_meeting(&*store).await) })).await.unwrap();
    for meeting in &meetings[..10] {
        store.set_live_count(&meeting.id, 3, noon()).await.unwrap();
    }
    let live: HashSet<MeetingId> = meetings[..2].iter().map(|meeting| meeting.id.clone()).collect();
    store.reset_live_counts(&live, noon()).await.unwrap();
    for (i, meeting) in meetings.iter().enumerate() {
        let (users, emptied_at) = if i < 2 { (3, None) } else { (0, (i < 10).then(noon)) };
        let expected = Meeting { active_participants: users, emptied_at, ..meeting.clone() };
        assert_eq!(store.get(&meeting.id).await.unwrap(), Some(expected), "meeting {i}");
    }
    store.reset_live_counts(&HashSet::new(), noon()).await.unwrap();
    assert_eq!(store.get(&meetings[0].id).await.unwrap().unwrap().active_participants, 0);
}
