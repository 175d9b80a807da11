//! What people ask of a room, and what they are answered when the log has taken it.

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
        entry::{Command, Entry, Refusal},
        inbox::{Answer, Answered, Inbound, Resume, Sender},
    },
    LiveRoom, Member,
    batch::{ComesTo, Step},
};

/// What asks for a decision; none for what is not for the log.
pub(super) fn command_of(inbound: &Inbound) -> Option<Command> {
    Some(match inbound {
        Inbound::Join { from, .. } => join_of(from),
        Inbound::Leave { from, .. } => {
            Command::Leave { user: from.who.user.clone(), socket: from.socket.clone() }
        }
        Inbound::Say { from, text, client_message_id, .. } => Command::Say {
            user: from.who.user.clone(),
            name: from.who.name.as_str().into(),
            text: text.clone(),
            client_message_id: client_message_id.clone(),
        },
        Inbound::Typing { .. } => return None,
        Inbound::Ruled { places, as_of } => Command::Rule { places: *places, as_of: as_of.as_millisecond() },
        Inbound::End { reason } => Command::End { reason: *reason },
        Inbound::Bury { node } => Command::Bury { node: node.clone() },
        Inbound::Unseat { user, socket } => Command::Leave { user: user.clone(), socket: socket.clone() },
    })
}

pub(super) fn join_of(from: &Sender) -> Command {
    Command::Join {
        user: from.who.user.clone(),
        name: from.who.name.as_str().into(),
        socket: from.socket.clone(),
    }
}

impl LiveRoom {
    /// Does what a step comes to; `entry` is its own, where it has one.
    pub(super) fn finish(&mut self, step: Step, entry: Option<&Entry>) {
        let inbound = step.queued.inbound;
        if self.roster_due_now && !matches!(inbound, Inbound::Join { .. }) {
            self.tell_roster();
        }
        if let ComesTo::Refused(problem) = step.comes_to {
            return self.refuse(inbound, problem);
        }
        match inbound {
            Inbound::Join { from, resume, answer } => self.joined(from, resume.as_ref(), answer, entry),
            Inbound::Leave { from, answer } => {
                self.left(&from, entry);
                answer(Ok(Answered::Done));
            }
            Inbound::Say { client_message_id, answer, .. } => {
                let own_id = client_message_id.as_deref().map(str::to_owned);
                answer(self.said(own_id, &step.comes_to, entry).map(Answered::Said));
            }
            Inbound::Typing { from, event, answer } => answer(self.typing(&from, event)),
            Inbound::Ruled { .. } | Inbound::End { .. } | Inbound::Bury { .. } | Inbound::Unseat { .. } => {
                if let Some(entry) = entry {
                    self.follow(entry, true);
                }
            }
        }
    }

    /// Says no. A leaving is never refused: who can't be taken off the log now is taken off it later.
    pub(super) fn refuse(&mut self, inbound: Inbound, problem: Problem) {
        match inbound {
            Inbound::Leave { from, answer } => {
                self.unsettled = true;
                self.let_out(&from);
                answer(Ok(Answered::Done));
            }
            Inbound::Join { answer, .. } | Inbound::Say { answer, .. } | Inbound::Typing { answer, .. } => {
                answer(Err(problem));
            }
            Inbound::Ruled { .. } | Inbound::End { .. } | Inbound::Bury { .. } | Inbound::Unseat { .. } => {
                if problem.code != ErrorCode::MeetingEnded {
                    tracing::error!(code = problem.code.as_str(), "a room did not take what the store said");
                }
            }
        }
    }

    fn joined(&mut self, from: Sender, resume: Option<&Resume>, answer: Answer, entry: Option<&Entry>) {
        let was_in = self.room.is_in(&from.who.user);
        let before = self.room.top();
        if let Some(entry) = entry {
            let deliveries = self.apply(entry);
            self.tell(&deliveries);
        }
        if !from.recipient.is_in(self.room.meeting()) {
            // It went while its join was under way: its leaving comes behind it.
            let gone = Inbound::Leave { from, answer: Box::new(drop) };
            return self.asked.push_front(super::Queued { inbound: gone, place: None });
        }
        answer(Ok(Answered::Joined(Box::new(self.snapshot_for(&from.who.user, resume, before)))));
        let member = Member { who: from.who, recipient: from.recipient };
        if was_in || self.room.count() > ROSTER_AT_ONCE_MAX {
            let roster = encode(&self.roster());
            member.recipient.deliver(&Packet::new(events::server::USERS_ONLINE, &roster));
        }
        self.members.insert(from.socket, member);
        self.closes_at = None;
        if !was_in {
            self.people_changed(true);
        }
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

    fn let_out(&mut self, from: &Sender) {
        if let Some(member) = self.members.remove(&from.socket) {
            member.recipient.is_out_of(self.room.meeting());
        }
        if self.members.is_empty() && self.closes_at.is_none() {
            self.closes_at = Some(clock::instant() + self.shared.grace);
        }
    }

    fn left(&mut self, from: &Sender, entry: Option<&Entry>) {
        self.let_out(from);
        if let Some(entry) = entry {
            self.follow(entry, true);
        }
    }

    fn said(
        &mut self,
        own_id: Option<String>,
        comes_to: &ComesTo,
        entry: Option<&Entry>,
    ) -> Result<MessageTaken, Problem> {
        let (seq, at) = match (entry, comes_to) {
            (Some(entry), _) => {
                let deliveries = self.apply(entry);
                self.tell(&deliveries);
                (entry.seq, entry.at)
            }
            (None, ComesTo::SaidBefore { seq, at }) => (*seq, *at),
            (None, _) => return Err(ErrorCode::Internal.into()),
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
        let passing = Delivery::passing(Audience::Others(from.who.user.clone()), event, &typing);
        self.log.pass(&from.who.user, event, &passing.data);
        self.tell(&[passing]);
        Ok(Answered::Done)
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

/// The name of a passing event that came from elsewhere; none for one that this release does not know.
pub(super) fn passing_event(name: &str) -> Option<&'static str> {
    [events::server::TYPING_START, events::server::TYPING_STOP].into_iter().find(|known| *known == name)
}
