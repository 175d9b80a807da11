//! What every log of a room promises, on one node and on two: in memory, on Redis, and on a Redis Cluster.

use std::sync::Arc;

use chat_backend::{
    cluster::{Address, Cluster},
    meetings::{Code, Options, Rules},
    rooms::{
        act::Act,
        entry::{Command, Decision, Entrant, Entry, Fact, SocketId},
        log::{Heard, LogError, MemoryLogs, Opened, RoomLog, RoomLogs, fold},
        state::Room,
    },
};
use plenum_contract::{
    MeetingId, UserId,
    limits::{RECENT_MESSAGES, ROOM_LOG_ENTRIES, SNAPSHOT_EVERY},
};
use plenum_service::{Lifecycle, clock};

/// The same logs as two nodes see them; where there can only be one, it is both.
struct Nodes {
    here: Arc<dyn RoomLogs>,
    there: Arc<dyn RoomLogs>,
    apart: bool,
}

/// A room as one node has it.
struct Followed {
    log: Box<dyn RoomLog>,
    room: Room,
}

impl Followed {
    async fn open(logs: &Arc<dyn RoomLogs>, meeting: &MeetingId) -> Self {
        let Opened { log, snapshot, entries } = logs.open(meeting, true).await.unwrap().unwrap();
        Self { log, room: fold(snapshot, &entries) }
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            assert_eq!(entry.seq, self.room.top() + 1, "entries come in order and without a gap");
            self.room.apply(entry);
        }
    }

    fn decide(&self, command: &Command) -> (Fact, Option<u64>) {
        match self.room.decide(command) {
            Ok(Decision::Append { fact, guard }) => (fact, guard),
            other => panic!("{other:?}"),
        }
    }

    async fn append(&mut self, facts: Vec<Fact>, guard: Option<u64>) -> Result<Vec<Entry>, LogError> {
        let facts = facts.into_iter().map(Into::into).collect();
        let appended = match self.log.append(facts, guard, clock::from_millis(7)).await {
            Ok(appended) => appended,
            Err(LogError::GuardLost(before)) => {
                self.take(&before);
                return Err(LogError::GuardLost(before));
            }
            Err(error) => return Err(error),
        };
        self.take(&appended.before);
        self.take(&appended.own);
        Ok(appended.own)
    }

    async fn ask(&mut self, command: &Command) -> Vec<Entry> {
        let (fact, guard) = self.decide(command);
        self.append(vec![fact], guard).await.unwrap()
    }

    async fn catch_up(&mut self) {
        let missed = self.log.catch_up().await.unwrap();
        self.take(&missed);
    }
}

fn user(n: u32) -> UserId {
    UserId::parse(&format!("user-{n}")).unwrap()
}

fn join(n: u32) -> Command {
    Command::Join(Entrant {
        user: user(n),
        name: "Ana".into(),
        socket: SocketId(format!("{n}").into()),
        guest: None,
        passcode: None,
        known: false,
    })
}

fn say(n: u32, text: &str) -> Command {
    Command::Say {
        user: user(n),
        name: "Ana".into(),
        text: text.into(),
        client_message_id: None,
        reply_to: None,
        to: None,
    }
}

fn rule(places: u32, as_of: i64) -> Command {
    let code = Code::parse("abcd-efgh-jkmn").unwrap();
    let rules = Rules { host: user(1), options: Options::open(code) };
    Command::Rule { places, as_of, rules: Box::new(rules) }
}

async fn on_redis(variable: &str) -> Option<Nodes> {
    #[expect(clippy::disallowed_methods, reason = "a test's own settings")]
    let Ok(url) = std::env::var(variable) else {
        assert!(std::env::var("CI").is_err(), "{variable} is not set");
        eprintln!("SKIPPED: {variable} is not set");
        return None;
    };
    let node = async || {
        let address = Address::parse(&url).unwrap();
        Arc::new(Cluster::join(address, None, &Lifecycle::new()).await.unwrap())
    };
    Some(Nodes { here: node().await, there: node().await, apart: true })
}

fn in_memory() -> Nodes {
    let logs = Arc::new(MemoryLogs::default());
    Nodes { here: logs.clone(), there: logs, apart: false }
}

macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(super::in_memory()).await; })*
        }
        mod redis {
            $(#[tokio::test] async fn $name() {
                if let Some(nodes) = super::on_redis("TEST_REDIS_URL").await {
                    super::$name(nodes).await;
                }
            })*
        }
        mod redis_cluster {
            $(#[tokio::test] async fn $name() {
                if let Some(nodes) = super::on_redis("TEST_REDIS_CLUSTER_URL").await {
                    super::$name(nodes).await;
                }
            })*
        }
    };
}

