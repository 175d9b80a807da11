//! What people ask of a room, and what they are answered when the log has taken it.

use std::sync::Arc;

use plenum_contract::{
    UserId,
    error::{ErrorCode, Problem},
    events::{self, Joined, MessageTaken, PollOpened, ReactionSent, Typing},
    limits::{POLLS_MAX, ROSTER_AT_ONCE_MAX},
};
use plenum_service::clock;

use super::{
    super::{
        act::{self, Act},
        delivery::{Audience, Delivery, Packet, Places, encode},
        entry::{Command, Entrant, Entry, Fact, Refusal, Scope},
        inbox::{Answer, Answered, Inbound, Resume, Sender, Signal},
    },
    LiveRoom, Member,
    batch::{ComesTo, Step},
};

impl LiveRoom {
    /// What asks for a decision; none for what is not for the log.
    pub(super) fn command_of(&self, inbound: &Inbound) -> Result<Option<Command>, Refusal> {
        Ok(Some(match inbound {
            Inbound::Join { from, passcode, .. } => Command::Join(self.entrant(from, passcode.as_ref())),
            Inbound::Call { from, passcode, peer, .. } => Command::Call {
                entrant: self.entrant(from, passcode.as_ref()),
                peer: peer.clone(),
                places: self.shared.call_places,
            },
            Inbound::Leave { from, scope, .. } => {
                let (user, socket) = (from.who.user.clone(), from.socket.clone());
                Command::Leave { user, socket, scope: *scope }
            }
            Inbound::Say { from, message, .. } => Command::Say {
                user: from.who.user.clone(),
                name: from.who.name.as_str().into(),
                text: message.text.clone(),
                client_message_id: message.client_message_id.clone(),
                reply_to: message.reply_to.clone(),
                to: message.to.clone(),
            },
            Inbound::Act { act, epoch, .. }
                if epoch.as_deref().is_some_and(|epoch| *epoch != *self.room.epoch().0) =>
            {
                let of_poll = matches!(act, Act::Vote { .. } | Act::ClosePoll { .. });
                return Err(if of_poll { Refusal::NoPoll } else { Refusal::NoMessage });
            }
            // The seat in the call is of the socket that took it last.
            Inbound::Act { from, act, .. }
                if act.is_of_call()
                    && !self
                        .room
                        .peer(&from.who.user)
                        .is_some_and(|own| own.is_by(&from.who.user, &from.socket)) =>
            {
                return Err(Refusal::NotInCall);
            }
            Inbound::Act { from, act, .. } => Command::Act {
                user: from.who.user.clone(),
                name: from.who.name.as_str().into(),
                act: act.clone(),
            },
            Inbound::Typing { .. }
            | Inbound::React { .. }
            | Inbound::Signal { .. }
            | Inbound::ForSocket { .. } => {
                return Ok(None);
            }
            Inbound::Ruled { places, rules, as_of } => {
                Command::Rule { places: *places, rules: rules.clone(), as_of: as_of.as_millisecond() }
            }
            Inbound::Removed { user, as_of } => {
                Command::Remove { user: user.clone(), as_of: as_of.as_millisecond() }
            }
            Inbound::End { reason } => Command::End { reason: *reason },
            Inbound::Bury { node } => Command::Bury { node: node.clone() },
            Inbound::Unseat { user, socket } => {
                Command::Leave { user: user.clone(), socket: socket.clone(), scope: Scope::All }
            }
        }))
    }

    fn entrant(&self, from: &Sender, passcode: Option<&Arc<str>>) -> Entrant {
        Entrant {
            user: from.who.user.clone(),
            name: from.who.name.as_str().into(),
            socket: from.socket.clone(),
            guest: from.who.guest.as_deref().map(Into::into),
            passcode: passcode.cloned(),
            known: self.admission.has(&from.who.user),
        }
    }

