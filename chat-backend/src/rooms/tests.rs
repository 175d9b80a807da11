//! What a room promises, on its state machine and log alone.

use std::collections::HashSet;

use plenum_contract::{
    MeetingId, UserId,
    events::{EndReason, server},
    limits::{CLIENT_MESSAGE_IDS_KEPT, MESSAGE_MAX, RECENT_MESSAGES, ROOM_LOG_ENTRIES},
};
use proptest::prelude::*;

use super::{
    delivery::{Delivery, Places},
    entry::{Command, Decision, ENTRY_VERSION, Entrant, Entry, Incarnation, Refusal, Scope, SocketId},
    history::History,
    state::{Epoch, Room},
};
use crate::meetings::{Code, Options, Rules};

mod meeting;

const PLACES: u32 = 3;

fn open_rules() -> Rules {
    let code = Code::parse("abcd-efgh-jkmn").unwrap();
    Rules { host: user(0), options: Options::open(code) }
}

fn user(n: u8) -> UserId {
    UserId::parse(&format!("user-{n}")).unwrap()
}

fn socket(user: u8, n: u8) -> SocketId {
    SocketId(format!("{user}/{n}").into())
}

fn node(n: u32) -> Incarnation {
    Incarnation::new("node", n)
}

fn entrant(u: u8, n: u8) -> Entrant {
    Entrant {
        user: user(u),
        name: format!("User {u}").into(),
        socket: socket(u, n),
        guest: None,
        passcode: None,
        known: false,
    }
}

fn join(u: u8, n: u8) -> Command {
    Command::Join(entrant(u, n))
}

fn leave(u: u8, n: u8) -> Command {
    Command::Leave { user: user(u), socket: socket(u, n), scope: Scope::All }
}

fn say(u: u8, text: &str, id: Option<&str>) -> Command {
    Command::Say {
        user: user(u),
        name: format!("User {u}").into(),
        text: text.into(),
        client_message_id: id.map(Into::into),
        reply_to: None,
        to: None,
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
        story.rule(places);
        story
    }

    fn rule(&mut self, places: u32) {
        let as_of = i64::try_from(self.log.len()).unwrap();
        self.ask(&Command::Rule { places, as_of, rules: Box::new(open_rules()) }).unwrap();
    }

    fn ask(&mut self, command: &Command) -> Result<Vec<Delivery>, Refusal> {
        self.ask_at(&node(0), command)
    }

    /// The same through another node.
    fn ask_at(&mut self, by: &Incarnation, command: &Command) -> Result<Vec<Delivery>, Refusal> {
        let Decision::Append { fact, .. } = self.room.decide(command)? else { return Ok(Vec::new()) };
        let seq = self.log.len() as u64 + 1;
        let (at, by) = (1_000 + i64::try_from(seq).unwrap(), by.clone());
        let entry = Entry { seq, at, by, turn: seq, version: ENTRY_VERSION, trace: None, fact };
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
    story.rule(1);
    assert_eq!(story.room.count(), 2);
    assert!(story.ask(&join(2, 2)).is_ok());
    assert!(story.ask(&join(3, 1)).is_err());
}

#[test]
fn what_the_store_said_earlier_does_not_undo_what_it_said_later() {
    let mut story = Story::begin(2);
    story.ask(&Command::Rule { places: 7, as_of: 100, rules: Box::new(open_rules()) }).unwrap();
    assert_eq!(
        story.room.decide(&Command::Rule { places: 3, as_of: 99, rules: Box::new(open_rules()) }),
        Ok(Decision::Nothing)
    );
    assert_eq!(story.room.places(), 7);
}

#[test]
fn when_a_node_is_gone_its_people_have_left_and_those_with_a_socket_elsewhere_stay() {
    let mut story = Story::begin(PLACES);
    story.ask_at(&node(1), &join(1, 1)).unwrap();
    story.ask_at(&node(1), &join(2, 1)).unwrap();
    story.ask_at(&node(2), &join(2, 2)).unwrap();
    let told = story.ask(&Command::Bury { node: node(1) }).unwrap();
    assert_eq!(told.iter().map(|told| told.event).collect::<Vec<_>>(), [server::USER_LEFT]);
    assert!(told[0].data.get().contains("user-1"));
    assert!(!story.room.is_in(&user(1)) && story.room.is_in(&user(2)));
    assert!(story.ask(&Command::Bury { node: node(1) }).unwrap().is_empty(), "once");
    // Its next life is another.
    story.ask_at(&node(3), &join(1, 1)).unwrap();
    assert!(story.room.is_in(&user(1)));
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
        1 => (0..5_u32).prop_map(|places| Command::Rule { places, as_of: i64::MAX, rules: Box::new(open_rules()) }),
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
                Command::Join(Entrant { user, socket, .. }) if done => { seats.insert((user.clone(), socket.clone())); }
                Command::Leave { user, socket, .. } => { seats.remove(&(user.clone(), socket.clone())); }
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
            if let (Command::Join(_), Ok(_)) = (command, done) {
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
                } else if let Command::Join(Entrant { user, .. }) | Command::Leave { user, .. } = command {
                    prop_assert!(!told.audience.includes(user, Places::ROOM), "one's own coming and going is for the others");
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
        resumed = resumed.restored(Epoch("e".into()));
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
            told.seq.is_some_and(|seq| seq > since) && told.audience.includes(&user(0), Places::ROOM)
        });
        prop_assert_eq!(missed.messages.len() + missed.events.len(), expected.count());
    }
}
