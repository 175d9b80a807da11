//! A room's recording says what each socket saw.

use std::sync::Arc;

use chat_backend::{
    meetings::LiveRooms as _,
    rooms::{
        act::Act,
        entry::{Scope, SocketId},
        inbox::{Answered, Inbound, Message, Sender},
        recording::{NotARecording, Recording},
        replay::Replay,
    },
};
use plenum_contract::{UserId, events::EndReason, limits::ROOM_GRACE};
use plenum_service::clock;

use super::{Ear, House, somebody};

impl House {
    async fn acts(&self, from: &Sender, act: Act) -> Option<String> {
        let from = from.clone();
        match self.asks(|answer| Inbound::Act { from, act, epoch: None, answer }).await.unwrap() {
            Answered::PollOpened(opened) => Some(opened.poll_id),
            _ => None,
        }
    }

    async fn calls(&self, from: &Sender, peer: &str) {
        let (from, peer) = (from.clone(), peer.into());
        self.asks(|answer| Inbound::Call { from, peer, passcode: None, answer }).await.unwrap();
    }

    async fn whispers(&self, from: &Sender, to: &UserId, text: &str) {
        let message = Message { text: text.into(), to: Some(to.clone()), ..Message::default() };
        let from = from.clone();
        self.asks(|answer| Inbound::Say { from, message, answer }).await.unwrap();
    }

    async fn recording(&self, texts: bool) -> String {
        let taken = self.rooms.record(&self.meeting.id, texts, clock::now()).await.unwrap().unwrap();
        serde_json::to_string(&taken).unwrap()
    }
}

/// What a recording says that a socket saw.
fn seen(recording: &str, socket: &SocketId) -> Vec<(&'static str, String)> {
    let (mut replay, entries) = Replay::of(Recording::parse(recording).unwrap());
    let steps = entries.iter().filter_map(|entry| replay.step(entry));
    let told = steps.flat_map(|step| step.told).filter(|told| told.to.iter().any(|(to, _)| to == socket));
    told.filter(|told| is_of_the_log(told.event))
        .map(|told| (told.event, told.data.get().to_owned()))
        .collect()
}

/// Lists of who is there come for several entries at once, and answers go to who asked.
fn is_of_the_log(event: &str) -> bool {
    !event.starts_with('(') && !["users:online", "call:peers-list"].contains(&event)
}

fn heard(ear: &Ear) -> Vec<(&'static str, String)> {
    let heard = ear.heard.lock().unwrap();
    heard.iter().filter(|(event, _)| is_of_the_log(event)).cloned().collect()
}

#[tokio::test]
async fn what_each_socket_saw_is_told_again_word_for_word() {
    let house = House::open(ROOM_GRACE).await;
    let ears: [Arc<Ear>; 4] = Default::default();
    let [ana, ben, cleo] = [("a", 0), ("b", 1), ("c", 2)].map(|(socket, ear)| somebody(socket, &ears[ear]));
    let again = Sender { who: ana.who.clone(), ..somebody("a2", &ears[3]) };
    house.joins(&ana, None).await;
    house.joins(&ben, None).await;
    house.says(&ana, "hello").await.unwrap();
    house.joins(&cleo, None).await;
    house.joins(&again, None).await;
    house.whispers(&ben, &cleo.who.user, "between us").await;
    for (socket, peer) in [(&ana, "first"), (&ben, "b"), (&again, "second")] {
        house.calls(socket, peer).await;
    }
    house.acts(&again, Act::Mute { on: false }).await;
    house.acts(&cleo, Act::RaiseHand).await;
    house.leaves(&cleo).await;
    let from = ben.clone();
    house.asks(|answer| Inbound::Leave { from, scope: Scope::Call, answer }).await.unwrap();
    house.says(&ana, "cleo does not hear this").await.unwrap();

    let recording = house.recording(true).await;
    for (sender, ear) in [(&ana, 0), (&ben, 1), (&cleo, 2), (&again, 3)] {
        let heard = heard(&ears[ear]);
        assert!(heard.len() >= 2, "{heard:?}");
        assert_eq!(seen(&recording, &sender.socket), heard, "{:?}", sender.socket);
    }
    house.rooms.ended(&house.meeting.id, EndReason::Cancelled);
    house.rooms.all_closed().await;
}

#[tokio::test]
async fn texts_are_taken_out_unless_asked_for_and_what_admits_people_always_is() {
    let house = House::open(ROOM_GRACE).await;
    let ana = somebody("a", &Arc::default());
    house.joins(&ana, None).await;
    house.says(&ana, "a secret plan").await.unwrap();
    let code = serde_json::to_value(&house.meeting.options.code).unwrap();
    let (without, with) = (house.recording(false).await, house.recording(true).await);
    assert!(with.contains("a secret plan"));
    assert!(!without.contains("secret") && without.contains("[13 characters]"), "{without}");
    for recording in [&without, &with] {
        assert!(!recording.contains(code.as_str().unwrap()), "{recording}");
    }
}

#[tokio::test]
async fn a_newer_form_is_named_and_not_misread() {
    let house = House::open(ROOM_GRACE).await;
    house.joins(&somebody("a", &Arc::default()), None).await;
    let recording = house.recording(false).await;
    let newer = recording.replacen("\"format\":1", "\"format\":9", 1);
    assert!(matches!(Recording::parse(&newer), Err(NotARecording::Newer { found: 9 })));
    let newer = recording.replacen("\"version\":1", "\"version\":7", 1);
    assert!(matches!(Recording::parse(&newer), Err(NotARecording::Newer { found: 7 })));
    assert!(matches!(Recording::parse(&recording[..recording.len() / 2]), Err(NotARecording::Unreadable(_))));
}