    /// Does what a step comes to; `entry` is its own, where it has one.
    pub(super) async fn finish(&mut self, step: Step, entry: Option<&Entry>) {
        let inbound = step.queued.inbound;
        if self.roster_due_now && !matches!(inbound, Inbound::Join { .. }) {
            self.tell_roster();
        }
        if let ComesTo::Refused(problem) = step.comes_to {
            return self.refuse(inbound, problem);
        }
        match inbound {
            Inbound::Join { from, answer, .. } | Inbound::Call { from, answer, .. }
                if matches!(entry.map(|entry| &entry.fact), Some(Fact::Knocked { .. })) =>
            {
                self.waits(from, answer, entry);
            }
            Inbound::Join { from, resume, answer, .. } => self.joined(from, resume.as_ref(), answer, entry),
            Inbound::Call { from, answer, .. } => self.called(from, answer, entry),
            Inbound::Leave { from, scope, answer } => {
                self.let_out(&from, scope);
                self.take_effect(entry);
                answer(Ok(Answered::Done));
            }
            Inbound::Say { message, answer, .. } => {
                let own_id = message.client_message_id.as_deref().map(str::to_owned);
                answer(self.said(own_id, &step.comes_to, entry).map(Answered::Said));
            }
            Inbound::Act { act, answer, .. } => {
                self.take_effect(entry);
                answer(Ok(match (act, entry) {
                    (Act::OpenPoll { .. }, Some(entry)) => {
                        Answered::PollOpened(PollOpened { poll_id: self.room.message_id(entry.seq) })
                    }
                    _ => Answered::Done,
                }));
            }
            Inbound::Typing { from, event, answer } => answer(self.typing(&from, event)),
            Inbound::React { from, reaction, answer } => answer(self.react(&from, &reaction)),
            Inbound::Signal { from, signal, answer } => answer(self.signal(&from, &signal).await),
            Inbound::ForSocket { socket, event, data } => {
                if let Some(member) = self.members.get(&socket) {
                    member.recipient.deliver(&Packet::new(event, &data));
                    self.told = true;
                }
            }
            Inbound::Ruled { .. }
            | Inbound::Removed { .. }
            | Inbound::End { .. }
            | Inbound::Bury { .. }
            | Inbound::Unseat { .. } => self.take_effect(entry),
        }
    }

    fn take_effect(&mut self, entry: Option<&Entry>) {
        if let Some(entry) = entry {
            self.follow(entry, true);
        }
    }

    /// Says no. A leaving is never refused: who can't be taken off the log now is taken off it later.
    pub(super) fn refuse(&mut self, inbound: Inbound, problem: Problem) {
        match inbound {
            Inbound::Leave { from, scope, answer } => {
                self.unsettled = true;
                self.let_out(&from, scope);
                answer(Ok(Answered::Done));
            }
            Inbound::Join { answer, .. }
            | Inbound::Call { answer, .. }
            | Inbound::Say { answer, .. }
            | Inbound::Typing { answer, .. }
            | Inbound::React { answer, .. }
            | Inbound::Signal { answer, .. }
            | Inbound::Act { answer, .. } => answer(Err(problem)),
            Inbound::ForSocket { .. } => {}
            Inbound::Ruled { .. }
            | Inbound::Removed { .. }
            | Inbound::End { .. }
            | Inbound::Bury { .. }
            | Inbound::Unseat { .. } => {
                if problem.code != ErrorCode::MeetingEnded {
                    tracing::error!(code = problem.code.as_str(), "a room did not take what the store said");
                }
            }
        }
    }

    /// Whether the socket is there to have a seat. One that went while it asked gives the seat back: its leaving came before it.
    fn is_there(&mut self, from: &Sender) -> bool {
        if from.recipient.is_in(self.room.meeting()) {
            return true;
        }
        let gone = Inbound::Leave { from: from.clone(), scope: Scope::All, answer: Box::new(drop) };
        self.asked.push_front(super::Queued { inbound: gone, place: None });
        false
    }

    /// The socket is in one more place.
    fn place(&mut self, from: Sender, place: impl FnOnce(&mut Places)) {
        let Sender { who, socket, recipient, .. } = from;
        let member = self.members.entry(socket).or_insert(Member { who, recipient, at: Places::default() });
        place(&mut member.at);
        self.closes_at = None;
    }

