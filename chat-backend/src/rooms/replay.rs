//! A recording played again: what each entry came to, and who saw it. It is told by the code that told the room.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plenum_contract::{
    UserId,
    events::{self, UsersOnline, server},
};
use plenum_service::clock;

use super::{
    act::Act,
    delivery::{Audience, Delivery, Payload, Places},
    entry::{Entry, Fact, Incarnation, Scope, SocketId},
    history::History,
    recording::Recording,
    state::Room,
};

/// A room that goes through a recording.
pub struct Replay {
    room: Room,
    history: History,
    sockets: BTreeMap<SocketId, Member>,
    /// Everybody's latest name.
    names: BTreeMap<UserId, Arc<str>>,
}

struct Member {
    user: UserId,
    by: Incarnation,
    at: Places,
}

/// One entry, and what it came to.
#[derive(Debug)]
pub struct Step {
    /// Its number.
    pub seq: u64,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// The node that appended it, and which of its lives.
    pub by: Incarnation,
    /// What happened, in words.
    pub what: String,
    /// What was told of it, in order.
    pub told: Vec<Told>,
}

/// One event, and whoever saw it.
#[derive(Debug)]
pub struct Told {
    /// Its name; `(joined)` for what the ack of a join held.
    pub event: &'static str,
    /// Its payload.
    pub data: Payload,
    /// The sockets, and whose they are.
    pub to: Vec<(SocketId, UserId)>,
}

impl Replay {
    /// At the beginning of a recording; and its entries, to be taken in order.
    #[must_use]
    pub fn of(recording: Recording) -> (Self, Vec<Entry>) {
        let Recording { snapshot: room, entries, .. } = recording;
        let room = room.clone().restored(room.epoch().clone());
        let member = |(user, seat, at): (&UserId, &super::state::Seat, Places)| {
            (seat.socket.clone(), user.clone(), seat.by.clone(), at)
        };
        let seated: Vec<_> = room.seated().map(member).collect();
        let names = room.participants().into_iter().map(|one| (one.user_id, one.username.into())).collect();
        let mut this = Self { history: History::since(room.top()), room, sockets: BTreeMap::new(), names };
        for (socket, user, by, at) in seated {
            this.place(&socket, &user, &by, |now| {
                (now.room, now.call, now.waits) =
                    (now.room || at.room, now.call || at.call, now.waits || at.waits);
            });
        }
        (this, entries)
    }

    /// A user's name, as it was last seen.
    #[must_use]
    pub fn name_of<'a>(&'a self, user: &'a UserId) -> &'a str {
        self.names.get(user).map_or(user.as_str(), |name| name)
    }

    /// Takes the next entry. None for a message from before, which only who comes later sees.
    pub fn step(&mut self, entry: &Entry) -> Option<Step> {
        if let Some((user, name)) = entry.fact.who() {
            self.names.insert(user.clone(), name.clone());
        }
        if entry.seq <= self.room.top() {
            match self.room.message(entry) {
                Some(message) => self.history.recall(message),
                None => self.history.amend(entry),
            }
            return None;
        }
        let what = self.words(&entry.fact);
        let people = self.people();
        self.comes_or_goes(entry);
        let deliveries = self.room.apply(entry);
        self.history.amend(entry);
        for delivery in &deliveries {
            self.history.keep(delivery);
        }
        let mut told: Vec<Told> = deliveries.iter().map(|delivery| self.tell(delivery)).collect();
        self.settle(entry, &mut told);
        if self.people() != people && self.room.count() > 0 {
            let participants = self.room.participants();
            let (meeting_id, count) = (self.room.meeting().clone(), participants.len());
            let online = UsersOnline { meeting_id, participants, count };
            told.push(self.tell(&Delivery::passing(Audience::All, server::USERS_ONLINE, &online)));
        }
        told.retain(|told| !told.to.is_empty());
        Some(Step { seq: entry.seq, at: entry.at, by: entry.by.clone(), what, told })
    }

    fn people(&self) -> BTreeSet<UserId> {
        self.room.visits().map(|(user, _)| user.clone()).collect()
    }

    fn tell(&self, delivery: &Delivery) -> Told {
        let to =
            self.sockets.iter().filter(|(_, member)| delivery.audience.includes(&member.user, member.at));
        let to = to.map(|(socket, member)| (socket.clone(), member.user.clone())).collect();
        Told { event: delivery.event, data: delivery.data.clone(), to }
    }

    fn place(
        &mut self,
        socket: &SocketId,
        user: &UserId,
        by: &Incarnation,
        change: impl FnOnce(&mut Places),
    ) {
        let member = self.sockets.entry(socket.clone()).or_insert_with(|| Member {
            user: user.clone(),
            by: by.clone(),
            at: Places::default(),
        });
        change(&mut member.at);
    }

    /// What changes for sockets before the room is told: who goes does not hear of it, who comes into the call or waits does.
    fn comes_or_goes(&mut self, entry: &Entry) {
        match &entry.fact {
            Fact::Knocked { user, socket, .. } => {
                self.place(socket, user, &entry.by, |at| at.waits = true);
            }
            Fact::Called { user, socket, .. } => {
                self.place(socket, user, &entry.by, |at| (at.call, at.waits) = (true, false));
            }
            Fact::Left { socket, scope, .. } => self.leave(socket, *scope),
            Fact::Gone { node } => self.sockets.retain(|_, member| member.by != *node),
            _ => {}
        }
    }

    fn leave(&mut self, socket: &SocketId, scope: Scope) {
        if let Some(member) = self.sockets.get_mut(socket) {
            if scope.has_room() {
                (member.at.room, member.at.waits) = (false, false);
            }
            if scope.has_call() {
                member.at.call = false;
            }
        }
        self.sockets.retain(|_, member| !member.at.is_none());
    }