promises!(
    of_two_who_take_the_last_place_one_decides_again,
    talking_needs_no_guard_and_all_follow_one_order,
    a_deleted_text_is_gone_from_the_log_and_the_rest_stays,
    a_log_stays_within_its_bound_and_gives_the_same_room_again,
    the_latest_messages_stay_behind_a_snapshot,
    a_log_that_was_let_go_takes_nothing_more,
    a_log_goes_only_when_nobody_appended,
    without_a_log_there_is_nothing_to_open,
    a_message_that_was_taken_elsewhere_is_not_taken_again,
    what_one_node_appends_the_other_hears,
    a_node_that_was_declared_gone_hears_of_it_and_begins_again,
);

async fn of_two_who_take_the_last_place_one_decides_again(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(1, 0)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    let (first, second) = (here.decide(&join(1)), there.decide(&join(2)));
    here.append(vec![first.0], first.1).await.unwrap();
    let lost = there.append(vec![second.0], second.1).await.unwrap_err();
    assert!(matches!(lost, LogError::GuardLost(before) if before.len() == 1));
    assert_eq!(there.room, here.room);
    assert!(there.room.decide(&join(2)).is_err(), "the place is taken");
}

async fn talking_needs_no_guard_and_all_follow_one_order(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    for n in 0..20 {
        let by = if n % 3 == 0 { &mut here } else { &mut there };
        let (fact, guard) = by.decide(&say(1, &n.to_string()));
        assert_eq!(guard, None);
        let own = by.append(vec![fact.clone(), fact], guard).await.unwrap();
        assert_eq!(own[1].seq, own[0].seq + 1, "what is appended together stays together");
    }
    here.catch_up().await;
    there.catch_up().await;
    assert_eq!(here.room, there.room);
    assert_eq!(here.room.top(), 42);
}

