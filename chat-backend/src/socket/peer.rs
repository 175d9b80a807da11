//! A connected socket, as rooms and answers reach it.

use std::sync::Arc;

use plenum_contract::MeetingId;
use plenum_service::{clock, net::CutReason};
use serde::Serialize;
use socketioxide::{
    SendError, SocketError, TransportType,
    extract::{AckSender, SocketRef},
};

use super::session::Session;
use crate::rooms::delivery::{Payload, Recipient, encode};

/// Bytes that the protocol puts around an event's name and payload, at least.
const FRAMING: usize = 8;

/// Bytes from which an answer counts as large.
const LARGE: usize = 16 * 1024;

/// A socket and its session.
#[derive(Clone)]
pub struct Peer {
    socket: SocketRef,
    session: Arc<Session>,
}

impl Peer {
    pub const fn new(socket: SocketRef, session: Arc<Session>) -> Self {
        Self { socket, session }
    }

    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Sends an event to this socket alone.
    pub fn send(&self, event: &'static str, payload: &impl Serialize) {
        self.deliver(event, &encode(payload));
    }

    /// Answers an event that asked for an ack.
    pub fn acknowledge(&self, ack: AckSender, payload: &impl Serialize) {
        let data = encode(payload);
        if data.get().len() >= LARGE {
            self.session.allow(data.get().len());
        }
        if self.has_room_for(data.get().len()) {
            self.sent(ack.send(&*data));
        }
    }

    /// Whether a client that polls may have this queued; it is cut when not.
    fn has_room_for(&self, bytes: usize) -> bool {
        if self.socket.transport_type() != TransportType::Polling {
            return true; // the WebSocket's own connection counts
        }
        let fits = self.session.queue_for_poll(bytes + FRAMING, clock::instant());
        if !fits {
            self.session.cut(CutReason::TooMuchQueued);
        }
        fits
    }

    fn sent(&self, outcome: Result<(), SendError>) {
        match outcome {
            Ok(()) | Err(SendError::Socket(SocketError::Closed)) => {}
            Err(SendError::Socket(SocketError::InternalChannelFull)) => self.cut(),
            Err(SendError::Serialize(error)) => {
                tracing::error!(%error, "an event can't be encoded");
                self.cut();
            }
        }
    }
}

impl Recipient for Peer {
    fn deliver(&self, event: &'static str, data: &Payload) {
        if self.has_room_for(event.len() + data.get().len()) {
            self.sent(self.socket.emit(event, &**data));
        }
    }

    fn is_in(&self, meeting: &MeetingId) -> bool {
        self.session.enter(meeting)
    }

    fn is_out_of(&self, meeting: &MeetingId) {
        self.session.exit(meeting);
    }

    fn cut(&self) {
        self.session.cut(CutReason::Undeliverable);
    }
}