    fn joined(&mut self, from: Sender, resume: Option<&Resume>, answer: Answer, entry: Option<&Entry>) {
        let was_in = self.room.is_in(&from.who.user);
        let before = self.room.top();
        if let Some(entry) = entry {
            let deliveries = self.apply(entry, true);
            self.tell(&deliveries);
        }
        if !self.is_there(&from) {
            return;
        }
        answer(Ok(Answered::Joined(Box::new(self.snapshot_for(&from.who.user, resume, before)))));
        if was_in || self.room.count() > ROSTER_AT_ONCE_MAX {
            let roster = encode(&self.roster());
            from.recipient.deliver(&Packet::new(events::server::USERS_ONLINE, &roster));
        }
        self.place(from, |at| (at.room, at.waits) = (true, false));
        if !was_in {
            self.people_changed(true);
        }
    }

    fn called(&mut self, from: Sender, answer: Answer, entry: Option<&Entry>) {
        if !self.is_there(&from) {
            return self.take_effect(entry);
        }
        let user = from.who.user.clone();
        let others = self.room.callers(Some(&user));
        let meeting_id = self.room.meeting().clone();
        let list = encode(&events::PeersList { meeting_id, count: others.len(), participants: others });
        from.recipient.deliver(&Packet::new(events::server::CALL_PEERS_LIST, &list));
        self.place(from, |at| (at.call, at.waits) = (true, false));
        self.take_effect(entry);
        answer(Ok(Answered::Done));
    }

