//! What people ask of a room, one thing after the other.

use std::sync::Arc;

use jiff::Timestamp;
use plenum_contract::{
    UserId,
    error::{ErrorCode, Problem},
    events::{self, Joined, MessageTaken, Typing},
    limits::ROSTER_AT_ONCE_MAX,
};
use plenum_service::clock;

use super::{
    super::{
        delivery::{Audience, Delivery, Packet, encode},
        entry::{Command, Refusal},
        inbox::{Answer, Answered, Inbound, Resume, Sender},
        log::RoomLog,
    },
    LiveRoom, Member,
    keeping::Outcome,
};

impl<L: RoomLog> LiveRoom<L> {
    pub(super) async fn handle(&mut self, inbound: Inbound) {
        if self.roster_due_now && !matches!(inbound, Inbound::Join { .. }) {
            self.tell_roster();
        }
        match inbound {
            Inbound::Join { from, resume, answer } => self.join(from, resume, answer).await,
            Inbound::Leave { from, answer } => {
                self.leave(&from).await;
                answer(Ok(Answered::Done));
            }
            Inbound::Say { from, text, client_message_id, answer } => {
                answer(self.say(&from, text, client_message_id).await.map(Answered::Said));
            }
            Inbound::Typing { from, event, answer } => answer(self.typing(&from, event)),
            Inbound::Ruled { places, as_of } => self.say_rules(places, as_of).await,
            Inbound::End { reason } => {
                if let Ok(Outcome::Appended(_, deliveries)) = self.commit(&Command::End { reason }).await {
                    self.tell(&deliveries);
                    for (_, member) in self.members.drain() {
                        member.recipient.flush();
                        member.recipient.is_out_of(self.room.meeting());
                    }
                    self.people_changed();
                }
                self.roster_due = None;
                self.closes_at = Some(clock::instant());
            }
        }
    }

    async fn join(&mut self, from: Sender, resume: Option<Resume>, answer: Answer) {
        let was_in = self.room.is_in(&from.who.user);
        let before = self.room.top();
        let outcome = match self.commit(&join_of(&from)).await {
            Ok(outcome) => outcome,
            Err(problem) => return answer(Err(problem)),
        };
        if let Outcome::Appended(_, deliveries) = &outcome {
            self.tell(deliveries);
        }
        if !from.recipient.is_in(self.room.meeting()) {
            return self.leave(&from).await; // it went while its join was under way
        }
        answer(Ok(Answered::Joined(Box::new(self.snapshot_for(&from.who.user, resume.as_ref(), before)))));
        let member = Member { user: from.who.user.clone(), recipient: from.recipient };
        if was_in || self.room.count() > ROSTER_AT_ONCE_MAX {
            let roster = encode(&self.roster());
            member.recipient.deliver(&Packet::new(events::server::USERS_ONLINE, &roster));
        }
        self.members.insert(from.socket, member);
        if was_in {
            return;
        }
        self.closes_at = None;
        self.people_changed();
    }

    /// The room as a user may see it; `before` is the log's top before the join itself.
    fn snapshot_for(&self, user: &UserId, resume: Option<&Resume>, before: u64) -> Joined {
        let visible = self.room.visible_since(user).unwrap_or_else(|| self.room.top());
        let missed = resume
            .filter(|resume| *resume.epoch == *self.room.epoch().0)
            .filter(|resume| (visible..=before).contains(&resume.since))
            .and_then(|resume| self.history.missed(user, resume.since))
            .unwrap_or_else(|| self.history.latest(user, visible));
        let participants = self.room.participants();
        Joined {
            meeting_id: self.room.meeting().clone(),
            count: participants.len(),
            participants,
            epoch: self.room.epoch().0.to_string(),
            seq: self.room.top(),
            messages: missed.messages,
            events: missed.events,
            state: serde_json::Map::new(),
            recovered: missed.recovered,
            first: resume.is_none(),
        }
    }

    async fn leave(&mut self, from: &Sender) {
        if let Some(member) = self.members.remove(&from.socket) {
            member.recipient.is_out_of(self.room.meeting());
        }
        let leave = Command::Leave { user: from.who.user.clone(), socket: from.socket.clone() };
        match self.commit(&leave).await {
            Ok(Outcome::Appended(_, deliveries)) => {
                self.tell(&deliveries);
                if !deliveries.is_empty() {
                    self.people_changed();
                }
            }
            Ok(_) => {}
            Err(problem) => tracing::error!(code = problem.code.as_str(), "a leaving could not be noted"),
        }
        if self.room.count() == 0 && self.closes_at.is_none() {
            self.closes_at = Some(clock::instant() + self.shared.grace);
        }
    }

    async fn say(
        &mut self,
        from: &Sender,
        text: Arc<str>,
        client_message_id: Option<Arc<str>>,
    ) -> Result<MessageTaken, Problem> {
        let own_id = client_message_id.as_deref().map(str::to_owned);
        let say = Command::Say {
            user: from.who.user.clone(),
            name: from.who.name.as_str().into(),
            text,
            client_message_id,
        };
        let (seq, at) = match self.commit(&say).await? {
            Outcome::Appended(entry, deliveries) => {
                self.tell(&deliveries);
                (entry.seq, entry.at)
            }
            Outcome::SaidBefore { seq, at } => (seq, at),
            Outcome::Nothing => return Err(ErrorCode::Internal.into()),
        };
        Ok(MessageTaken {
            message_id: self.room.message_id(seq),
            seq,
            timestamp: clock::iso(clock::from_millis(at)),
            client_message_id: own_id,
        })
    }

    fn typing(&mut self, from: &Sender, event: &'static str) -> Result<Answered, Problem> {
        if !self.room.is_in(&from.who.user) {
            return Err(ErrorCode::NotInMeeting.into());
        }
        let typing = Typing {
            meeting_id: self.room.meeting().clone(),
            user_id: from.who.user.clone(),
            username: from.who.name.clone(),
        };
        self.tell(&[Delivery::passing(Audience::Others(from.who.user.clone()), event, &typing)]);
        Ok(Answered::Done)
    }

    pub(super) async fn say_rules(&mut self, places: u32, as_of: Timestamp) {
        if as_of < self.places_as_of {
            return; // an earlier change that was told later
        }
        (self.places, self.places_as_of) = (places, as_of);
        if let Err(problem) = self.commit(&Command::Rule { places }).await
            && problem.code != ErrorCode::MeetingEnded
        {
            tracing::error!(code = problem.code.as_str(), "a room's rules could not be noted");
        }
    }
}

pub(super) fn join_of(from: &Sender) -> Command {
    Command::Join {
        user: from.who.user.clone(),
        name: from.who.name.as_str().into(),
        socket: from.socket.clone(),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full { places } => Self::new(ErrorCode::MeetingFull).with("n", places),
            Refusal::Ended => ErrorCode::MeetingEnded.into(),
            Refusal::NotInRoom => ErrorCode::NotInMeeting.into(),
            Refusal::EmptyMessage => ErrorCode::EmptyMessage.into(),
            Refusal::MessageTooLong => ErrorCode::MessageTooLong.into(),
        }
    }
}
