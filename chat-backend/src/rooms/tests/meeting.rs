//! What a room promises of calls, hosts, hands, polls, and messages that change.

use plenum_contract::{
    events::{ChatMessage, Poll},
    limits::{POLLS_MAX, REACTIONS_PER_MESSAGE, WAITING_MAX},
};

use super::{super::act::Act, *};
use crate::meetings::Passcode;

const HOST: u8 = 0;

fn rules(change: impl FnOnce(&mut Options)) -> Command {
    let mut rules = open_rules();
    change(&mut rules.options);
    Command::Rule { places: 10, as_of: i64::MAX, rules: Box::new(rules) }
}

fn meeting(change: impl FnOnce(&mut Options)) -> Story {
    let mut story = Story::begin(10);
    story.ask(&rules(change)).unwrap();
    story
}

fn act(u: u8, act: Act) -> Command {
    Command::Act { user: user(u), name: format!("User {u}").into(), act }
}

fn call(u: u8, n: u8, peer: &str) -> Command {
    Command::Call { entrant: entrant(u, n), peer: peer.into(), places: 2 }
}

fn events(told: &[Delivery]) -> Vec<&'static str> {
    told.iter().map(|told| told.event).collect()
}

fn with_passcode(u: u8, passcode: Option<&str>) -> Command {
    Command::Join(Entrant { passcode: passcode.map(Into::into), ..entrant(u, 1) })
}

impl Story {
    fn say(&mut self, u: u8, text: &str) -> u64 {
        self.ask(&say(u, text, None)).unwrap()[0].seq.unwrap()
    }

    fn shown(&self, u: u8) -> Vec<ChatMessage> {
        let mut history = History::default();
        for entry in &self.log {
            if let Some(told) = self.room.message(entry) {
                history.keep(&told);
            }
            history.amend(entry);
        }
        let since = self.room.visible_since(&user(u)).unwrap();
        let latest = history.latest(&user(u), since);
        latest.messages.iter().map(|told| serde_json::from_str(told.get()).unwrap()).collect()
    }
}

#[test]
fn one_needs_the_passcode_and_hosts_and_who_was_in_do_not() {
    let mut story = meeting(|rules| rules.passcode = Passcode::parse("plenum"));
    assert_eq!(story.ask(&with_passcode(1, None)).unwrap_err(), Refusal::PasscodeRequired);
    assert_eq!(story.ask(&with_passcode(1, Some("plenun"))).unwrap_err(), Refusal::WrongPasscode);
    assert_eq!(story.ask(&call(1, 1, "p")).unwrap_err(), Refusal::PasscodeRequired, "nor by the call");
    story.ask(&with_passcode(HOST, None)).unwrap();
    story.ask(&with_passcode(1, Some(" plenum "))).unwrap();
    story.ask(&leave(1, 1)).unwrap();
    story.ask(&with_passcode(1, None)).unwrap();
}

#[test]
fn a_guest_comes_by_the_link_of_the_meeting_where_the_host_allows_it() {
    let guest = |code: &str| Command::Join(Entrant { guest: Some(code.into()), ..entrant(1, 1) });
    let mut story = meeting(|rules| rules.guests_allowed = true);
    assert_eq!(story.ask(&guest("nmkj-hgfe-dcba")).unwrap_err(), Refusal::NoGuests);
    story.ask(&guest("abcd-efgh-jkmn")).unwrap();
    assert!(story.room.participants()[0].guest);
    let mut closed = meeting(|_| {});
    assert_eq!(closed.ask(&guest("abcd-efgh-jkmn")).unwrap_err(), Refusal::NoGuests);
}

#[test]
fn who_waits_is_let_in_by_a_host_and_sees_nothing_from_before() {
    let mut story = meeting(|rules| rules.waiting_room = true);
    story.ask(&join(HOST, 1)).unwrap();
    story.say(HOST, "before");
    let told = story.ask(&join(1, 1)).unwrap();
    assert_eq!(events(&told), [server::LOBBY_WAITING]);
    assert!(
        told[0].audience.includes(&user(HOST), Places::ROOM)
            && !told[0].audience.includes(&user(2), Places::ROOM)
    );
    assert!(!story.room.is_in(&user(1)));
    assert_eq!(story.ask(&join(1, 1)).unwrap_err(), Refusal::Waits);
    assert_eq!(story.ask(&say(1, "let me in", None)).unwrap_err(), Refusal::NotInRoom);
    assert_eq!(story.room.live(&user(1)).waiting, []);
    assert_eq!(story.room.live(&user(HOST)).waiting[0].user_id, user(1));

    let told = story.ask(&act(HOST, Act::Admit { user: Some(user(1)) })).unwrap();
    assert_eq!(events(&told), [server::LOBBY_ADMITTED, server::LOBBY_WAITING]);
    let waits = Places { waits: true, ..Places::default() };
    assert!(told[0].audience.includes(&user(1), waits) && !told[0].audience.includes(&user(2), waits));
    story.ask(&join(1, 1)).unwrap();
    assert!(story.shown(1).is_empty());
    story.ask(&leave(1, 1)).unwrap();
    story.ask(&join(1, 2)).unwrap();
}

