//! The call of a meeting: who has a seat in it, who is heard and seen, who presents.

use std::{collections::BTreeMap, sync::Arc};

use plenum_contract::{
    UserId,
    events::{self, CallPeer},
};
use serde::{Deserialize, Serialize};

use super::{Room, Seat, iso};
use crate::rooms::{
    act::Act,
    delivery::{Audience, Delivery},
    entry::{Decision, Entrant, Entry, Fact, Refusal, SocketId},
};

/// The call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    /// By the entry with which they came.
    peers: BTreeMap<u64, Peer>,
    presenter: Option<UserId>,
}

/// A user's seat in the call: of the socket that took it last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Whose.
    pub user: UserId,
    /// The profile's name.
    pub name: Arc<str>,
    /// The client's own name for its end.
    pub id: Arc<str>,
    /// Which socket has it.
    pub seat: Seat,
    muted: bool,
    video: bool,
    joined_at: i64,
}

impl Peer {
    /// Whether this socket has the seat.
    pub fn is_by(&self, user: &UserId, socket: &SocketId) -> bool {
        self.user == *user && self.seat.socket == *socket
    }

    fn body(&self) -> CallPeer {
        CallPeer {
            user_id: self.user.clone(),
            peer_id: self.id.to_string(),
            username: self.name.to_string(),
            is_muted: self.muted,
            is_video_on: self.video,
            joined_at: iso(self.joined_at),
        }
    }
}

impl Call {
    pub fn count(&self) -> usize {
        self.peers.len()
    }

    pub fn has(&self, user: &UserId) -> bool {
        self.get(user).is_some()
    }

    pub fn get(&self, user: &UserId) -> Option<&Peer> {
        self.peers.values().find(|peer| peer.user == *user)
    }

    fn get_mut(&mut self, user: &UserId) -> Option<&mut Peer> {
        self.peers.values_mut().find(|peer| peer.user == *user)
    }

    pub fn holds(&self, user: &UserId, socket: &SocketId) -> bool {
        self.get(user).is_some_and(|peer| peer.seat.socket == *socket)
    }

    pub fn seats(&self) -> impl Iterator<Item = (&UserId, &Seat)> {
        self.peers.values().map(|peer| (&peer.user, &peer.seat))
    }

    pub const fn presenter(&self) -> Option<&UserId> {
        self.presenter.as_ref()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Everybody in it in the order they came, but for one.
    pub fn peers(&self, but: Option<&UserId>) -> Vec<CallPeer> {
        self.peers.values().filter(|peer| Some(&peer.user) != but).map(Peer::body).collect()
    }
}

impl Room {
    pub(super) fn decide_call(
        &self,
        entrant: &Entrant,
        peer: &Arc<str>,
        places: u32,
    ) -> Result<Decision, Refusal> {
        let Entrant { user, name, socket, .. } = entrant;
        if self.must_wait(entrant)? {
            return self.decide_knock(entrant);
        }
        match self.call.get(user) {
            Some(seat) if seat.seat.socket == *socket && seat.id == *peer => return Ok(Decision::Nothing),
            None if self.call.count() >= places as usize => return Err(Refusal::CallFull { places }),
            _ => {}
        }
        let (user, name, socket, peer) = (user.clone(), name.clone(), socket.clone(), peer.clone());
        Ok(self.append(Fact::Called { user, name, socket, peer }))
    }

    pub(super) fn decide_in_call(&self, user: &UserId, act: &Act) -> Result<Option<Act>, Refusal> {
        let own = || self.call.get(user).ok_or(Refusal::NotInCall);
        let changes = match act {
            Act::Mute { on } => own()?.muted != *on,
            Act::Video { on } => own()?.video != *on,
            Act::ShareScreen => {
                own()?;
                match self.call.presenter() {
                    Some(presenter) if presenter == user => false,
                    Some(_) => return Err(Refusal::ScreenTaken),
                    None => true,
                }
            }
            Act::StopScreen { user: whose } => self.call.presenter() == Some(whose.as_ref().unwrap_or(user)),
            Act::MuteOther { user: Some(other) } => !self.call.get(other).ok_or(Refusal::NobodyThere)?.muted,
            Act::MuteOther { user: None } => {
                self.call.peers.values().any(|peer| peer.user != *user && !peer.muted)
            }
            _ => false,
        };
        Ok(changes.then(|| act.clone()))
    }

    /// A socket takes its user's seat.
    pub(super) fn call_in(
        &mut self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        socket: &SocketId,
        peer: &Arc<str>,
    ) -> Vec<Delivery> {
        self.let_in(entry, user);
        let seat = Seat { socket: socket.clone(), by: entry.by.clone() };
        let mut told: Vec<_> =
            self.stop_presenting(entry, |presenter| presenter == user).into_iter().collect();
        if let Some(had) = self.call.get_mut(user) {
            (had.seat, had.id, had.muted, had.video) = (seat, peer.clone(), true, false);
        } else {
            let (user, name, peer) = (user.clone(), name.clone(), peer.clone());
            let joined_at = entry.at;
            self.call
                .peers
                .insert(entry.seq, Peer { user, name, id: peer, seat, muted: true, video: false, joined_at });
        }
        let joined = self.peer_moved(entry, user, name, peer);
        let others = Audience::CallOthers(user.clone());
        told.push(Delivery::logged(entry.seq, others, events::server::CALL_PEER_JOINED, &joined));
        told
    }

