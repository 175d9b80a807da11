//! A room as the fold of its log: decides what commands come to, and applies what was appended. No I/O, no
//! clock, no randomness.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use plenum_contract::{
    MeetingId, UserId,
    events::{self, EndReason, Participant},
    limits::{ADMISSIONS_KEPT, CLIENT_MESSAGE_IDS_KEPT, MESSAGE_MAX},
};
use plenum_service::clock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    delivery::{Audience, Delivery},
    entry::{Command, Decision, Entry, Fact, Incarnation, Refusal, SocketId},
};

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
    ended: Option<EndReason>,
    /// Users in the room, by the entry with which they came.
    people: BTreeMap<u64, Person>,
    /// Where in `people` a user is.
    #[serde(skip)]
    came: HashMap<UserId, u64>,
    /// What is remembered of everyone who was ever let in.
    known: HashMap<UserId, Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Person {
    user: UserId,
    name: Arc<str>,
    joined_at: i64,
    seats: Vec<Seat>,
}

/// A socket's place in a room, and which life of which node holds that socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Which socket.
    pub socket: SocketId,
    /// Who took the seat for it.
    pub by: Incarnation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The entry with which the user was first let in: nothing before it is theirs to see.
    since: u64,
    /// The latest messages that came with an id of the sender's own, oldest first.
    said: VecDeque<SaidBefore>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SaidBefore {
    id: Uuid,
    seq: u64,
    at: i64,
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
            ended: None,
            people: BTreeMap::new(),
            came: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The same room after it was stored: what can be derived is derived again. Its log may have begun another
    /// epoch since.
    #[must_use]
    pub fn restored(mut self, epoch: Epoch) -> Self {
        self.epoch = epoch;
        self.came = self.people.iter().map(|(seq, person)| (person.user.clone(), *seq)).collect();
        self
    }

    /// What `command` comes to, as things stand.
    pub fn decide(&self, command: &Command) -> Result<Decision, Refusal> {
        let append = |fact: Fact| {
            let guard = fact.rules().then_some(self.rules);
            Ok(Decision::Append { fact, guard })
        };
        match command {
            Command::Leave { user, socket } if self.has_seat(user, socket) => {
                append(Fact::Left { user: user.clone(), socket: socket.clone() })
            }
            Command::Bury { node } if self.seats().any(|(_, seat)| seat.by == *node) => {
                append(Fact::Gone { node: node.clone() })
            }
            Command::Leave { .. } | Command::Bury { .. } => Ok(Decision::Nothing),
            Command::End { .. } if self.ended.is_some() => Ok(Decision::Nothing),
            Command::End { reason } => append(Fact::Ended { reason: *reason }),
            _ if self.ended.is_some() => Err(Refusal::Ended),
            Command::Rule { as_of, .. } if *as_of <= self.ruled_as_of => Ok(Decision::Nothing),
            Command::Rule { places, as_of } => append(Fact::Ruled { places: *places, as_of: *as_of }),
            Command::Join { user, socket, .. } if self.has_seat(user, socket) => Ok(Decision::Nothing),
            Command::Join { user, name, socket } => {
                if !self.is_in(user) && self.people.len() >= self.places as usize {
                    return Err(Refusal::Full { places: self.places });
                }
                append(Fact::Joined { user: user.clone(), name: name.clone(), socket: socket.clone() })
            }
            Command::Say { user, name, text, client_message_id } => {
                let text = text.trim();
                if text.is_empty() {
                    return Err(Refusal::EmptyMessage);
                }
                if text.chars().count() > MESSAGE_MAX {
                    return Err(Refusal::MessageTooLong);
                }
                if !self.is_in(user) {
                    return Err(Refusal::NotInRoom);
                }
                if let Some(before) = client_message_id.as_deref().and_then(|id| self.said_before(user, id)) {
                    return Ok(Decision::SaidBefore { seq: before.seq, at: before.at });
                }
                append(Fact::Said {
                    user: user.clone(),
                    name: name.clone(),
                    text: text.into(),
                    client_message_id: client_message_id.clone(),
                })
            }
        }
    }

    /// Takes an entry of the log, and says who is to be told what.
    pub fn apply(&mut self, entry: &Entry) -> Vec<Delivery> {
        self.top = entry.seq;
        if entry.fact.rules() {
            self.rules = entry.seq;
        }
        match &entry.fact {
            Fact::Ruled { places, as_of } => {
                (self.places, self.ruled_as_of) = (*places, *as_of);
                Vec::new()
            }
            Fact::Joined { user, name, socket } => self.seat(entry, user, name, socket),
            Fact::Left { user, socket } => self.unseat(entry, user, socket),
            Fact::Said { user, client_message_id, .. } => {
                if let Some(id) = client_message_id {
                    self.remember(user, id, entry);
                }
                self.message(entry).into_iter().collect()
            }
            Fact::Gone { node } => self.bury(entry, node),
            Fact::Ended { reason } => {
                self.ended = Some(*reason);
                self.people.clear();
                self.came.clear();
                let ended = events::MeetingEnded {
                    meeting_id: self.meeting.clone(),
                    reason: *reason,
                    timestamp: iso(entry.at),
                };
                vec![Delivery::logged(entry.seq, Audience::All, events::server::MEETING_ENDED, &ended)]
            }
        }
    }

    /// What is told of an entry that is a message. It needs nothing of the room's state, so that messages older
    /// than a snapshot can still be told.
    #[must_use]
    pub fn message(&self, entry: &Entry) -> Option<Delivery> {
        let Fact::Said { user, name, text, client_message_id } = &entry.fact else { return None };
        let message = events::ChatMessage {
            message_id: self.message_id(entry.seq),
            meeting_id: self.meeting.clone(),
            user_id: user.clone(),
            username: name.to_string(),
            message: text.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
            client_message_id: client_message_id.as_deref().map(str::to_owned),
        };
        Some(Delivery::logged(entry.seq, Audience::All, events::server::CHAT_MESSAGE, &message))
    }

    fn seat(&mut self, entry: &Entry, user: &UserId, name: &Arc<str>, socket: &SocketId) -> Vec<Delivery> {
        if let Some(person) = self.came.get(user).and_then(|seq| self.people.get_mut(seq)) {
            person.seats.push(Seat { socket: socket.clone(), by: entry.by.clone() });
            return Vec::new();
        }
        self.forget_some();
        self.known.entry(user.clone()).or_insert_with(|| Known { since: entry.seq, said: VecDeque::new() });
        self.came.insert(user.clone(), entry.seq);
        self.people.insert(
            entry.seq,
            Person {
                user: user.clone(),
                name: name.clone(),
                joined_at: entry.at,
                seats: vec![Seat { socket: socket.clone(), by: entry.by.clone() }],
            },
        );
        let moved = self.moved(entry, user, name);
        vec![Delivery::logged(entry.seq, Audience::Others(user.clone()), events::server::USER_JOINED, &moved)]
    }

    fn unseat(&mut self, entry: &Entry, user: &UserId, socket: &SocketId) -> Vec<Delivery> {
        let Some(seq) = self.came.get(user).copied() else { return Vec::new() };
        let Some(person) = self.people.get_mut(&seq) else { return Vec::new() };
        person.seats.retain(|seat| seat.socket != *socket);
        self.gone_without_a_seat(entry, seq).into_iter().collect()
    }

    fn bury(&mut self, entry: &Entry, node: &Incarnation) -> Vec<Delivery> {
        let mut touched = Vec::new();
        for (seq, person) in &mut self.people {
            let before = person.seats.len();
            person.seats.retain(|seat| seat.by != *node);
            if person.seats.len() < before {
                touched.push(*seq);
            }
        }
        touched.into_iter().filter_map(|seq| self.gone_without_a_seat(entry, seq)).collect()
    }

    /// The person who came with entry `seq` has left when no seat is theirs any more.
    fn gone_without_a_seat(&mut self, entry: &Entry, seq: u64) -> Option<Delivery> {
        self.people.get(&seq).filter(|person| person.seats.is_empty())?;
        let person = self.people.remove(&seq)?;
        self.came.remove(&person.user);
        let moved = self.moved(entry, &person.user, &person.name);
        let others = Audience::Others(person.user);
        Some(Delivery::logged(entry.seq, others, events::server::USER_LEFT, &moved))
    }

    fn moved(&self, entry: &Entry, user: &UserId, name: &Arc<str>) -> events::UserMoved {
        events::UserMoved {
            meeting_id: self.meeting.clone(),
            user_id: user.clone(),
            username: name.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
        }
    }

    /// Makes room in memory for one more user by forgetting who was let in first and is not here.
    fn forget_some(&mut self) {
        if self.known.len() < ADMISSIONS_KEPT {
            return;
        }
        let absent = self.known.iter().filter(|(user, _)| !self.came.contains_key(*user));
        if let Some(user) = absent.min_by_key(|(_, known)| known.since).map(|(user, _)| user.clone()) {
            self.known.remove(&user);
        }
    }

    fn remember(&mut self, user: &UserId, id: &str, entry: &Entry) {
        let Some(known) = self.known.get_mut(user) else { return };
        if known.said.len() >= CLIENT_MESSAGE_IDS_KEPT {
            known.said.pop_front();
        }
        known.said.push_back(SaidBefore { id: digest(id), seq: entry.seq, at: entry.at });
    }

    fn said_before(&self, user: &UserId, id: &str) -> Option<&SaidBefore> {
        let id = digest(id);
        self.known.get(user)?.said.iter().rev().find(|said| said.id == id)
    }

    fn has_seat(&self, user: &UserId, socket: &SocketId) -> bool {
        self.person(user).is_some_and(|person| person.seats.iter().any(|seat| seat.socket == *socket))
    }

    fn person(&self, user: &UserId) -> Option<&Person> {
        self.people.get(self.came.get(user)?)
    }

    /// Whether the user is in the room now, by any socket.
    #[must_use]
    pub fn is_in(&self, user: &UserId) -> bool {
        self.came.contains_key(user)
    }

    /// Everybody in the room, in the order they came.
    #[must_use]
    pub fn participants(&self) -> Vec<Participant> {
        let participant = |person: &Person| Participant {
            user_id: person.user.clone(),
            username: person.name.to_string(),
            joined_at: iso(person.joined_at),
        };
        self.people.values().map(participant).collect()
    }

    /// Every seat that is taken, and whose it is.
    pub fn seats(&self) -> impl Iterator<Item = (&UserId, &Seat)> {
        self.people.values().flat_map(|person| person.seats.iter().map(|seat| (&person.user, seat)))
    }

    /// How many users are in the room.
    #[must_use]
    pub fn count(&self) -> usize {
        self.people.len()
    }

    /// The entry since which this user may see what happens; none for one who was never let in.
    #[must_use]
    pub fn visible_since(&self, user: &UserId) -> Option<u64> {
        self.known.get(user).map(|known| known.since)
    }

    /// The id of the message that is entry `seq`.
    #[must_use]
    pub fn message_id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.epoch.0)
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

/// A client's id, whatever its length, as 16 bytes.
fn digest(id: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes())
}
