//! What is told to whom. A payload is encoded once, however many receive it.

use std::sync::Arc;

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

/// A socket, as a room sees it.
pub trait Recipient: Send + Sync {
    /// Sends an event. One that can't be sent is not skipped: the recipient is cut.
    fn deliver(&self, event: &'static str, data: &Payload);
    /// The socket has a seat in this room. False when it is gone, and the seat must be given back.
    fn is_in(&self, meeting: &MeetingId) -> bool;
    /// The socket is no longer in this room.
    fn is_out_of(&self, meeting: &MeetingId);
    /// Cuts the socket's connection; its client comes back by itself.
    fn cut(&self);
}