    /// Those of whom this holds are in the call no longer.
    pub(super) fn hang_up(&mut self, entry: &Entry, goes: impl Fn(&Peer) -> bool) -> Vec<Delivery> {
        let gone: Vec<u64> =
            self.call.peers.iter().filter(|(_, peer)| goes(peer)).map(|(came, _)| *came).collect();
        let mut told = Vec::new();
        for came in gone {
            let Some(user) = self.call.peers.get(&came).map(|peer| peer.user.clone()) else { continue };
            told.extend(self.stop_presenting(entry, |presenter| *presenter == user));
            let Some(peer) = self.call.peers.remove(&came) else { continue };
            let left = self.peer_moved(entry, &peer.user, &peer.name, &peer.id);
            let others = Audience::CallOthers(peer.user);
            told.push(Delivery::logged(entry.seq, others, events::server::CALL_PEER_LEFT, &left));
        }
        told
    }

    fn stop_presenting(&mut self, entry: &Entry, whose: impl Fn(&UserId) -> bool) -> Option<Delivery> {
        let presenter = self.call.presenter.take_if(|presenter| whose(presenter))?;
        let name = self.name_of(&presenter);
        Some(self.screen(entry, events::server::SCREEN_STOPPED, presenter, &name))
    }

    pub(super) fn name_of(&self, user: &UserId) -> Arc<str> {
        let in_call = self.call.get(user).map(|peer| peer.name.clone());
        let in_room =
            || self.came.get(user).and_then(|seq| self.people.get(seq)).map(|person| person.name.clone());
        in_call.or_else(in_room).unwrap_or_default()
    }

    fn screen(&self, entry: &Entry, event: &'static str, user_id: UserId, name: &Arc<str>) -> Delivery {
        let shared = events::ScreenShared {
            meeting_id: self.meeting.clone(),
            user_id,
            username: name.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
        };
        Delivery::logged(entry.seq, Audience::Meeting, event, &shared)
    }

    pub(super) fn act_in_call(
        &mut self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        act: &Act,
    ) -> Vec<Delivery> {
        match act {
            Act::Mute { on } => self.mute(entry, *on, |peer| peer.user == *user),
            Act::Video { on } => {
                let Some(peer) = self.call.get_mut(user) else { return Vec::new() };
                peer.video = *on;
                let status = events::VideoStatus {
                    user_id: user.clone(),
                    username: peer.name.to_string(),
                    is_video_on: *on,
                    meeting_id: self.meeting.clone(),
                    timestamp: iso(entry.at),
                    seq: entry.seq,
                };
                vec![Delivery::logged(entry.seq, Audience::Call, events::server::CALL_VIDEO_STATUS, &status)]
            }
            Act::ShareScreen if self.call.has(user) => {
                self.call.presenter = Some(user.clone());
                vec![self.screen(entry, events::server::SCREEN_STARTED, user.clone(), name)]
            }
            Act::StopScreen { user: whose } => {
                let whose = whose.as_ref().unwrap_or(user);
                self.stop_presenting(entry, |presenter| presenter == whose).into_iter().collect()
            }
            Act::MuteOther { user: other } => {
                let meant = |peer: &Peer| match other {
                    Some(other) => peer.user == *other,
                    None => peer.user != *user,
                };
                let muted = events::MutedByHost { meeting_id: self.meeting.clone(), user_id: user.clone() };
                let told = self.call.peers.values().filter(|peer| meant(peer) && !peer.muted);
                let mut told: Vec<_> = told
                    .map(|peer| {
                        let who = Audience::Anywhere(peer.user.clone());
                        Delivery::passing(who, events::server::MEETING_MUTED, &muted)
                    })
                    .collect();
                told.extend(self.mute(entry, true, meant));
                told
            }
            _ => Vec::new(),
        }
    }

    fn mute(&mut self, entry: &Entry, on: bool, whom: impl Fn(&Peer) -> bool) -> Vec<Delivery> {
        let meeting_id = self.meeting.clone();
        let peers = self.call.peers.values_mut().filter(|peer| whom(peer) && peer.muted != on);
        peers
            .map(|peer| {
                peer.muted = on;
                let status = events::MuteStatus {
                    meeting_id: meeting_id.clone(),
                    user_id: peer.user.clone(),
                    username: peer.name.to_string(),
                    is_muted: on,
                    timestamp: iso(entry.at),
                    seq: entry.seq,
                };
                Delivery::logged(entry.seq, Audience::Call, events::server::CALL_MUTE_STATUS, &status)
            })
            .collect()
    }

    fn peer_moved(
        &self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        peer: &Arc<str>,
    ) -> events::PeerMoved {
        events::PeerMoved {
            meeting_id: self.meeting.clone(),
            user_id: user.clone(),
            peer_id: peer.to_string(),
            username: name.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
        }
    }

    /// The user's seat in the call.
    #[must_use]
    pub fn peer(&self, user: &UserId) -> Option<&Peer> {
        self.call.get(user)
    }

    /// Everybody in the call in the order they came, but for one.
    #[must_use]
    pub fn callers(&self, but: Option<&UserId>) -> Vec<CallPeer> {
        self.call.peers(but)
    }

    /// How many are in the call.
    #[must_use]
    pub fn callers_count(&self) -> usize {
        self.call.count()
    }
}