#[test]
fn who_is_denied_may_ask_again_and_who_goes_waits_no_longer() {
    let mut story = meeting(|rules| rules.waiting_room = true);
    story.ask(&join(HOST, 1)).unwrap();
    story.ask(&join(1, 1)).unwrap();
    let told = story.ask(&act(HOST, Act::Deny { user: user(1) })).unwrap();
    assert_eq!(events(&told), [server::LOBBY_DENIED, server::LOBBY_WAITING]);
    story.ask(&join(1, 1)).unwrap();
    story.ask(&leave(1, 1)).unwrap();
    assert_eq!(story.ask(&act(HOST, Act::Admit { user: Some(user(1)) })).unwrap_err(), Refusal::NobodyThere);
    story.ask(&join(1, 1)).unwrap();
    story.ask_at(&node(1), &join(2, 1)).unwrap();
    story.ask(&Command::Bury { node: node(1) }).unwrap();
    assert_eq!(story.room.live(&user(HOST)).waiting.len(), 1);
}

#[test]
fn so_many_wait_at_most_and_one_with_many_sockets_is_one() {
    let mut story = meeting(|rules| rules.waiting_room = true);
    let most = u8::try_from(WAITING_MAX).unwrap();
    for n in 0..most {
        story.ask(&join(1, n)).unwrap();
    }
    for u in 2..=most {
        story.ask(&join(u, 1)).unwrap();
    }
    assert_eq!(story.ask(&join(most + 1, 1)).unwrap_err(), Refusal::LobbyFull);
    story.ask(&join(2, 2)).unwrap();
}

#[test]
fn the_tools_are_the_hosts_and_the_co_hosts() {
    let mut story = meeting(|rules| rules.co_hosts = vec![user(1)]);
    for u in [HOST, 1, 2] {
        story.ask(&join(u, 1)).unwrap();
    }
    let poll =
        || Act::OpenPoll { question: "Q".into(), options: vec!["a".into(), "b".into()], multiple: false };
    for tool in [
        Act::Lock { on: true },
        Act::MuteOther { user: None },
        Act::Admit { user: None },
        Act::LowerHand { user: Some(user(1)) },
        Act::StopScreen { user: Some(user(1)) },
        poll(),
    ] {
        assert_eq!(story.ask(&act(2, tool)).unwrap_err(), Refusal::NotHost);
    }
    assert_eq!(events(&story.ask(&act(1, Act::Lock { on: true })).unwrap()), [server::MEETING_LOCKED]);
    assert_eq!(story.ask(&join(3, 1)).unwrap_err(), Refusal::Locked);
    story.ask(&leave(2, 1)).unwrap();
    story.ask(&join(2, 1)).unwrap();
    story.ask(&act(HOST, Act::Lock { on: false })).unwrap();
    story.ask(&join(3, 1)).unwrap();
}

#[test]
fn who_is_removed_is_out_of_everything_and_does_not_come_back() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1] {
        story.ask(&join(u, 1)).unwrap();
        story.ask(&call(u, 1, "p")).unwrap();
    }
    let told = story.ask(&Command::Remove { user: user(1), as_of: 1 }).unwrap();
    assert_eq!(events(&told), [server::MEETING_REMOVED, server::CALL_PEER_LEFT, server::USER_LEFT]);
    assert_eq!(story.ask(&join(1, 2)).unwrap_err(), Refusal::Removed);
    assert_eq!(story.ask(&call(1, 2, "p")).unwrap_err(), Refusal::Removed);
}

#[test]
fn the_call_has_places_of_its_own_and_a_seat_is_of_the_socket_that_took_it_last() {
    let mut story = meeting(|_| {});
    assert_eq!(events(&story.ask(&call(1, 1, "one")).unwrap()), [server::CALL_PEER_JOINED]);
    assert_eq!(story.room.count(), 0, "it takes no seat in the room");
    story.ask(&call(2, 1, "two")).unwrap();
    assert_eq!(story.ask(&call(3, 1, "three")).unwrap_err(), Refusal::CallFull { places: 2 });
    story.ask(&call(1, 2, "again")).unwrap();
    assert_eq!(&*story.room.peer(&user(1)).unwrap().id, "again");
    assert!(story.ask(&leave(1, 1)).unwrap().is_empty(), "it was another socket's by then");
    assert_eq!(events(&story.ask(&leave(1, 2)).unwrap()), [server::CALL_PEER_LEFT]);
    story.ask(&call(3, 1, "three")).unwrap();
}

