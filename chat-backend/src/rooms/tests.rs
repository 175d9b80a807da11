//! What a room promises, on its state machine and log alone.

use std::{collections::HashSet, sync::Arc};

use plenum_contract::{
    MeetingId, UserId,
    events::{EndReason, server},
    limits::{CLIENT_MESSAGE_IDS_KEPT, MESSAGE_MAX, RECENT_MESSAGES, ROOM_LOG_ENTRIES},
};
use proptest::prelude::*;

use super::{
    delivery::Delivery,
    entry::{Command, Decision, ENTRY_VERSION, Entry, Refusal, SocketId},
    history::History,
    log::{AppendError, MemoryLog, RoomLog},
    state::{Epoch, Room},
};

const PLACES: u32 = 3;

fn user(n: u8) -> UserId {
    UserId::parse(&format!("user-{n}")).unwrap()
}

fn socket(user: u8, n: u8) -> SocketId {
    SocketId(format!("{user}/{n}").into())
}

fn join(u: u8, n: u8) -> Command {
    Command::Join { user: user(u), name: format!("User {u}").into(), socket: socket(u, n) }
}

fn leave(u: u8, n: u8) -> Command {
    Command::Leave { user: user(u), socket: socket(u, n) }
}

fn say(u: u8, text: &str, id: Option<&str>) -> Command {
    Command::Say {
        user: user(u),
        name: format!("User {u}").into(),
        text: text.into(),
        client_message_id: id.map(Into::into),
    }
}

/// A room with everything that was appended to its log.
struct Story {
    room: Room,
    log: Vec<Entry>,
    told: Vec<Delivery>,
}

impl Story {
    fn begin(places: u32) -> Self {
        let mut story = Self {
            room: Room::new(MeetingId::parse("m").unwrap(), Epoch("e".into())),
            log: Vec::new(),
            told: Vec::new(),
        };
        story.ask(&Command::Rule { places }).unwrap();
        story
    }

    fn ask(&mut self, command: &Command) -> Result<Vec<Delivery>, Refusal> {
        let Decision::Append { fact, .. } = self.room.decide(command)? else { return Ok(Vec::new()) };
        let seq = self.log.len() as u64 + 1;
        let entry = Entry { seq, at: 1_000 + i64::try_from(seq).unwrap(), version: ENTRY_VERSION, fact };
        let told = self.room.apply(&entry);
        self.log.push(entry);
        self.told.extend(told.clone());
        Ok(told)
    }

    fn history(&self) -> History {
        let mut history = History::default();
        self.told.iter().for_each(|told| history.keep(told));
        history
    }
}

#[test]
fn a_second_socket_is_no_second_participant_and_the_user_leaves_with_the_last() {
    let mut story = Story::begin(PLACES);
    assert_eq!(story.ask(&join(1, 1)).unwrap()[0].event, server::USER_JOINED);
    assert!(story.ask(&join(1, 2)).unwrap().is_empty());
    assert_eq!(story.room.count(), 1);
    assert!(story.ask(&leave(1, 1)).unwrap().is_empty());
    assert_eq!(story.ask(&leave(1, 2)).unwrap()[0].event, server::USER_LEFT);
    assert_eq!(story.room.count(), 0);
}

#[test]
fn a_full_room_takes_who_is_in_again_and_nobody_else() {
    let mut story = Story::begin(2);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    assert_eq!(story.ask(&join(3, 1)).unwrap_err(), Refusal::Full { places: 2 });
    assert!(story.ask(&join(2, 2)).is_ok());
    story.ask(&leave(1, 1)).unwrap();
    assert!(story.ask(&join(3, 1)).is_ok());
}

#[test]
fn fewer_places_put_nobody_out() {
    let mut story = Story::begin(2);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    story.ask(&Command::Rule { places: 1 }).unwrap();
    assert_eq!(story.room.count(), 2);
    assert!(story.ask(&join(2, 2)).is_ok());
    assert!(story.ask(&join(3, 1)).is_err());
}