    /// The socket waits until a host lets its user in.
    fn waits(&mut self, from: Sender, answer: Answer, entry: Option<&Entry>) {
        if !self.is_there(&from) {
            return self.take_effect(entry);
        }
        self.place(from, |at| at.waits = true);
        self.take_effect(entry);
        answer(Err(ErrorCode::WaitingRoom.into()));
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
            state: self.room.live(user),
            recovered: missed.recovered,
            first: resume.is_none(),
        }
    }

    fn let_out(&mut self, from: &Sender, scope: Scope) {
        if let Some(member) = self.members.get_mut(&from.socket) {
            if scope.has_room() {
                (member.at.room, member.at.waits) = (false, false);
            }
            if scope.has_call() {
                member.at.call = false;
            }
            if !member.at.is_none() {
                // Whoever said that it leaves the room has taken it off the meeting, and it is in the call still.
                if !from.recipient.is_in(self.room.meeting()) {
                    self.is_there(from);
                }
                return;
            }
        }
        self.let_go(|socket, _| *socket == from.socket);
    }

    /// Sockets that are nowhere any more, and those of which this holds, are no members.
    pub(super) fn let_go(&mut self, goes: impl Fn(&super::SocketId, &Member) -> bool) {
        let meeting = self.room.meeting().clone();
        self.members.retain(|socket, member| {
            let goes = member.at.is_none() || goes(socket, member);
            if goes {
                member.recipient.is_out_of(&meeting);
            }
            !goes
        });
        if self.members.is_empty() && self.closes_at.is_none() {
            self.closes_at = Some(clock::instant() + self.shared.grace);
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
                let deliveries = self.apply(entry, true);
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
        let user = &from.who.user;
        if !self.room.is_in(user) {
            return Err(ErrorCode::NotInMeeting.into());
        }
        let typing = Typing {
            meeting_id: self.room.meeting().clone(),
            user_id: user.clone(),
            username: from.who.name.clone(),
        };
        let passing = Delivery::passing(Audience::Others(user.clone()), event, &typing);
        self.log.pass(Some(user), event, &passing.data);
        self.tell(&[passing]);
        Ok(Answered::Done)
    }

    fn react(&mut self, from: &Sender, reaction: &str) -> Result<Answered, Problem> {
        let reaction = act::reaction(reaction)?.to_owned();
        let user_id = from.who.user.clone();
        if !self.room.is_in(&user_id) {
            return Err(ErrorCode::NotInMeeting.into());
        }
        let (meeting_id, username) = (self.room.meeting().clone(), from.who.name.clone());
        let sent = ReactionSent { meeting_id, user_id, username, reaction };
        let passing = Delivery::passing(Audience::All, events::server::REACTION_SENT, &sent);
        self.log.pass(None, events::server::REACTION_SENT, &passing.data);
        self.tell(&[passing]);
        Ok(Answered::Done)
    }

    /// Passes a signal on: to the socket that holds the addressee's seat, by whichever node, as who the sender is by the room's own
    /// record.
    async fn signal(&mut self, from: &Sender, signal: &Signal) -> Result<Answered, Problem> {
        let own = self.room.peer(&from.who.user).filter(|own| own.is_by(&from.who.user, &from.socket));
        let own = own.ok_or(ErrorCode::NotInCall)?;
        let to_peer = signal.to_peer.as_deref();
        let peer = self.room.peer(&signal.to).filter(|peer| to_peer.is_none_or(|named| *named == *peer.id));
        let peer = peer.filter(|peer| peer.user != own.user).ok_or(ErrorCode::PeerNotFound)?;
        let passed = encode(&events::Signal {
            meeting_id: self.room.meeting(),
            to_user_id: &peer.user,
            to_peer_id: &peer.id,
            from_user_id: &own.user,
            from_peer_id: &own.id,
            signal: &signal.signal,
            signal_type: signal.kind,
        });
        if let Some(member) = self.members.get(&peer.seat.socket) {
            member.recipient.deliver(&Packet::new(events::server::CALL_SIGNAL, &passed));
            self.told = true;
        } else if peer.seat.by == *self.log.by() {
            return Err(ErrorCode::PeerNotFound.into()); // its leaving is on its way
        } else {
            let seat = peer.seat.clone();
            self.log.hand(&seat, events::server::CALL_SIGNAL, &passed).await.map_err(ErrorCode::from)?;
        }
        Ok(Answered::Done)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Full { places } => return Self::new(ErrorCode::MeetingFull).with("n", places),
            Refusal::CallFull { places } => return Self::new(ErrorCode::CallFull).with("n", places),
            Refusal::TooManyPolls => return Self::new(ErrorCode::TooManyPolls).with("n", POLLS_MAX),
            Refusal::Ended => ErrorCode::MeetingEnded,
            Refusal::NotInRoom => ErrorCode::NotInMeeting,
            Refusal::NotInCall => ErrorCode::NotInCall,
            Refusal::EmptyMessage => ErrorCode::EmptyMessage,
            Refusal::MessageTooLong => ErrorCode::MessageTooLong,
            Refusal::Removed => ErrorCode::RemovedFromMeeting,
            Refusal::NoGuests => ErrorCode::GuestsNotAllowed,
            Refusal::PasscodeRequired => ErrorCode::PasscodeRequired,
            Refusal::WrongPasscode => ErrorCode::WrongPasscode,
            Refusal::TooManyTries => ErrorCode::TooManyTries,
            Refusal::NotRuled => ErrorCode::StoreUnavailable,
            Refusal::Locked => ErrorCode::MeetingLocked,
            Refusal::Waits => ErrorCode::WaitingRoom,
            Refusal::LobbyFull => ErrorCode::WaitingRoomFull,
            Refusal::NotHost => ErrorCode::NotModerator,
            Refusal::NobodyThere => ErrorCode::ParticipantNotFound,
            Refusal::NoMessage => ErrorCode::MessageNotFound,
            Refusal::NotAuthor => ErrorCode::NotAuthor,
            Refusal::InvalidReaction => ErrorCode::InvalidReaction,
            Refusal::TooManyReactions => ErrorCode::TooManyReactions,
            Refusal::ScreenTaken => ErrorCode::ScreenTaken,
            Refusal::InvalidPoll => ErrorCode::InvalidPoll,
            Refusal::NoPoll => ErrorCode::PollNotFound,
            Refusal::PollClosed => ErrorCode::PollClosed,
            Refusal::InvalidVote => ErrorCode::InvalidVote,
        };
        code.into()
    }
}

/// The name of a passing event that came from elsewhere; none for one that this release does not know.
pub(super) fn passing_event(name: &str) -> Option<&'static str> {
    use events::server::{REACTION_SENT, TYPING_START, TYPING_STOP};
    [TYPING_START, TYPING_STOP, REACTION_SENT].into_iter().find(|known| *known == name)
}
