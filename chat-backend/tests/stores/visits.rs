//! Who came and went, and meetings that nobody has ended.

use chat_backend::{
    attendance::Attendance,
    meetings::{Coming, Meeting, MeetingChange, Schedule, VisitNote, VisitRecord},
    store::VISITS_MAX,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{MeetingId, UserId, limits::EMPTY_AFTER_END, meeting::MeetingStatus};
use plenum_service::Lifecycle;

use crate::{
    place::Place,
    promises::{a_meeting, hosted_by, noon},
};

fn at(second: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(second)
}

fn visit(id: &str, came: i64, left: Option<i64>) -> VisitRecord {
    let came =
        Coming {
            user: UserId::random(), name: "Ana Ñandú 🎉".into(), guest: came % 2 == 0, at: at(came)
        };
    VisitRecord { id: id.into(), came, left_at: left.map(at) }
}

fn note(visit: &VisitRecord) -> VisitNote {
    VisitNote { id: visit.id.clone(), came: Some(visit.came.clone()), left_at: visit.left_at }
}

fn went(id: &str, left: i64) -> VisitNote {
    VisitNote { id: id.into(), came: None, left_at: Some(at(left)) }
}

pub async fn visits_read_back_in_the_order_they_began(place: &Place) {
    let store = place.open().await;
    let (meeting, other) = (a_meeting(&*store).await, a_meeting(&*store).await);
    let visits = [visit("e-3", 1, None), visit("e-1", 2, Some(50)), visit("e-2", 3, Some(40))];
    let notes: Vec<VisitNote> = visits.iter().rev().map(note).collect();
    store.note_visits(&meeting.id, &notes).await.unwrap();
    let elsewhere = visit("e-1", 5, None);
    store.note_visits(&other.id, &[note(&elsewhere)]).await.unwrap();
    assert_eq!(store.visits(&meeting.id).await.unwrap(), visits);
    assert_eq!(store.visits(&other.id).await.unwrap(), [elsewhere]);
    assert_eq!(store.visits(&MeetingId::random()).await.unwrap(), []);
    assert_eq!(store.get(&meeting.id).await.unwrap(), Some(meeting), "the meeting itself is as it was");
}

pub async fn what_is_noted_twice_stands_once_and_the_later_end_counts(place: &Place) {
    let (store, elsewhere) = (place.open().await, place.open().await);
    let meeting = a_meeting(&*store).await;
    let mut visit = visit("e-1", 0, None);
    store.note_visits(&meeting.id, &[note(&visit)]).await.unwrap();
    for (left, latest) in [(20, 20), (10, 20), (30, 30), (30, 30)] {
        elsewhere.note_visits(&meeting.id, &[went("e-1", left)]).await.unwrap();
        store.note_visits(&meeting.id, &[note(&visit)]).await.unwrap();
        visit.left_at = Some(at(latest));
        assert_eq!(store.visits(&meeting.id).await.unwrap(), [visit.clone()]);
    }
    store.note_visits(&meeting.id, &[went("nobody", 5)]).await.unwrap();
    assert_eq!(store.visits(&meeting.id).await.unwrap(), [visit]);
}

pub async fn visits_go_with_their_meeting_and_do_not_come_back(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let notes: Vec<VisitNote> =
        (0..700).map(|second| note(&visit(&format!("e-{second}"), second, None))).collect();
    for some in notes.chunks(100) {
        store.note_visits(&meeting.id, some).await.unwrap();
    }
    assert_eq!(store.visits(&meeting.id).await.unwrap().len(), 700);
    store.delete(&meeting.id).await.unwrap();
    store.note_visits(&meeting.id, &[notes[0].clone(), went("e-1", 9)]).await.unwrap();
    assert_eq!(store.visits(&meeting.id).await.unwrap(), []);
    store.create(&meeting).await.unwrap();
    assert_eq!(store.visits(&meeting.id).await.unwrap(), []);
}

pub async fn a_meeting_keeps_so_many_visits_and_no_more(place: &Place) {
    let store = place.open().await;
    let meeting = a_meeting(&*store).await;
    let visits: Vec<VisitRecord> = (0..i64::try_from(VISITS_MAX).unwrap() + 50)
        .map(|second| visit(&format!("e-{second}"), second, None))
        .collect();
    for some in visits.chunks(500) {
        let notes: Vec<VisitNote> = some.iter().map(note).collect();
        store.note_visits(&meeting.id, &notes).await.unwrap();
    }
    let kept = store.visits(&meeting.id).await.unwrap();
    assert_eq!(kept.len(), VISITS_MAX);
    assert!(kept.iter().eq(&visits[..VISITS_MAX]));
    store.note_visits(&meeting.id, &[went("e-0", 60)]).await.unwrap();
    assert_eq!(
        store.visits(&meeting.id).await.unwrap()[0].left_at,
        Some(at(60)),
        "ends are noted all the same"
    );
}

pub async fn what_waits_is_written_together_and_a_flush_leaves_nothing(place: &Place) {
    let store = place.open().await;
    let life = Lifecycle::new();
    let attendance = Attendance::start(store.clone(), &life);
    let (meeting, gone) = (a_meeting(&*store).await, MeetingId::random());
    let mut visits: Vec<VisitRecord> =
        (0..250).map(|second| visit(&format!("e-{second}"), second, Some(1_000 - second))).collect();
    for VisitRecord { id, came, .. } in &visits {
        attendance.came(&meeting.id, id, &came.user, &came.name, came.guest, came.at);
        attendance.came(&gone, id, &came.user, &came.name, came.guest, came.at);
    }
    for visit in &visits[1..] {
        attendance.went(&meeting.id, &visit.id, visit.left_at.unwrap());
    }
    visits[0].left_at = None;
    attendance.flush().await;
    assert_eq!(store.visits(&meeting.id).await.unwrap(), visits);
    attendance.went(&meeting.id, "e-0", at(2));
    attendance.flush().await;
    assert_eq!(store.visits(&meeting.id).await.unwrap()[0].left_at, Some(at(2)));
}

pub async fn what_nobody_has_ended_is_found_and_completed_once(place: &Place) {
    let store = place.open().await;
    let schedule = |time: &str| Schedule::resolve("2026-11-21".into(), time.into(), "UTC".into()).unwrap();
    // Each was made at 08:00, takes 45 minutes, and is empty since then, unless it says otherwise.
    let morning: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
    let make = async |time: &str, change: &dyn Fn(&mut Meeting)| {
        let mut meeting = hosted_by(&UserId::random());
        (meeting.schedule, meeting.created_at, meeting.updated_at) = (schedule(time), morning, morning);
        change(&mut meeting);
        store.create(&meeting).await.unwrap();
        meeting.id
    };
    let over = make("08:00", &|_| {}).await;
    let left = make("08:00", &|meeting| meeting.emptied_at = Some(morning)).await;
    let quiet = SignedDuration::try_from(EMPTY_AFTER_END).unwrap();
    let now = morning + SignedDuration::from_mins(45) + quiet;
    let second = SignedDuration::from_secs(1);
    for change in [
        &(|meeting: &mut Meeting| meeting.schedule = schedule("08:01")) as &dyn Fn(&mut Meeting),
        &|meeting| meeting.estimated_duration = 46,
        &|meeting| meeting.active_participants = 1,
        &|meeting| meeting.emptied_at = Some(now - quiet + second),
        &|meeting| meeting.updated_at = now - quiet + second,
        &|meeting| meeting.created_at = now - quiet + second,
        &|meeting| meeting.status = MeetingStatus::Cancelled,
    ] {
        let other = make("08:00", change).await;
        assert!(!store.complete_overdue(&other, now).await.unwrap());
    }
    assert_eq!(store.overdue(now - second, 10).await.unwrap(), []);
    let mut found = store.overdue(now, 10).await.unwrap();
    found.sort();
    let mut expected = vec![over.clone(), left.clone()];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(store.overdue(now, 1).await.unwrap().len(), 1);

    let nodes = [place.open().await, place.open().await];
    let done = join_all(nodes.iter().map(|node| node.complete_overdue(&over, now))).await;
    assert_eq!(done.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1, "one of them did it");
    let meeting = store.get(&over).await.unwrap().unwrap();
    assert_eq!((meeting.status, meeting.updated_at), (MeetingStatus::Completed, now));
    assert_eq!(store.overdue(now, 10).await.unwrap(), std::slice::from_ref(&left));
    store.set_live_count(&left, 2, now).await.unwrap();
    assert!(!store.complete_overdue(&left, now).await.unwrap(), "somebody came");
    store.set_live_count(&left, 0, now + second).await.unwrap();
    assert!(!store.overdue(now + quiet, 10).await.unwrap().contains(&left));
    assert!(store.complete_overdue(&left, now + quiet + second).await.unwrap());
    assert!(!store.complete_overdue(&MeetingId::random(), now).await.unwrap());

    let again = MeetingChange { status: Some(MeetingStatus::Active), ..MeetingChange::default() };
    store.update(&over, &again, now).await.unwrap();
    assert!(!store.overdue(now + quiet - second, 10).await.unwrap().contains(&over));
    assert!(store.overdue(now + quiet, 10).await.unwrap().contains(&over), "it is looked for again");
}