#[test]
fn texts_are_trimmed_and_bounded() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    let told = story.ask(&say(1, " \n hé  llo \t", None)).unwrap();
    assert!(told[0].data.get().contains("\"message\":\"hé  llo\""), "{}", told[0].data);
    assert_eq!(story.ask(&say(1, " \n\u{2003}", None)).unwrap_err(), Refusal::EmptyMessage);
    assert!(story.ask(&say(1, &"é".repeat(MESSAGE_MAX), None)).is_ok());
    assert_eq!(story.ask(&say(1, &"e".repeat(MESSAGE_MAX + 1), None)).unwrap_err(), Refusal::MessageTooLong);
    assert_eq!(story.ask(&say(2, "hi", None)).unwrap_err(), Refusal::NotInRoom);
}

#[test]
fn a_message_sent_again_with_its_id_appears_once_for_its_sender_alone() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    story.ask(&say(1, "one", Some("a"))).unwrap();
    let seq = story.log.last().unwrap().seq;
    let again = story.room.decide(&say(1, "one", Some("a"))).unwrap();
    assert!(matches!(again, Decision::SaidBefore { seq: before, .. } if before == seq), "{again:?}");
    assert_eq!(story.ask(&say(2, "mine", Some("a"))).unwrap().len(), 1);
    story.ask(&leave(1, 1)).unwrap();
    story.ask(&join(1, 2)).unwrap();
    assert!(story.ask(&say(1, "one", Some("a"))).unwrap().is_empty(), "also after leaving and coming back");
}

#[test]
fn remembered_ids_are_bounded_for_each_user() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    for n in 0..=CLIENT_MESSAGE_IDS_KEPT {
        story.ask(&say(1, "x", Some(&n.to_string()))).unwrap();
    }
    assert_eq!(story.ask(&say(1, "x", Some("0"))).unwrap().len(), 1);
    assert!(story.ask(&say(1, "x", Some("2"))).unwrap().is_empty());
}

#[test]
fn an_ended_room_lets_nobody_in_and_nobody_speak() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    let told = story.ask(&Command::End { reason: EndReason::Cancelled }).unwrap();
    assert_eq!(told[0].event, server::MEETING_ENDED);
    assert_eq!(story.room.count(), 0);
    assert_eq!(story.ask(&join(2, 1)).unwrap_err(), Refusal::Ended);
    assert_eq!(story.ask(&say(1, "x", None)).unwrap_err(), Refusal::Ended);
    assert!(story.ask(&leave(1, 1)).unwrap().is_empty());
    assert!(story.ask(&Command::End { reason: EndReason::Deleted }).unwrap().is_empty());
}

#[test]
fn who_was_away_gets_exactly_what_was_missed() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    story.ask(&say(2, "before", None)).unwrap();
    let since = story.room.top();
    story.ask(&leave(1, 1)).unwrap();
    story.ask(&say(2, "after", None)).unwrap();
    story.ask(&join(3, 1)).unwrap();
    let missed = story.history().missed(&user(1), since).unwrap();
    assert!(missed.recovered);
    assert_eq!(missed.messages.len(), 1);
    assert!(missed.messages[0].get().contains("after"));
    let events: Vec<_> = missed.events.iter().map(|event| event.event).collect();
    assert_eq!(events, [server::USER_JOINED], "their own leaving is not told to them");
}

#[test]
fn nothing_from_before_ones_admission_is_shown() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&say(1, "secret", None)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    story.ask(&say(1, "hello", None)).unwrap();
    let visible = story.room.visible_since(&user(2)).unwrap();
    let latest = story.history().latest(&user(2), visible);
    assert_eq!(latest.messages.len(), 1);
    assert!(latest.messages[0].get().contains("hello"));
    assert_eq!(story.room.visible_since(&user(3)), None);
}

#[test]
fn what_is_no_longer_held_is_said_so() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    for n in 0..=ROOM_LOG_ENTRIES {
        story.ask(&say(1, &n.to_string(), None)).unwrap();
    }
    let history = story.history();
    assert!(history.missed(&user(1), 1).is_none());
    assert!(history.missed(&user(1), story.room.top() - 5).is_some());
    assert_eq!(history.latest(&user(1), 0).messages.len(), RECENT_MESSAGES);
}

