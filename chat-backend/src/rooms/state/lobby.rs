//! Who waits to be let in, and the meeting's lock.

use std::{collections::HashSet, sync::Arc};

use plenum_contract::{
    UserId,
    events::{self, WaitingUser},
    limits::WAITING_MAX,
};
use serde::{Deserialize, Serialize};

use super::{Room, Seat, iso};
use crate::rooms::{
    act::Act,
    delivery::{Audience, Delivery},
    entry::{Decision, Entrant, Entry, Fact, Refusal, SocketId},
};

/// The door of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lobby {
    /// Whether nobody new is let in.
    pub locked: bool,
    /// In the order they came.
    waiting: Vec<Waiting>,
    /// Who was let in and has not come yet.
    let_in: HashSet<UserId>,
}

/// A socket whose user waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub user: UserId,
    name: Arc<str>,
    since: i64,
    pub seat: Seat,
}

impl Lobby {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn has(&self, user: &UserId) -> bool {
        self.waiting.iter().any(|waiting| waiting.user == *user)
    }

    pub fn holds(&self, socket: &SocketId) -> bool {
        self.waiting.iter().any(|waiting| waiting.seat.socket == *socket)
    }

    pub fn has_let_in(&self, user: &UserId) -> bool {
        self.let_in.contains(user)
    }

    /// The user needs no more letting in.
    pub fn is_in(&mut self, user: &UserId) {
        self.let_in.remove(user);
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
        self.let_in.clear();
    }

    pub fn seats(&self) -> impl Iterator<Item = (&UserId, &Seat)> {
        self.waiting.iter().map(|waiting| (&waiting.user, &waiting.seat))
    }

    /// Everybody who waits, each once.
    pub fn waiting(&self) -> Vec<WaitingUser> {
        let mut seen = HashSet::new();
        let first = self.waiting.iter().filter(|waiting| seen.insert(&waiting.user));
        first
            .map(|waiting| WaitingUser {
                user_id: waiting.user.clone(),
                username: waiting.name.to_string(),
                since: iso(waiting.since),
            })
            .collect()
    }
}

impl Room {
    pub(super) fn decide_knock(&self, entrant: &Entrant) -> Result<Decision, Refusal> {
        if self.lobby.holds(&entrant.socket) {
            return Err(Refusal::Waits);
        }
        if !self.lobby.has(&entrant.user) && self.lobby.waiting().len() >= WAITING_MAX {
            return Err(Refusal::LobbyFull);
        }
        let Entrant { user, name, socket, .. } = entrant.clone();
        // Whoever lets everybody in now must not leave this one behind.
        Ok(Decision::Append { fact: Fact::Knocked { user, name, socket }, guard: Some(self.rules) })
    }

    pub(super) fn decide_lobby(&self, act: &Act) -> Result<Option<Act>, Refusal> {
        match act {
            Act::Admit { user: Some(user) } | Act::Deny { user } if !self.lobby.has(user) => {
                Err(Refusal::NobodyThere)
            }
            Act::Admit { user: None } if self.lobby.is_empty() => Ok(None),
            Act::Lock { on } if *on == self.lobby.locked => Ok(None),
            act => Ok(Some(act.clone())),
        }
    }

    pub(super) fn knock(
        &mut self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        socket: &SocketId,
    ) -> Vec<Delivery> {
        let seat = Seat { socket: socket.clone(), by: entry.by.clone() };
        self.lobby.waiting.push(Waiting { user: user.clone(), name: name.clone(), since: entry.at, seat });
        self.tell_hosts_who_waits()
    }

    /// Those of whom this holds wait no longer.
    pub(super) fn stop_waiting(&mut self, stops: impl Fn(&Waiting) -> bool) -> Vec<Delivery> {
        let before = self.lobby.waiting.len();
        self.lobby.waiting.retain(|waiting| !stops(waiting));
        if self.lobby.waiting.len() == before { Vec::new() } else { self.tell_hosts_who_waits() }
    }

    pub(super) fn move_lobby(&mut self, entry: &Entry, by: &UserId, act: &Act) -> Vec<Delivery> {
        let answer = events::LobbyAnswer { meeting_id: self.meeting.clone() };
        let tell = |user: UserId, event| Delivery::passing(Audience::Waiting(user), event, &answer);
        match act {
            Act::Admit { user } => {
                let admitted: HashSet<UserId> = match user {
                    Some(user) => self.lobby.has(user).then(|| user.clone()).into_iter().collect(),
                    None => self.lobby.waiting.iter().map(|waiting| waiting.user.clone()).collect(),
                };
                let mut told: Vec<_> =
                    admitted.iter().map(|user| tell(user.clone(), events::server::LOBBY_ADMITTED)).collect();
                told.extend(self.stop_waiting(|waiting| admitted.contains(&waiting.user)));
                self.lobby.let_in.extend(admitted);
                told
            }
            Act::Deny { user } => {
                let mut told = vec![tell(user.clone(), events::server::LOBBY_DENIED)];
                told.extend(self.stop_waiting(|waiting| waiting.user == *user));
                told
            }
            Act::Lock { on } => {
                self.lobby.locked = *on;
                let locked = events::MeetingLocked {
                    meeting_id: self.meeting.clone(),
                    user_id: by.clone(),
                    timestamp: iso(entry.at),
                    seq: entry.seq,
                };
                let event =
                    if *on { events::server::MEETING_LOCKED } else { events::server::MEETING_UNLOCKED };
                vec![Delivery::logged(entry.seq, Audience::All, event, &locked)]
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn tell_hosts_who_waits(&self) -> Vec<Delivery> {
        let waiting = self.lobby.waiting();
        let waiting =
            events::LobbyWaiting { meeting_id: self.meeting.clone(), count: waiting.len(), waiting };
        let hosts = Audience::Users(self.terms.as_ref().map(|terms| terms.moderators()).unwrap_or_default());
        vec![Delivery::passing(hosts, events::server::LOBBY_WAITING, &waiting)]
    }
}
