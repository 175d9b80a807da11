//! Live rooms on an embedded store: what comes and goes with time.

mod letters;
mod logs;
mod recordings;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chat_backend::{
    attendance::Attendance,
    live_counts::LiveCounts,
    meetings::{LiveRooms, Meeting, Meetings, Passcodes, Places},
    rooms::{
        Bounds, Rooms,
        delivery::{Packet, Recipient},
        entry::{Scope, SocketId},
        inbox::{Answer, Answered, Inbound, Message, Resume, Sender},
        log::MemoryLogs,
    },
    store::{Bounded, sql::SqlStore},
};
use plenum_contract::{
    Caller, MeetingId, SessionId, UserId,
    error::{ErrorCode, Problem},
    events::{EndReason, Joined},
    limits::{ROOM_GRACE, SNAPSHOT_EVERY},
};
use plenum_service::{Lifecycle, clock, database::Database, traces::Trace};
use tokio::sync::oneshot;

struct House {
    rooms: Rooms,
    meeting: Meeting,
    logs: Arc<MemoryLogs>,
    store: Arc<Bounded<SqlStore>>,
    life: Lifecycle,
    folder: std::path::PathBuf,
}

/// A socket that notes what it is told.
#[derive(Default)]
struct Ear {
    /// What it was told, and what of it has gone out.
    told: Mutex<Vec<(&'static str, String)>>,
    heard: Mutex<Vec<(&'static str, String)>>,
    gone: bool,
}

impl Ear {
    fn heard(&self) -> Vec<&'static str> {
        self.heard.lock().unwrap().iter().map(|(event, _)| *event).collect()
    }
}

impl Recipient for Ear {
    fn deliver(&self, packet: &Packet<'_>) {
        self.told.lock().unwrap().push((packet.event, packet.data.get().to_owned()));
    }
    fn flush(&self) {
        self.heard.lock().unwrap().append(&mut self.told.lock().unwrap());
    }
    fn is_in(&self, _: &MeetingId) -> bool {
        !self.gone
    }
    fn is_out_of(&self, _: &MeetingId) {
        self.heard.lock().unwrap().push(("(out)", String::new()));
    }
    fn cut(&self) {
        self.heard.lock().unwrap().push(("(cut)", String::new()));
    }
}

impl House {
    async fn open(grace: Duration) -> Self {
        let folder = std::env::temp_dir().join(format!("plenum-rooms-{}", UserId::random()));
        let url = format!("sqlite://{}", folder.join("meetings.db").display());
        let store = SqlStore::open(Database::open(&url).await.unwrap()).await.unwrap();
        let (store, life) = (Arc::new(Bounded(store)), Lifecycle::new());
        let counts = LiveCounts::start(store.clone(), &life);
        let attendance = Attendance::start(store.clone(), &life);
        let logs = Arc::<MemoryLogs>::default();
        let rooms = Rooms::new(
            logs.clone(),
            store.clone(),
            counts,
            attendance,
            Passcodes::default(),
            Bounds { call_places: 10, grace },
            life.clone(),
        );
        let places = Places { usual: 10, most: 1_000 };
        let meetings =
            Meetings::new(store.clone(), Arc::new(rooms.clone()), Passcodes::default(), places, life.clone());
        let sent = serde_json::json!({ "title": "Plan", "date": "2026-12-01", "time": "10:00" });
        let sent = sent.as_object().unwrap();
        let meeting = meetings.create(UserId::random(), sent, clock::now()).await.unwrap();
        Self { rooms, meeting, logs, store, life, folder }
    }

    /// Closes every room, whose logs stay, and lets others open them.
    async fn hands_over(&mut self) {
        self.life.stop();
        self.rooms.all_closed().await;
        self.life = Lifecycle::new();
        let counts = LiveCounts::start(self.store.clone(), &self.life);
        let attendance = Attendance::start(self.store.clone(), &self.life);
        self.rooms = Rooms::new(
            self.logs.clone(),
            self.store.clone(),
            counts,
            attendance,
            Passcodes::default(),
            Bounds { call_places: 10, grace: ROOM_GRACE },
            self.life.clone(),
        );
    }

    async fn asks(&self, inbound: impl FnOnce(Answer) -> Inbound) -> Result<Answered, Problem> {
        let (tell, told) = oneshot::channel();
        let answer: Answer = Box::new(move |outcome| drop(tell.send(outcome)));
        self.rooms.ask(&self.meeting.id, inbound(answer));
        told.await.expect("an answer")
    }

    async fn joins(&self, from: &Sender, resume: Option<Resume>) -> Joined {
        let from = from.clone();
        match self.asks(|answer| Inbound::Join { from, resume, passcode: None, answer }).await {
            Ok(Answered::Joined(joined)) => *joined,
            other => panic!("{other:?}"),
        }
    }

    async fn leaves(&self, from: &Sender) {
        let from = from.clone();
        assert!(matches!(
            self.asks(|answer| Inbound::Leave { from, scope: Scope::Room, answer }).await,
            Ok(Answered::Done)
        ));
    }

