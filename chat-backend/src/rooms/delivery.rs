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
    /// Everyone but this user.
    Others(UserId),
}

impl Audience {
    /// Whether this user is among those told.
    #[must_use]
    pub fn includes(&self, user: &UserId) -> bool {
        match self {
            Self::All => true,
            Self::Others(but) => but != user,
        }
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
}

impl Delivery {
    /// An event that stands for a log entry.
    pub fn logged(seq: u64, audience: Audience, event: &'static str, payload: &impl Serialize) -> Self {
        Self { seq: Some(seq), audience, event, data: encode(payload) }
    }

    /// An event of the moment.
    pub fn passing(audience: Audience, event: &'static str, payload: &impl Serialize) -> Self {
        Self { seq: None, audience, event, data: encode(payload) }
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
