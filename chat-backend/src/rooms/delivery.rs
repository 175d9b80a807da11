//! What is told to whom. A payload is encoded once, however many receive it.

use std::{cell::OnceCell, sync::Arc};

use plenum_contract::{MeetingId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;

/// An encoded payload, shared by everyone who receives it.
pub type Payload = Arc<RawValue>;

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everyone in the room.
    All,
    /// Everyone in the room but this user.
    Others(UserId),
    /// These users in the room.
    Users(Vec<UserId>),
    /// Everyone in the room or the call.
    Meeting,
    /// Everyone in the room or the call, and all who wait to be let in.
    Everywhere,
    /// Everyone in the call.
    Call,
    /// Everyone in the call but this user.
    CallOthers(UserId),
    /// This user, wherever in the meeting: in the room, the call, or waiting.
    Anywhere(UserId),
    /// This user, who waits to be let in.
    Waiting(UserId),
}

/// Where in a meeting a socket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places {
    /// In the room.
    pub room: bool,
    /// In the call.
    pub call: bool,
    /// Among those who wait to be let in.
    pub waits: bool,
}

impl Places {
    /// In the room, and nowhere else.
    pub const ROOM: Self = Self { room: true, call: false, waits: false };

    /// Nowhere.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.room && !self.call && !self.waits
    }
}

impl Audience {
    /// Whether a socket of this user, which is there, is among those told.
    #[must_use]
    pub fn includes(&self, user: &UserId, at: Places) -> bool {
        match self {
            Self::All => at.room,
            Self::Others(but) => at.room && but != user,
            Self::Users(users) => at.room && users.contains(user),
            Self::Meeting => at.room || at.call,
            Self::Everywhere => !at.is_none(),
            Self::Call => at.call,
            Self::CallOthers(but) => at.call && but != user,
            Self::Anywhere(only) => only == user && !at.is_none(),
            Self::Waiting(only) => only == user && at.waits,
        }
    }

    /// Whether it is of those in the room, who may be told later what they missed.
    #[must_use]
    pub const fn is_of_room(&self) -> bool {
        matches!(self, Self::All | Self::Others(_) | Self::Users(_) | Self::Meeting | Self::Everywhere)
    }
}

/// An event on its way.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The log entry it stands for; none for what is not logged.
    pub seq: Option<u64>,
    /// Who is told.
    pub audience: Audience,
    /// The event's name.
    pub event: &'static str,
    /// Its payload.
    pub data: Payload,
    /// The message that it says something of.
    pub about: Option<u64>,
}

impl Delivery {
    /// An event that stands for a log entry.
    pub fn logged(seq: u64, audience: Audience, event: &'static str, payload: &impl Serialize) -> Self {
        Self { seq: Some(seq), audience, event, data: encode(payload), about: None }
    }

    /// An event of the moment.
    pub fn passing(audience: Audience, event: &'static str, payload: &impl Serialize) -> Self {
        Self { seq: None, audience, event, data: encode(payload), about: None }
    }

    /// The same, which says something of a message.
    #[must_use]
    pub fn about(self, message: u64) -> Self {
        Self { about: Some(message), ..self }
    }
}

/// Encodes a payload of the contract.
///
/// # Panics
/// Never: the contract's types hold nothing that JSON can't.
pub fn encode(payload: &impl Serialize) -> Payload {
    serde_json::value::to_raw_value(payload).expect("a payload of the contract is JSON").into()
}

/// An event on its way to however many recipients.
pub struct Packet<'a> {
    /// The event's name.
    pub event: &'static str,
    /// Its payload.
    pub data: &'a Payload,
    /// Whether no recipient gets these bytes twice.
    pub unique: bool,
    wire: OnceCell<Vec<u8>>,
}

impl<'a> Packet<'a> {
    /// An event whose payload some recipient may have got before.
    #[must_use]
    pub const fn new(event: &'static str, data: &'a Payload) -> Self {
        Self { event, data, unique: false, wire: OnceCell::new() }
    }

    /// An event whose payload nobody has got before.
    #[must_use]
    pub const fn unique(event: &'static str, data: &'a Payload) -> Self {
        Self { event, data, unique: true, wire: OnceCell::new() }
    }

    /// The bytes that travel: made by the first recipient, for all.
    pub fn wire(&self, make: impl FnOnce(&str, &Payload) -> Vec<u8>) -> &[u8] {
        self.wire.get_or_init(|| make(self.event, self.data))
    }
}

impl<'a> From<&'a Delivery> for Packet<'a> {
    fn from(delivery: &'a Delivery) -> Self {
        let unique = delivery.seq.is_some(); // the payload of a log entry holds its number
        Self { event: delivery.event, data: &delivery.data, unique, wire: OnceCell::new() }
    }
}

/// A socket, as a room sees it.
pub trait Recipient: Send + Sync {
    /// Sends an event, at the next [`flush`](Self::flush) at the latest. One that can't be sent is not skipped:
    /// the recipient is cut.
    fn deliver(&self, packet: &Packet<'_>);
    /// Sends what was held back so that much goes at once.
    fn flush(&self);
    /// The socket has a seat in this room. False when it is gone, and the seat must be given back.
    fn is_in(&self, meeting: &MeetingId) -> bool;
    /// The socket is no longer in this room.
    fn is_out_of(&self, meeting: &MeetingId);
    /// Cuts the socket's connection; its client comes back by itself.
    fn cut(&self);
}