    async fn says(&self, from: &Sender, text: &str) -> Result<Answered, Problem> {
        let (from, message) = (from.clone(), Message { text: text.into(), ..Message::default() });
        self.asks(|answer| Inbound::Say { from, message, answer }).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn somebody(socket: &str, ear: &Arc<Ear>) -> Sender {
    let who = Caller {
        user: UserId::random(),
        session: SessionId::random(),
        name: "Ana".into(),
        expires_at: None,
        guest: None,
    };
    Sender {
        who: Arc::new(who),
        socket: SocketId(socket.into()),
        recipient: ear.clone(),
        trace: Trace::default(),
    }
}

#[tokio::test]
async fn who_comes_back_within_the_grace_time_finds_what_was_said() {
    let house = House::open(ROOM_GRACE).await;
    let ana = somebody("a", &Arc::default());
    let joined = house.joins(&ana, None).await;
    house.says(&ana, "anybody there?").await.unwrap();
    house.leaves(&ana).await;
    let resume = Resume { epoch: joined.epoch.clone(), since: joined.seq };
    let back = house.joins(&ana, Some(resume)).await;
    assert_eq!((back.epoch, back.recovered, back.first), (joined.epoch, true, false));
    assert_eq!(back.messages.len(), 1);
}

#[tokio::test]
async fn what_was_missed_is_told_however_often_the_room_has_been_opened_since() {
    let mut house = House::open(ROOM_GRACE).await;
    let (ana, ben) = (somebody("a", &Arc::default()), somebody("b", &Arc::default()));
    let joined = house.joins(&ana, None).await;
    for n in 0..SNAPSHOT_EVERY + 20 {
        house.says(&ana, &n.to_string()).await.unwrap();
    }
    let resume = Resume { epoch: joined.epoch, since: joined.seq + SNAPSHOT_EVERY as u64 - 30 };
    house.leaves(&ana).await;
    for _ in 0..2 {
        house.hands_over().await;
        house.joins(&ben, None).await;
        house.says(&ben, "one more").await.unwrap();
        house.leaves(&ben).await;
    }
    house.hands_over().await;
    let back = house.joins(&ana, Some(resume)).await;
    assert!(back.recovered, "though the log survives");
    assert_eq!(back.messages.len(), 50 + 2);
}

#[tokio::test]
async fn an_idle_room_is_gone_after_the_grace_time() {
    let house = House::open(Duration::from_millis(50)).await;
    let ana = somebody("a", &Arc::default());
    let joined = house.joins(&ana, None).await;
    house.says(&ana, "bye").await.unwrap();
    assert_eq!(house.rooms.stats().await, (1, 1));
    house.leaves(&ana).await;
    assert_eq!(house.rooms.stats().await, (0, 0));
    house.rooms.all_closed().await;
    let resume = Resume { epoch: joined.epoch.clone(), since: joined.seq };
    let back = house.joins(&ana, Some(resume)).await;
    assert_ne!(back.epoch, joined.epoch);
    assert!(!back.recovered && back.messages.is_empty(), "nothing of a room outlives it");
}

#[tokio::test]
async fn a_room_that_ends_tells_everybody_and_is_gone_at_once() {
    let house = House::open(ROOM_GRACE).await;
    let ear = Arc::<Ear>::default();
    let ana = somebody("a", &ear);
    house.joins(&ana, None).await;
    house.rooms.ended(&house.meeting.id, EndReason::Cancelled);
    house.rooms.all_closed().await;
    assert_eq!(ear.heard()[1..], ["meeting:ended", "(out)"]);
    let refused = house.says(&ana, "hello?").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotInMeeting);
}

#[tokio::test]
async fn a_join_and_what_follows_it_keep_their_order_although_the_store_comes_between() {
    let house = House::open(ROOM_GRACE).await;
    let ear = Arc::<Ear>::default();
    let ana = somebody("a", &ear);
    let from = ana.clone();
    let (tell, joined) = oneshot::channel();
    let answer: Answer = Box::new(move |outcome| drop(tell.send(outcome)));
    house.rooms.ask(&house.meeting.id, Inbound::Join { from, resume: None, passcode: None, answer });
    // Asked before the join is answered.
    house.says(&ana, "right behind").await.unwrap();
    house.leaves(&ana).await;
    assert!(matches!(joined.await.unwrap(), Ok(Answered::Joined(_))));
    assert_eq!(ear.heard(), ["users:online", "chat:message", "(out)"]);
}

#[tokio::test]
async fn a_socket_that_goes_while_its_join_is_under_way_leaves_no_seat() {
    let house = House::open(Duration::from_millis(50)).await;
    let ear = Arc::new(Ear { gone: true, ..Ear::default() });
    let (tell, told) = oneshot::channel();
    let answer: Answer = Box::new(move |outcome| drop(tell.send(outcome)));
    let from = somebody("a", &ear);
    house.rooms.ask(&house.meeting.id, Inbound::Join { from, resume: None, passcode: None, answer });
    assert!(told.await.is_err(), "nobody is there to be answered");
    house.rooms.all_closed().await;
}
