//! Who is in the room, by which sockets, and what is remembered of them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use plenum_contract::{
    UserId,
    events::{self, Participant},
    limits::{ADMISSIONS_KEPT, CLIENT_MESSAGE_IDS_KEPT},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Room, iso};
use crate::meetings::{Newcomer, Rules};
use crate::rooms::{
    delivery::{Audience, Delivery, Places},
    entry::{Decision, Entrant, Entry, Fact, Incarnation, Refusal, Scope, SocketId},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    pub user: UserId,
    pub name: Arc<str>,
    pub joined_at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guest: bool,
    pub seats: Vec<Seat>,
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
pub(super) struct Known {
    /// The entry with which the user was first let in: nothing before it is theirs to see.
    since: u64,
    /// The latest messages that came with an id of the sender's own, oldest first.
    said: VecDeque<SaidBefore>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SaidBefore {
    id: Uuid,
    pub seq: u64,
    pub at: i64,
}

impl Room {
    /// What a join comes to: a seat, a place among those who wait, or a refusal.
    pub(super) fn decide_join(&self, entrant: &Entrant) -> Result<Decision, Refusal> {
        let Entrant { user, name, socket, guest, .. } = entrant;
        if self.has_seat(user, socket) {
            return Ok(Decision::Nothing);
        }
        if self.must_wait(entrant)? {
            return self.decide_knock(entrant);
        }
        if !self.is_in(user) && self.people.len() >= self.places as usize {
            return Err(Refusal::Full { places: self.places });
        }
        let (user, name, socket) = (user.clone(), name.clone(), socket.clone());
        Ok(self.append(Fact::Joined { user, name, socket, guest: guest.is_some() }))
    }

    /// Whether who wants in must wait for a host, or why they may not come in at all: one rule for the room and the call.
    pub(super) fn must_wait(&self, entrant: &Entrant) -> Result<bool, Refusal> {
        let Entrant { user, guest, passcode, known, .. } = entrant;
        let terms = self.terms.as_ref().ok_or(Refusal::NotRuled)?;
        let was_in = self.was_let_in(user);
        let newcomer = Newcomer { user, guest: guest.as_deref(), known: *known || was_in };
        terms.admits(newcomer, passcode.as_deref())?;
        if was_in || terms.is_moderator(user) {
            return Ok(false);
        }
        if self.lobby.locked {
            return Err(Refusal::Locked);
        }
        Ok(terms.options.waiting_room && !known)
    }

    fn was_let_in(&self, user: &UserId) -> bool {
        self.known.contains_key(user) || self.lobby.has_let_in(user) || self.call.has(user)
    }

    /// Whether somebody whom the meeting admits, and has never taken in before, would be let in now.
    pub fn lets_in(&self, user: &UserId) -> Result<(), Refusal> {
        match &self.terms {
            _ if self.was_let_in(user) => Ok(()),
            _ if self.lobby.locked => Err(Refusal::Locked),
            Some(terms) if terms.options.waiting_room => Err(Refusal::Waits),
            _ => Ok(()),
        }
    }

    /// Other rules hold from here on.
    pub(super) fn rule(&mut self, entry: &Entry, rules: &Rules) -> Vec<Delivery> {
        let hosts = |rules: &Rules| (rules.host.clone(), rules.options.co_hosts.clone());
        let before = self.terms.replace(Box::new(rules.clone()));
        if before.is_none_or(|before| hosts(&before) == hosts(rules)) {
            return Vec::new();
        }
        let (host, co_hosts) = hosts(rules);
        let changed =
            events::MeetingRoles { meeting_id: self.meeting.clone(), host_id: Some(host), co_hosts };
        let mut told =
            vec![Delivery::logged(entry.seq, Audience::All, events::server::MEETING_ROLES, &changed)];
        told.extend(self.tell_hosts_who_waits());
        told
    }

    pub(super) fn seat(
        &mut self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        socket: &SocketId,
        guest: bool,
    ) -> Vec<Delivery> {
        let seat = Seat { socket: socket.clone(), by: entry.by.clone() };
        if let Some(person) = self.came.get(user).and_then(|seq| self.people.get_mut(seq)) {
            person.seats.push(seat);
            return Vec::new();
        }
        self.let_in(entry, user);
        self.came.insert(user.clone(), entry.seq);
        let joined_at = entry.at;
        let person = Person { user: user.clone(), name: name.clone(), joined_at, guest, seats: vec![seat] };
        self.people.insert(entry.seq, person);
        let moved = self.user_moved(entry, user, name, guest);
        vec![Delivery::logged(entry.seq, Audience::Others(user.clone()), events::server::USER_JOINED, &moved)]
    }

    /// From here on what happens is the user's to see.
    pub(super) fn let_in(&mut self, entry: &Entry, user: &UserId) {
        self.forget_some();
        self.known.entry(user.clone()).or_insert_with(|| Known { since: entry.seq, said: VecDeque::new() });
        self.lobby.is_in(user);
    }

    pub(super) fn unseat(&mut self, entry: &Entry, user: &UserId, socket: &SocketId) -> Vec<Delivery> {
        let Some(seq) = self.came.get(user).copied() else { return Vec::new() };
        let Some(person) = self.people.get_mut(&seq) else { return Vec::new() };
        person.seats.retain(|seat| seat.socket != *socket);
        self.gone_without_a_seat(entry, seq)
    }

    /// A node is gone, and with it whoever was here by it.
    pub(super) fn bury(&mut self, entry: &Entry, node: &Incarnation) -> Vec<Delivery> {
        let mut touched = Vec::new();
        for (seq, person) in &mut self.people {
            let before = person.seats.len();
            person.seats.retain(|seat| seat.by != *node);
            if person.seats.len() < before {
                touched.push(*seq);
            }
        }
        let mut told = self.hang_up(entry, |peer| peer.seat.by == *node);
        told.extend(touched.into_iter().flat_map(|seq| self.gone_without_a_seat(entry, seq)));
        told.extend(self.stop_waiting(|waiting| waiting.seat.by == *node));
        told
    }

    /// The person who came with entry `seq` has left when no seat is theirs any more.
    fn gone_without_a_seat(&mut self, entry: &Entry, seq: u64) -> Vec<Delivery> {
        if self.people.get(&seq).is_none_or(|person| !person.seats.is_empty()) {
            return Vec::new();
        }
        let Some(person) = self.people.remove(&seq) else { return Vec::new() };
        self.came.remove(&person.user);
        self.stage.lower(&person.user);
        let moved = self.user_moved(entry, &person.user, &person.name, person.guest);
        let others = Audience::Others(person.user);
        vec![Delivery::logged(entry.seq, others, events::server::USER_LEFT, &moved)]
    }

    /// A host has removed the user: out of everything.
    pub(super) fn remove(&mut self, entry: &Entry, user: &UserId, as_of: i64) -> Vec<Delivery> {
        if let Some(terms) = self.terms.as_mut().filter(|terms| !terms.options.removed.contains(user)) {
            terms.options.removed.push(user.clone());
        }
        self.ruled_as_of = self.ruled_as_of.max(as_of); // what the store said before it has no say any more
        let removed = events::RemovedByHost { meeting_id: self.meeting.clone(), timestamp: iso(entry.at) };
        let anywhere = Audience::Anywhere(user.clone());
        let mut told = vec![Delivery::passing(anywhere, events::server::MEETING_REMOVED, &removed)];
        told.extend(self.hang_up(entry, |peer| peer.user == *user));
        if let Some(seq) = self.came.get(user).copied() {
            if let Some(person) = self.people.get_mut(&seq) {
                person.seats.clear();
            }
            told.extend(self.gone_without_a_seat(entry, seq));
        }
        told.extend(self.stop_waiting(|waiting| waiting.user == *user));
        self.known.remove(user);
        self.lobby.is_in(user);
        told
    }

    /// The meeting is over.
    pub(super) fn everybody_goes(&mut self) {
        self.people.clear();
        self.came.clear();
        self.call.clear();
        self.lobby.clear();
        self.stage.clear();
    }

    fn user_moved(&self, entry: &Entry, user: &UserId, name: &Arc<str>, guest: bool) -> events::UserMoved {
        events::UserMoved {
            meeting_id: self.meeting.clone(),
            user_id: user.clone(),
            username: name.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
            guest,
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

    pub(super) fn remember(&mut self, user: &UserId, id: &str, entry: &Entry) {
        let Some(known) = self.known.get_mut(user) else { return };
        if known.said.len() >= CLIENT_MESSAGE_IDS_KEPT {
            known.said.pop_front();
        }
        known.said.push_back(SaidBefore { id: digest(id), seq: entry.seq, at: entry.at });
    }

    pub(super) fn said_before(&self, user: &UserId, id: &str) -> Option<&SaidBefore> {
        let id = digest(id);
        self.known.get(user)?.said.iter().rev().find(|said| said.id == id)
    }

    fn has_seat(&self, user: &UserId, socket: &SocketId) -> bool {
        self.person(user).is_some_and(|person| person.seats.iter().any(|seat| seat.socket == *socket))
    }

    /// Whether the socket has one of these seats.
    pub(super) fn has_any_seat(&self, user: &UserId, socket: &SocketId, scope: Scope) -> bool {
        (scope.has_room() && (self.has_seat(user, socket) || self.lobby.holds(socket)))
            || (scope.has_call() && self.call.holds(user, socket))
    }

    fn person(&self, user: &UserId) -> Option<&Person> {
        self.people.get(self.came.get(user)?)
    }

    /// Whether the user is in the room now, by any socket.
    #[must_use]
    pub fn is_in(&self, user: &UserId) -> bool {
        self.came.contains_key(user)
    }

    /// Everybody in the room, with the number of the entry with which they came.
    pub fn visits(&self) -> impl Iterator<Item = (&UserId, u64)> {
        self.people.iter().map(|(seq, person)| (&person.user, *seq))
    }

    /// The number of the entry with which the user came, who is in the room.
    #[must_use]
    pub fn visit_of(&self, user: &UserId) -> Option<u64> {
        self.came.get(user).copied()
    }

    /// Whether the user is in the room, in the call, or waits.
    #[must_use]
    pub fn is_anywhere(&self, user: &UserId) -> bool {
        self.is_in(user) || self.call.has(user) || self.lobby.has(user)
    }

    /// Everybody in the room, in the order they came.
    #[must_use]
    pub fn participants(&self) -> Vec<Participant> {
        let participant = |person: &Person| Participant {
            user_id: person.user.clone(),
            username: person.name.to_string(),
            joined_at: iso(person.joined_at),
            guest: person.guest,
        };
        self.people.values().map(participant).collect()
    }

    /// Every seat that is taken, in the room, in the call and among those who wait, and whose it is.
    pub fn seats(&self) -> impl Iterator<Item = (&UserId, &Seat)> {
        let people =
            self.people.values().flat_map(|person| person.seats.iter().map(|seat| (&person.user, seat)));
        people.chain(self.call.seats()).chain(self.lobby.seats())
    }

    /// The same, and where it is.
    pub(in crate::rooms) fn seated(&self) -> impl Iterator<Item = (&UserId, &Seat, Places)> {
        let (call, waits) =
            (Places { call: true, ..Places::default() }, Places { waits: true, ..Places::default() });
        let people = self
            .people
            .values()
            .flat_map(|person| person.seats.iter().map(|seat| (&person.user, seat, Places::ROOM)));
        let calls = self.call.seats().map(move |(user, seat)| (user, seat, call));
        people.chain(calls).chain(self.lobby.seats().map(move |(user, seat)| (user, seat, waits)))
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

    /// Derives where users are in the list of people.
    pub(super) fn find_people(&self) -> HashMap<UserId, u64> {
        self.people.iter().map(|(seq, person)| (person.user.clone(), *seq)).collect()
    }
}

/// A client's id, whatever its length, as 16 bytes.
fn digest(id: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes())
}