    /// What changes for them after it.
    fn settle(&mut self, entry: &Entry, told: &mut Vec<Told>) {
        match &entry.fact {
            Fact::Joined { user, socket, .. } => {
                self.place(socket, user, &entry.by, |at| (at.room, at.waits) = (true, false));
                told.push(self.ack(user, socket));
            }
            Fact::Called { user, socket, .. } => {
                let lost = self
                    .sockets
                    .iter_mut()
                    .filter(|(other, member)| *other != socket && member.user == *user && member.at.call);
                let lost: Vec<_> = lost
                    .map(|(other, member)| {
                        member.at.call = false;
                        (other.clone(), user.clone())
                    })
                    .collect();
                let taken = events::SeatTaken { meeting_id: self.room.meeting().clone() };
                let data = super::delivery::encode(&taken);
                told.push(Told { event: server::CALL_SEAT_TAKEN, data, to: lost });
            }
            Fact::Acted { act: Act::Admit { user: Some(user) } | Act::Deny { user }, .. } => {
                self.wait_no_more(|member| member.user == *user);
            }
            Fact::Acted { act: Act::Admit { user: None }, .. } => self.wait_no_more(|_| true),
            Fact::Removed { user, .. } => self.sockets.retain(|_, member| member.user != *user),
            Fact::Ended { .. } => self.sockets.clear(),
            _ => {}
        }
        self.sockets.retain(|_, member| !member.at.is_none());
    }

    fn wait_no_more(&mut self, which: impl Fn(&Member) -> bool) {
        for member in self.sockets.values_mut().filter(|member| which(member)) {
            member.at.waits = false;
        }
    }

    /// What a join was answered, but for what its client had seen before, which no log holds.
    fn ack(&self, user: &UserId, socket: &SocketId) -> Told {
        let visible = self.room.visible_since(user).unwrap_or_else(|| self.room.top());
        let latest = self.history.latest(user, visible);
        let participants = self.room.participants();
        let joined = events::Joined {
            meeting_id: self.room.meeting().clone(),
            count: participants.len(),
            participants,
            epoch: self.room.epoch().0.to_string(),
            seq: self.room.top(),
            messages: latest.messages,
            events: latest.events,
            state: self.room.live(user),
            recovered: false,
            first: true,
        };
        Told {
            event: "(joined)",
            data: super::delivery::encode(&joined),
            to: vec![(socket.clone(), user.clone())],
        }
    }

    fn words(&self, fact: &Fact) -> String {
        let name = |user: &UserId| self.name_of(user).to_owned();
        match fact {
            Fact::Ruled { places, .. } => format!("the meeting's rules: {places} places"),
            Fact::Joined { user, socket, guest, .. } => {
                let guest = if *guest { ", a guest," } else { "" };
                format!("{}{guest} joined by socket {}", name(user), socket.0)
            }
            Fact::Knocked { user, socket, .. } => format!("{} waits by socket {}", name(user), socket.0),
            Fact::Called { user, socket, peer, .. } => {
                format!("{} is in the call as {peer} by socket {}", name(user), socket.0)
            }
            Fact::Left { user, socket, scope } => {
                let what = match scope {
                    Scope::Room => "the room",
                    Scope::Call => "the call",
                    Scope::All => "room and call",
                };
                format!("{} left {what} by socket {}", name(user), socket.0)
            }
            Fact::Said { user, text, to, .. } => match to {
                Some(to) => format!("{} said to {} alone: {text}", name(user), name(to)),
                None => format!("{} said: {text}", name(user)),
            },
            Fact::Acted { user, act, .. } => format!("{}: {}", name(user), act_in_words(act, name)),
            Fact::Removed { user, .. } => format!("{} was removed by a host", name(user)),
            Fact::Gone { node } => format!("node {} is gone, and its sockets with it", node.as_str()),
            Fact::Ended { reason } => format!("the meeting ended ({reason:?})"),
        }
    }
}

fn act_in_words(act: &Act, name: impl Fn(&UserId) -> String) -> String {
    let whom = |user: &Option<UserId>, nobody: &str| user.as_ref().map_or_else(|| nobody.to_owned(), &name);
    match act {
        Act::Edit { message, text } => format!("edited message {message}: {text}"),
        Act::Delete { message } => format!("deleted message {message}"),
        Act::React { message, reaction, on: true } => format!("reacted to message {message}: {reaction}"),
        Act::React { message, reaction, on: false } => format!("took {reaction} off message {message}"),
        Act::Mute { on } => if *on { "muted" } else { "unmuted" }.to_owned(),
        Act::Video { on } => if *on { "video on" } else { "video off" }.to_owned(),
        Act::ShareScreen => "presents".to_owned(),
        Act::StopScreen { user } => format!("stopped the presentation of {}", whom(user, "their own")),
        Act::RaiseHand => "raised a hand".to_owned(),
        Act::LowerHand { user } => format!("lowered the hand of {}", whom(user, "their own")),
        Act::Admit { user } => format!("admitted {}", whom(user, "all who waited")),
        Act::Deny { user } => format!("did not admit {}", name(user)),
        Act::Lock { on } => if *on { "locked the meeting" } else { "unlocked the meeting" }.to_owned(),
        Act::MuteOther { user } => format!("muted {}", whom(user, "all others")),
        Act::OpenPoll { question, options, .. } => format!("asked: {question} ({})", options.join(" / ")),
        Act::Vote { poll, choices } => format!("chose {choices:?} in poll {poll}"),
        Act::ClosePoll { poll } => format!("closed poll {poll}"),
    }
}

impl Step {
    /// When, ISO 8601.
    #[must_use]
    pub fn time(&self) -> String {
        clock::iso(clock::from_millis(self.at))
    }
}
