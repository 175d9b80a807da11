//! A room as the fold of its log: decides what commands come to, and applies what was appended. No I/O, no
//! clock, no randomness.

mod call;
mod chat;
mod lobby;
mod people;
mod stage;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use plenum_contract::{
    MeetingId, UserId,
    events::{self, EndReason, RoomState},
};
use plenum_service::clock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::people::Seat;
use self::{
    call::Call,
    chat::Messages,
    lobby::Lobby,
    people::{Known, Person},
    stage::Stage,
};
use super::{
    act::Act,
    delivery::{Audience, Delivery},
    entry::{Command, Decision, Entry, Fact, Refusal},
};
use crate::meetings::Rules;

/// The life of a room's log. Numbers compare only inside one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch(pub Arc<str>);

impl Epoch {
    /// A new life.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string().into())
    }
}

/// Who is in a room, and what it remembers of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    meeting: MeetingId,
    epoch: Epoch,
    /// The number of the last entry applied.
    top: u64,
    /// The number of the last entry that changed who may do what.
    rules: u64,
    places: u32,
    /// When the store had the rules so, milliseconds since 1970.
    ruled_as_of: i64,
    /// Who may come in, and who hosts; none before the store has said so.
    #[serde(default)]
    terms: Option<Box<Rules>>,
    ended: Option<EndReason>,
    /// Users in the room, by the entry with which they came.
    people: BTreeMap<u64, Person>,
    /// Where in `people` a user is.
    #[serde(skip)]
    came: HashMap<UserId, u64>,
    /// What is remembered of everyone who was ever let in.
    known: HashMap<UserId, Known>,
    #[serde(default)]
    lobby: Lobby,
    #[serde(default)]
    call: Call,
    #[serde(default)]
    messages: Messages,
    #[serde(default)]
    stage: Stage,
}

impl Room {
    /// A room at the beginning of an epoch.
    #[must_use]
    pub fn new(meeting: MeetingId, epoch: Epoch) -> Self {
        Self {
            meeting,
            epoch,
            top: 0,
            rules: 0,
            places: 0,
            ruled_as_of: i64::MIN,
            terms: None,
            ended: None,
            people: BTreeMap::new(),
            came: HashMap::new(),
            known: HashMap::new(),
            lobby: Lobby::default(),
            call: Call::default(),
            messages: Messages::default(),
            stage: Stage::default(),
        }
    }

    /// The same room after it was stored: what can be derived is derived again. Its log may have begun another
    /// epoch since.
    #[must_use]
    pub fn restored(mut self, epoch: Epoch) -> Self {
        self.epoch = epoch;
        self.came = self.find_people();
        self
    }

    /// Takes out what is not for who looks at a recording: always what admits people, and without `texts` what they wrote.
    pub(super) fn redact(&mut self, texts: bool) {
        if let Some(terms) = &mut self.terms {
            terms.admit_nobody();
        }
        if !texts {
            self.stage.redact();
        }
    }

    /// What `command` comes to, as things stand.
    pub fn decide(&self, command: &Command) -> Result<Decision, Refusal> {
        match command {
            Command::Leave { user, socket, scope } if self.has_any_seat(user, socket, *scope) => {
                let (user, socket) = (user.clone(), socket.clone());
                Ok(self.append(Fact::Left { user, socket, scope: *scope }))
            }
            Command::Bury { node } if self.seats().any(|(_, seat)| seat.by == *node) => {
                Ok(self.append(Fact::Gone { node: node.clone() }))
            }
            Command::Leave { .. } | Command::Bury { .. } => Ok(Decision::Nothing),
            Command::End { .. } if self.ended.is_some() => Ok(Decision::Nothing),
            Command::End { reason } => Ok(self.append(Fact::Ended { reason: *reason })),
            _ if self.ended.is_some() => Err(Refusal::Ended),
            Command::Rule { as_of, .. } if *as_of <= self.ruled_as_of => Ok(Decision::Nothing),
            Command::Rule { places, as_of, rules } => {
                Ok(self.append(Fact::Ruled { places: *places, as_of: *as_of, rules: rules.clone() }))
            }
            Command::Remove { user, as_of } => {
                Ok(self.append(Fact::Removed { user: user.clone(), as_of: *as_of }))
            }
            Command::Join(entrant) => self.decide_join(entrant),
            Command::Call { entrant, peer, places } => self.decide_call(entrant, peer, *places),
            Command::Say { .. } => self.decide_say(command),
            Command::Act { user, name, act } => {
                let act = self.decide_act(user, act)?;
                let Some(act) = act else { return Ok(Decision::Nothing) };
                let guard = act.rules() || act.is_hosts(user) || matches!(act, Act::Vote { .. });
                let fact = Fact::Acted { user: user.clone(), name: name.clone(), act };
                Ok(Decision::Append { fact, guard: guard.then_some(self.rules) })
            }
        }
    }

    /// A fact, guarded by the rules it was decided under where it changes them.
    fn append(&self, fact: Fact) -> Decision {
        let guard = fact.rules().then_some(self.rules);
        Decision::Append { fact, guard }
    }

