//! A connected socket, as rooms and answers reach it.
//!
//! Packets leave through the socket library while a client polls, and until the library has written the first
//! packet that nobody can mistake for another; from then on they go straight into the client's connection, whole
//! frames that were encoded once for everybody.

use std::sync::{Arc, MutexGuard};

use plenum_contract::MeetingId;
use plenum_service::{
    clock,
    net::{Connection, CutReason},
};
use serde::Serialize;
use socketioxide::{
    SendError, SocketError, TransportType,
    extract::{AckSender, SocketRef},
};

use super::{session::Session, wire};
use crate::rooms::delivery::{Packet, Recipient, encode};

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

/// An ack that a client asked for.
pub struct Ack {
    pub id: i64,
    pub sender: AckSender,
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
        self.deliver(&Packet::new(event, &encode(payload)));
    }

    /// Sends an event that this socket gets once in its life.
    pub fn send_once(&self, event: &'static str, payload: &impl Serialize) {
        self.deliver(&Packet::unique(event, &encode(payload)));
    }

    /// Answers an event that asked for an ack.
    pub fn acknowledge(&self, ack: Ack, payload: &impl Serialize) {
        let data = encode(payload);
        if data.get().len() >= LARGE {
            self.session.allow(data.get().len());
        }
        match self.way() {
            Way::Straight(connection) => connection.append(&wire::ack(ack.id, data.get())),
            Way::Library(_turn) => {
                if self.has_room_for(data.get().len()) {
                    self.sent(ack.sender.send(&*data));
                }
            }
        }
    }

    fn way(&self) -> Way<'_> {
        if let Some(connection) = self.session.straight() {
            return Way::Straight(connection);
        }
        let turn = self.session.library();
        match self.session.straight() {
            Some(connection) => Way::Straight(connection),
            None => Way::Library(turn),
        }
    }

    /// Whether a client that polls may have this queued; it is cut when not.
    fn has_room_for(&self, bytes: usize) -> bool {
        if self.is_polling() {
            let fits = self.session.queue_for_poll(bytes + FRAMING, clock::instant());
            if !fits {
                self.session.cut(CutReason::TooMuchQueued);
            }
            fits
        } else {
            true // the WebSocket's own connection counts
        }
    }

    fn is_polling(&self) -> bool {
        self.socket.transport_type() == TransportType::Polling
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

/// How a packet leaves now.
enum Way<'a> {
    Straight(&'a Arc<Connection>),
    /// Nobody else sends to this socket through the library, nor changes the way, while this is held.
    Library(MutexGuard<'a, ()>),
}

impl Recipient for Peer {
    fn deliver(&self, packet: &Packet<'_>) {
        match self.way() {
            Way::Straight(connection) => {
                connection.append(packet.wire(|event, data| wire::event(event, data.get())));
            }
            Way::Library(_turn) => {
                if !self.has_room_for(packet.event.len() + packet.data.get().len()) {
                    return;
                }
                if packet.unique && !self.is_polling() {
                    self.session.go_straight(packet.data.get());
                }
                self.sent(self.socket.emit(packet.event, &**packet.data));
            }
        }
    }

    fn flush(&self) {
        if let Some(connection) = self.session.straight() {
            connection.flush();
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