async fn a_message_that_was_taken_elsewhere_is_not_taken_again(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    here.ask(&join(2)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    let mine = |n: u32, id: &str| Command::Say {
        user: user(n),
        name: "Ana".into(),
        text: "hello".into(),
        client_message_id: Some(id.into()),
        reply_to: None,
        to: None,
    };
    // Both have decided when the client, which was cut off from the one, has sent it again by the other.
    let (late, guard) = here.decide(&mine(1, "a"));
    let (next, _) = here.decide(&mine(1, "b"));
    there.ask(&mine(1, "a")).await;
    let lost = here.append(vec![next.clone(), late], guard).await.unwrap_err();
    assert!(matches!(lost, LogError::GuardLost(before) if before.len() == 1));
    assert!(matches!(here.room.decide(&mine(1, "a")), Ok(Decision::SaidBefore { .. })));
    // Nothing of it was appended, and what nobody else has said is.
    here.append(vec![next], guard).await.unwrap();
    // Another's message of the same id is another message.
    there.ask(&mine(2, "b")).await;
    here.catch_up().await;
    assert_eq!(here.room, there.room);
    assert_eq!(here.room.top(), 6);
}

async fn a_log_stays_within_its_bound_and_gives_the_same_room_again(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    let mut full = 0;
    for n in 0..2 * ROOM_LOG_ENTRIES {
        let (fact, guard) = here.decide(&say(1, &n.to_string()));
        while let Err(error) = here.append(vec![fact.clone()], guard).await {
            assert_eq!(error, LogError::Full);
            full += 1;
            here.log.renew(here.room.clone(), here.room.top() - 10).await.unwrap();
        }
    }
    assert_eq!(full, 2, "it is full once a thousand entries");
    let again = Followed::open(&nodes.there, &meeting).await;
    assert_eq!(again.room, here.room);
}

async fn the_latest_messages_stay_behind_a_snapshot(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    for n in 0..SNAPSHOT_EVERY {
        here.ask(&say(1, &n.to_string())).await;
    }
    let keep_from = here.room.top() - RECENT_MESSAGES as u64 + 1;
    here.log.renew(here.room.clone(), keep_from).await.unwrap();
    here.ask(&say(1, "later")).await;
    let opened = nodes.there.open(&meeting, false).await.unwrap().unwrap();
    assert_eq!(opened.snapshot.top(), here.room.top() - 1);
    assert_eq!(opened.entries.len(), RECENT_MESSAGES + 1);
    assert_eq!(opened.entries[0].seq, keep_from);
}

async fn a_deleted_text_is_gone_from_the_log_and_the_rest_stays(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    here.ask(&say(1, "stays")).await;
    here.ask(&say(1, "goes")).await;
    let message = here.room.top();
    let act = |act| Command::Act { user: user(1), name: "Ana".into(), act };
    here.ask(&act(Act::Edit { message, text: "goes too".into() })).await;
    here.ask(&act(Act::React { message: message - 1, reaction: "👍".into(), on: true })).await;
    there.catch_up().await;
    here.ask(&act(Act::Delete { message })).await;
    here.ask(&say(1, "later")).await;
    there.catch_up().await;
    assert_eq!(here.room, there.room);
    let opened = nodes.there.open(&meeting, false).await.unwrap().unwrap();
    let kept = format!("{:?}", opened.entries);
    assert!(kept.contains("stays") && kept.contains("later") && !kept.contains("goes"), "{kept}");
    assert_eq!(opened.entries.len(), 8);
    there.ask(&say(1, "and the log goes on")).await;
    assert_eq!(fold(opened.snapshot, &opened.entries).top() + 1, there.room.top());
}

async fn a_log_that_was_let_go_takes_nothing_more(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    assert!(here.log.remove().await.unwrap());
    let (fact, guard) = there.decide(&say(1, "late"));
    assert_eq!(there.append(vec![fact.clone()], guard).await, Err(LogError::Lost));
    let fresh = Followed::open(&nodes.here, &meeting).await;
    assert_ne!(fresh.room.epoch(), there.room.epoch());
    assert_eq!(fresh.room.top(), 0);
    assert_eq!(there.append(vec![fact], guard).await, Err(LogError::Lost), "nor does another epoch's log");
    assert_eq!(there.log.catch_up().await, Err(LogError::Lost));
}

async fn a_log_goes_only_when_nobody_appended(nodes: Nodes) {
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    there.ask(&join(1)).await;
    assert!(!here.log.remove().await.unwrap());
    there.ask(&say(1, "still here")).await;
    assert!(there.log.remove().await.unwrap());
}

async fn without_a_log_there_is_nothing_to_open(nodes: Nodes) {
    let meeting = MeetingId::random();
    assert!(nodes.here.open(&meeting, false).await.unwrap().is_none());
    assert_eq!(nodes.here.seats_of_the_dead(&meeting).await, Ok(Vec::new()));
    Followed::open(&nodes.there, &meeting).await;
    assert!(nodes.here.open(&meeting, false).await.unwrap().is_some());
    assert!(nodes.here.meetings().await.unwrap().contains(&meeting));
}

async fn what_one_node_appends_the_other_hears(nodes: Nodes) {
    if !nodes.apart {
        return;
    }
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    let (fact, _) = here.decide(&say(1, "one\ntwo"));
    here.append(vec![fact.clone(), fact], None).await.unwrap();
    while there.room.top() < here.room.top() {
        match there.log.heard().await {
            Heard::Entries(entries) => there.take(&entries),
            Heard::Behind => there.catch_up().await,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(there.room, here.room);
    // What is passing comes too, and not back to who said it.
    let data = chat_backend::rooms::delivery::encode(&serde_json::json!({ "a": 1 }));
    here.log.pass(Some(&user(1)), "typing:start", &data);
    let (but, event, data) = loop {
        match there.log.heard().await {
            Heard::Passing { but, event, data } => break (but, event, data),
            Heard::Behind => there.catch_up().await, // whoever compares looked just then
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((but, event.as_str(), data.get()), (Some(user(1)), "typing:start", "{\"a\":1}"));
}

async fn a_node_that_was_declared_gone_hears_of_it_and_begins_again(nodes: Nodes) {
    if !nodes.apart {
        return;
    }
    let meeting = MeetingId::random();
    let mut here = Followed::open(&nodes.here, &meeting).await;
    here.ask(&rule(5, 0)).await;
    here.ask(&join(1)).await;
    let mut there = Followed::open(&nodes.there, &meeting).await;
    there.ask(&Command::Bury { node: here.log.by().clone() }).await;
    assert_eq!(there.room.count(), 0);
    // It has not heard yet, and what it says comes too late.
    let (fact, guard) = here.decide(&say(1, "I am here"));
    let late = here.append(vec![fact.clone()], guard).await.unwrap_err();
    assert!(matches!(late, LogError::GuardLost(_)), "{late:?}");
    assert_eq!(here.room, there.room);
    assert_eq!(here.append(vec![fact], guard).await, Err(LogError::Declared));
    let before = here.log.by().clone();
    here.log.begin_again();
    assert_ne!(*here.log.by(), before);
    here.ask(&join(1)).await;
    there.catch_up().await;
    assert_eq!((there.room.count(), &there.room), (1, &here.room));
}