    /// The act as it goes into the log; none when it is so already.
    fn decide_act(&self, user: &UserId, act: &Act) -> Result<Option<Act>, Refusal> {
        if act.is_of_call() {
            return self.decide_in_call(user, act);
        }
        if !self.is_in(user) {
            return Err(Refusal::NotInRoom);
        }
        if act.is_hosts(user) && !self.is_moderator(user) {
            return Err(Refusal::NotHost);
        }
        match act {
            Act::Edit { .. } | Act::Delete { .. } | Act::React { .. } => self.decide_change(user, act),
            Act::Admit { .. } | Act::Deny { .. } | Act::Lock { .. } => self.decide_lobby(act),
            Act::Mute { .. }
            | Act::Video { .. }
            | Act::ShareScreen
            | Act::StopScreen { .. }
            | Act::MuteOther { .. } => self.decide_in_call(user, act),
            Act::RaiseHand
            | Act::LowerHand { .. }
            | Act::OpenPoll { .. }
            | Act::Vote { .. }
            | Act::ClosePoll { .. } => self.decide_stage(user, act),
        }
    }

    /// Takes an entry of the log, and says who is to be told what.
    pub fn apply(&mut self, entry: &Entry) -> Vec<Delivery> {
        self.top = entry.seq;
        if entry.fact.rules() {
            self.rules = entry.seq;
        }
        match &entry.fact {
            Fact::Ruled { places, as_of, rules } => {
                (self.places, self.ruled_as_of) = (*places, *as_of);
                self.rule(entry, rules)
            }
            Fact::Joined { user, name, socket, guest } => self.seat(entry, user, name, socket, *guest),
            Fact::Knocked { user, name, socket } => self.knock(entry, user, name, socket),
            Fact::Called { user, name, socket, peer } => self.call_in(entry, user, name, socket, peer),
            Fact::Left { user, socket, scope } => {
                let mut told = Vec::new();
                if scope.has_call() {
                    told.extend(self.hang_up(entry, |peer| peer.is_by(user, socket)));
                }
                if scope.has_room() {
                    told.extend(self.unseat(entry, user, socket));
                    told.extend(self.stop_waiting(|waiting| waiting.seat.socket == *socket));
                }
                told
            }
            Fact::Said { user, client_message_id, to, .. } => {
                if let Some(id) = client_message_id {
                    self.remember(user, id, entry);
                }
                self.messages.note(entry.seq, user, to.as_ref());
                self.message(entry).into_iter().collect()
            }
            Fact::Acted { user, name, act } => self.acted(entry, user, name, act),
            Fact::Removed { user, as_of } => self.remove(entry, user, *as_of),
            Fact::Gone { node } => self.bury(entry, node),
            Fact::Ended { reason } => {
                self.ended = Some(*reason);
                self.everybody_goes();
                let ended = events::MeetingEnded {
                    meeting_id: self.meeting.clone(),
                    reason: *reason,
                    timestamp: iso(entry.at),
                };
                vec![Delivery::logged(entry.seq, Audience::Everywhere, events::server::MEETING_ENDED, &ended)]
            }
        }
    }

    fn acted(&mut self, entry: &Entry, user: &UserId, name: &Arc<str>, act: &Act) -> Vec<Delivery> {
        match act {
            Act::Edit { .. } | Act::Delete { .. } | Act::React { .. } => self.change(entry, user, act),
            Act::Admit { .. } | Act::Deny { .. } | Act::Lock { .. } => self.move_lobby(entry, user, act),
            Act::Mute { .. }
            | Act::Video { .. }
            | Act::ShareScreen
            | Act::StopScreen { .. }
            | Act::MuteOther { .. } => self.act_in_call(entry, user, name, act),
            Act::RaiseHand
            | Act::LowerHand { .. }
            | Act::OpenPoll { .. }
            | Act::Vote { .. }
            | Act::ClosePoll { .. } => self.act_on_stage(entry, user, name, act),
        }
    }

    /// The live objects of the room, as this user may see them.
    #[must_use]
    pub fn live(&self, user: &UserId) -> RoomState {
        RoomState {
            host_id: self.terms.as_ref().map(|terms| terms.host.clone()),
            co_hosts: self.terms.as_ref().map(|terms| terms.options.co_hosts.clone()).unwrap_or_default(),
            locked: self.lobby.locked,
            hands: self.stage.hands(),
            presenter: self.call.presenter().cloned(),
            polls: self.stage.polls(&self.meeting, &self.epoch, user),
            call: self.call.peers(None),
            waiting: if self.is_moderator(user) { self.lobby.waiting() } else { Vec::new() },
        }
    }

    /// Whether the user has a host's tools.
    #[must_use]
    pub fn is_moderator(&self, user: &UserId) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.is_moderator(user))
    }

    /// Whether nobody is in the room, in the call, or waiting.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.people.is_empty() && self.call.count() == 0 && self.lobby.is_empty()
    }

    /// The id of the message, or whatever else has one, that is entry `seq`.
    #[must_use]
    pub fn message_id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.epoch.0)
    }

    /// The number of the message with this id, where it can be one of this epoch.
    #[must_use]
    pub fn number_of(&self, message_id: &str) -> Option<u64> {
        let (epoch, seq) = message_id.rsplit_once('-')?;
        (*epoch == *self.epoch.0).then(|| seq.parse().ok())?
    }

    /// The meeting that meets here.
    #[must_use]
    pub const fn meeting(&self) -> &MeetingId {
        &self.meeting
    }

    /// The life of the log that this is the fold of.
    #[must_use]
    pub const fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The number of the last entry applied.
    #[must_use]
    pub const fn top(&self) -> u64 {
        self.top
    }

    /// Users that may be in the room at once.
    #[must_use]
    pub const fn places(&self) -> u32 {
        self.places
    }

    /// Whether the meeting is over.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended.is_some()
    }
}

fn iso(at: i64) -> String {
    clock::iso(clock::from_millis(at))
}