#[test]
fn a_miss_past_the_bound_is_not_recovered_and_the_latest_stay_within_it() {
    let mut story = Story::begin(PLACES);
    story.ask(&join(1, 1)).unwrap();
    let since = story.room.top();
    for _ in 0..100 {
        story.ask(&say(1, &"x".repeat(MESSAGE_MAX), None)).unwrap();
    }
    let history = story.history();
    assert!(history.missed(&user(1), since).is_none());
    let latest = history.latest(&user(1), since).messages;
    let bytes: usize = latest.iter().map(|message| message.get().len()).sum();
    assert!(!latest.is_empty() && bytes <= plenum_contract::limits::RESUME_MAX_BYTES, "{bytes}");
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        4 => (0..5_u8, 0..3_u8).prop_map(|(u, n)| join(u, n)),
        3 => (0..5_u8, 0..3_u8).prop_map(|(u, n)| leave(u, n)),
        4 => (0..5_u8, proptest::option::of("[ab]")).prop_map(|(u, id)| say(u, "hi", id.as_deref())),
        1 => (0..5_u32).prop_map(|places| Command::Rule { places }),
    ];
    proptest::collection::vec(command, 0..120)
}

proptest! {
    #[test]
    fn the_list_is_the_joins_less_the_leaves(commands in commands()) {
        let mut story = Story::begin(PLACES);
        let mut seats: HashSet<(UserId, SocketId)> = HashSet::new();
        for command in &commands {
            let done = story.ask(command).is_ok();
            match command {
                Command::Join { user, socket, .. } if done => { seats.insert((user.clone(), socket.clone())); }
                Command::Leave { user, socket } => { seats.remove(&(user.clone(), socket.clone())); }
                _ => {}
            }
            let expected: HashSet<UserId> = seats.iter().map(|(user, _)| user.clone()).collect();
            let listed: Vec<UserId> = story.room.participants().into_iter().map(|p| p.user_id).collect();
            prop_assert_eq!(listed.len(), expected.len());
            prop_assert_eq!(listed.into_iter().collect::<HashSet<_>>(), expected);
        }
    }

    #[test]
    fn capacity_is_never_passed_by_a_join(commands in commands()) {
        let mut story = Story::begin(PLACES);
        for command in &commands {
            let (places, before) = (story.room.places() as usize, story.room.count());
            let done = story.ask(command);
            if let (Command::Join { .. }, Ok(_)) = (command, done) {
                prop_assert!(story.room.count() <= places.max(before));
            }
        }
    }

    #[test]
    fn nobody_is_told_of_a_room_they_are_not_in(commands in commands()) {
        let mut story = Story::begin(PLACES);
        for command in &commands {
            for told in story.ask(command).unwrap_or_default() {
                if told.event == server::CHAT_MESSAGE {
                    let Command::Say { user, .. } = command else { panic!("only saying tells messages") };
                    prop_assert!(story.room.is_in(user));
                } else if let Command::Join { user, .. } | Command::Leave { user, .. } = command {
                    prop_assert!(!told.audience.includes(user), "one's own coming and going is for the others");
                }
            }
        }
    }

    #[test]
    fn a_snapshot_and_what_follows_give_the_same_room_as_the_whole_log(commands in commands(), cut in 0..120_usize) {
        let mut story = Story::begin(PLACES);
        for command in &commands {
            story.ask(command).ok();
        }
        let empty = || Room::new(MeetingId::parse("m").unwrap(), Epoch("e".into()));
        let (before, after) = story.log.split_at(cut.min(story.log.len()));
        let mut early = empty();
        for entry in before {
            early.apply(entry);
        }
        let stored = serde_json::to_string(&early).unwrap();
        let mut resumed: Room = serde_json::from_str(&stored).unwrap();
        resumed = resumed.restored();
        for entry in after {
            resumed.apply(entry);
        }
        prop_assert_eq!(resumed, story.room);
        for entry in &story.log {
            let stored = serde_json::to_string(entry).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Entry>(&stored).unwrap(), entry);
        }
    }

    #[test]
    fn numbers_only_rise_and_a_resume_from_anywhere_has_no_hole(commands in commands(), since in 0..120_u64) {
        let mut story = Story::begin(PLACES);
        story.ask(&join(0, 0)).unwrap();
        for command in &commands {
            story.ask(command).ok();
        }
        let numbers: Vec<u64> = story.told.iter().filter_map(|told| told.seq).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        let missed = story.history().missed(&user(0), since).unwrap();
        let expected = story.told.iter().filter(|told| {
            told.seq.is_some_and(|seq| seq > since) && told.audience.includes(&user(0))
        });
        prop_assert_eq!(missed.messages.len() + missed.events.len(), expected.count());
    }
}