#[test]
fn new_peers_are_muted_and_unseen_and_a_host_mutes() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1] {
        story.ask(&join(u, 1)).unwrap();
        story.ask(&call(u, 1, "p")).unwrap();
    }
    let peer = |story: &Story| story.room.callers(Some(&user(HOST)))[0].clone();
    assert!(peer(&story).is_muted && !peer(&story).is_video_on);
    assert!(story.ask(&act(1, Act::Mute { on: true })).unwrap().is_empty(), "it is so already");
    story.ask(&act(1, Act::Mute { on: false })).unwrap();
    story.ask(&act(1, Act::Video { on: true })).unwrap();
    assert!(!peer(&story).is_muted && peer(&story).is_video_on);
    let told = story.ask(&act(HOST, Act::MuteOther { user: None })).unwrap();
    assert_eq!(events(&told), [server::MEETING_MUTED, server::CALL_MUTE_STATUS]);
    assert!(peer(&story).is_muted);
    assert_eq!(story.ask(&act(2, Act::Mute { on: true })).unwrap_err(), Refusal::NotInCall);
}

#[test]
fn one_presents_at_a_time_and_no_longer_than_one_is_in_the_call() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1] {
        story.ask(&join(u, 1)).unwrap();
        story.ask(&call(u, 1, "p")).unwrap();
    }
    assert_eq!(events(&story.ask(&act(1, Act::ShareScreen)).unwrap()), [server::SCREEN_STARTED]);
    assert_eq!(story.ask(&act(HOST, Act::ShareScreen)).unwrap_err(), Refusal::ScreenTaken);
    assert_eq!(story.room.live(&user(HOST)).presenter, Some(user(1)));
    let left =
        story.ask(&Command::Leave { user: user(1), socket: socket(1, 1), scope: Scope::Call }).unwrap();
    assert_eq!(events(&left), [server::SCREEN_STOPPED, server::CALL_PEER_LEFT]);
    story.ask(&act(HOST, Act::ShareScreen)).unwrap();
    assert_eq!(
        events(&story.ask(&act(HOST, Act::StopScreen { user: None })).unwrap()),
        [server::SCREEN_STOPPED]
    );
}

#[test]
fn hands_stand_in_the_order_they_were_raised_and_go_down_with_their_user() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1, 2] {
        story.ask(&join(u, 1)).unwrap();
    }
    for u in [2, 1, HOST] {
        story.ask(&act(u, Act::RaiseHand)).unwrap();
    }
    assert!(story.ask(&act(2, Act::RaiseHand)).unwrap().is_empty());
    story.ask(&act(HOST, Act::LowerHand { user: Some(user(1)) })).unwrap();
    let up = |story: &Story| {
        story.room.live(&user(1)).hands.into_iter().map(|hand| hand.user_id).collect::<Vec<_>>()
    };
    assert_eq!(up(&story), [user(2), user(HOST)]);
    story.ask(&leave(2, 1)).unwrap();
    assert_eq!(up(&story), [user(HOST)]);
}

#[test]
fn a_poll_counts_what_each_chose_last_and_tells_nobody_who() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1] {
        story.ask(&join(u, 1)).unwrap();
    }
    let options = vec![" Monday ".into(), "Tuesday".into()];
    let opened =
        story.ask(&act(HOST, Act::OpenPoll { question: "When?".into(), options, multiple: false })).unwrap();
    let poll = opened[0].seq.unwrap();
    let vote = |u: u8, choices: &[u8]| act(u, Act::Vote { poll, choices: choices.to_vec() });
    for wrong in [&[2][..], &[0, 1], &[0, 0]] {
        assert_eq!(story.ask(&vote(1, wrong)).unwrap_err(), Refusal::InvalidVote);
    }
    story.ask(&vote(1, &[0])).unwrap();
    let told = story.ask(&vote(1, &[1])).unwrap();
    let counted: Poll = serde_json::from_str(told[0].data.get()).unwrap();
    assert_eq!((counted.counts, counted.voters), (vec![0, 1], 1));
    assert!(!told[0].data.get().contains("user-1"));
    assert_eq!(story.room.live(&user(1)).polls[0].choices, [1]);
    assert_eq!(story.room.live(&user(HOST)).polls[0].choices, [0_u8; 0]);
    story.ask(&act(HOST, Act::ClosePoll { poll })).unwrap();
    assert_eq!(story.ask(&vote(1, &[0])).unwrap_err(), Refusal::PollClosed);
    for _ in 1..POLLS_MAX {
        let options = vec!["a".into(), "b".into()];
        story.ask(&act(HOST, Act::OpenPoll { question: "Q".into(), options, multiple: true })).unwrap();
    }
    let options = vec!["a".into(), "b".into()];
    let more = act(HOST, Act::OpenPoll { question: "Q".into(), options, multiple: true });
    assert_eq!(story.ask(&more).unwrap_err(), Refusal::TooManyPolls);
}