/// What every implementation of [`RoomLog`] promises.
async fn a_log_keeps_its_promises<L: RoomLog>(log: L) {
    let meeting = MeetingId::random();
    let at = plenum_service::clock::from_millis(7);
    let opened = log.open(&meeting).await;
    let epoch = opened.snapshot.epoch().clone();
    assert!(opened.entries.is_empty());

    let fact = |command: &Command, room: &Room| match room.decide(command) {
        Ok(Decision::Append { fact, guard }) => (fact, guard),
        other => panic!("{other:?}"),
    };
    let mut room = opened.snapshot;
    let (rule, guard) = fact(&Command::Rule { places: 2 }, &room);
    room.apply(&log.append(&meeting, &epoch, rule, guard, at).await.unwrap());

    // Two decided to join under the same rules: one of them has to decide again.
    let (first, second) = (fact(&join(1, 1), &room), fact(&join(2, 1), &room));
    let entry = log.append(&meeting, &epoch, first.0, first.1, at).await.unwrap();
    assert_eq!((entry.seq, entry.at), (2, 7));
    let lost = log.append(&meeting, &epoch, second.0, second.1, at).await;
    assert_eq!(lost.unwrap_err(), AppendError::GuardLost);
    for missed in log.after(&meeting, room.top()).await {
        room.apply(&missed);
    }
    let again = fact(&join(2, 1), &room);
    room.apply(&log.append(&meeting, &epoch, again.0, again.1, at).await.unwrap());

    // Talking needs no guard and loses none.
    for n in 0..2 * ROOM_LOG_ENTRIES {
        let (said, guard) = fact(&say(1, &n.to_string(), None), &room);
        assert_eq!(guard, None);
        room.apply(&log.append(&meeting, &epoch, said, guard, at).await.unwrap());
        if n % 256 == 0 {
            log.renew(room.clone()).await;
        }
    }
    let loaded = log.open(&meeting).await;
    assert!(loaded.entries.len() <= ROOM_LOG_ENTRIES, "{}", loaded.entries.len());
    let mut folded = loaded.snapshot.clone().restored();
    for entry in loaded.entries.iter().filter(|entry| entry.seq > loaded.snapshot.top()) {
        folded.apply(entry);
    }
    assert_eq!(folded, room);

    log.remove(&meeting).await;
    let (said, guard) = fact(&say(1, "late", None), &room);
    assert_eq!(log.append(&meeting, &epoch, said, guard, at).await.unwrap_err(), AppendError::Gone);
    let fresh = log.open(&meeting).await.snapshot;
    assert_ne!(*fresh.epoch(), epoch);
    let (said, guard) = fact(&say(1, "later", None), &room);
    assert_eq!(log.append(&meeting, &epoch, said, guard, at).await.unwrap_err(), AppendError::Gone);
}

#[tokio::test]
async fn the_log_in_memory_keeps_its_promises() {
    a_log_keeps_its_promises(MemoryLog::default()).await;
}

#[tokio::test]
async fn appends_at_once_get_numbers_of_their_own() {
    let log = Arc::new(MemoryLog::default());
    let meeting = MeetingId::random();
    let epoch = log.open(&meeting).await.snapshot.epoch().clone();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50_u8 {
        let (log, meeting, epoch) = (log.clone(), meeting.clone(), epoch.clone());
        tasks.spawn(async move {
            let fact = super::entry::Fact::Left { user: user(n), socket: socket(n, 0) };
            log.append(&meeting, &epoch, fact, None, plenum_service::clock::from_millis(0)).await.unwrap().seq
        });
    }
    let numbers: HashSet<u64> = tasks.join_all().await.into_iter().collect();
    assert_eq!(numbers, (1..=50).collect());
}