#[test]
fn one_changes_ones_own_messages_and_a_host_deletes_anybodys() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1, 2] {
        story.ask(&join(u, 1)).unwrap();
    }
    let message = story.say(1, "frist");
    let edit = |u: u8| act(u, Act::Edit { message, text: " first ".into() });
    assert_eq!(story.ask(&edit(HOST)).unwrap_err(), Refusal::NotAuthor);
    story.ask(&edit(1)).unwrap();
    story.ask(&act(2, Act::React { message, reaction: "👍".into(), on: true })).unwrap();
    let shown = story.shown(2);
    assert_eq!((shown[0].message.as_str(), shown[0].edited_at.is_some()), ("first", true));
    assert_eq!(shown[0].reactions.as_ref().unwrap()[0].user_ids, [user(2)]);
    story.ask(&act(2, Act::React { message, reaction: "👍".into(), on: false })).unwrap();
    assert_eq!(story.shown(2)[0].reactions, None);

    assert_eq!(story.ask(&act(2, Act::Delete { message })).unwrap_err(), Refusal::NotAuthor);
    story.ask(&act(HOST, Act::Delete { message })).unwrap();
    assert!(story.shown(2).is_empty());
    assert_eq!(story.ask(&edit(1)).unwrap_err(), Refusal::NoMessage);
}

#[test]
fn a_deleted_text_is_in_nothing_that_is_told_later() {
    let mut story = meeting(|_| {});
    story.ask(&join(1, 1)).unwrap();
    let message = story.say(1, "a secret");
    story.ask(&act(1, Act::Edit { message, text: "another secret".into() })).unwrap();
    story.ask(&act(1, Act::Delete { message })).unwrap();
    let mut history = History::default();
    let mut room = Room::new(MeetingId::parse("m").unwrap(), Epoch("e".into()));
    for entry in &story.log {
        let told = room.apply(entry);
        history.amend(entry);
        for told in &told {
            history.keep(told);
        }
    }
    let missed = history.missed(&user(1), 0).unwrap();
    assert_eq!(missed.messages.len(), 0);
    let told: Vec<_> = missed.events.iter().map(|event| event.event).collect();
    assert_eq!(told, [server::CHAT_DELETED]);
}

#[test]
fn a_private_message_is_its_twos_and_so_is_what_becomes_of_it() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1, 2] {
        story.ask(&join(u, 1)).unwrap();
    }
    let Command::Say { user: from, name, text, client_message_id, reply_to, .. } = say(1, "just you", None)
    else {
        unreachable!()
    };
    let private = Command::Say { user: from, name, text, client_message_id, reply_to, to: Some(user(2)) };
    let told = story.ask(&private).unwrap();
    let message = told[0].seq.unwrap();
    let sees = |told: &Delivery, u: u8| told.audience.includes(&user(u), Places::ROOM);
    assert!(sees(&told[0], 1) && sees(&told[0], 2) && !sees(&told[0], HOST));
    assert!(story.shown(HOST).is_empty());
    assert_eq!(story.shown(2).len(), 1);
    let react = |u: u8| act(u, Act::React { message, reaction: "👍".into(), on: true });
    assert_eq!(story.ask(&react(HOST)).unwrap_err(), Refusal::NoMessage);
    let told = story.ask(&react(2)).unwrap();
    assert!(sees(&told[0], 1) && !sees(&told[0], HOST));
}

#[test]
fn a_message_to_oneself_is_nobody_elses() {
    let mut story = meeting(|_| {});
    for u in [HOST, 1] {
        story.ask(&join(u, 1)).unwrap();
    }
    let mut note = say(1, "not for you", None);
    if let Command::Say { to, .. } = &mut note {
        *to = Some(user(1));
    }
    let told = story.ask(&note).unwrap();
    let sees = |u: u8| told[0].audience.includes(&user(u), Places::ROOM);
    assert!(sees(1) && !sees(HOST));
}

#[test]
fn a_message_has_so_many_different_reactions() {
    let mut story = meeting(|_| {});
    story.ask(&join(1, 1)).unwrap();
    let message = story.say(1, "hello");
    let react = |n: u32| {
        let reaction = char::from_u32(0x1f600 + n).unwrap().to_string();
        act(1, Act::React { message, reaction, on: true })
    };
    for n in 0..u32::try_from(REACTIONS_PER_MESSAGE).unwrap() {
        story.ask(&react(n)).unwrap();
    }
    assert_eq!(story.ask(&react(40)).unwrap_err(), Refusal::TooManyReactions);
    let letter = act(1, Act::React { message, reaction: "x".into(), on: true });
    assert_eq!(story.ask(&letter).unwrap_err(), Refusal::InvalidReaction);
}
