//! What stands in a room's log, and what people may ask of a room.

use std::{fmt, sync::Arc};

use plenum_contract::{UserId, events::EndReason};
use serde::{Deserialize, Serialize};

/// The form of entries that this release writes.
pub const ENTRY_VERSION: u8 = 1;

/// A socket of a user in a room.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SocketId(pub Arc<str>);

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({})", self.0)
    }
}

/// One numbered entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Rising inside an epoch.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The form of `fact`.
    pub version: u8,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The meeting's rules, as they stand from here on.
    Ruled {
        /// Users in the room at once.
        places: u32,
    },
    /// A socket took a seat.
    Joined {
        /// Whose.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Which.
        socket: SocketId,
    },
    /// A socket gave its seat back.
    Left {
        /// Whose.
        user: UserId,
        /// Which.
        socket: SocketId,
    },
    /// A user wrote a message.
    Said {
        /// Who.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Trimmed.
        text: Arc<str>,
        /// The sender's own id of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_message_id: Option<Arc<str>>,
    },
    /// The meeting was completed, cancelled or deleted.
    Ended {
        /// Which of them.
        reason: EndReason,
    },
}

impl Fact {
    /// Whether it changes who may do what, so that decisions made before it must be made again.
    #[must_use]
    pub const fn rules(&self) -> bool {
        match self {
            Self::Ruled { .. } | Self::Joined { .. } | Self::Ended { .. } => true,
            Self::Left { .. } | Self::Said { .. } => false,
        }
    }

    /// Bytes it takes in a log, near enough.
    #[must_use]
    pub fn size(&self) -> usize {
        let own = match self {
            Self::Ruled { .. } | Self::Ended { .. } => 0,
            Self::Joined { name, socket, .. } => name.len() + socket.0.len(),
            Self::Left { socket, .. } => socket.0.len(),
            Self::Said { name, text, client_message_id, .. } => {
                name.len() + text.len() + client_message_id.as_ref().map_or(0, |id| id.len())
            }
        };
        own + 128
    }
}

/// What may be asked of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// These are the meeting's rules.
    Rule {
        /// Users in the room at once.
        places: u32,
    },
    /// A seat for this socket.
    Join {
        /// Whose.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Which.
        socket: SocketId,
    },
    /// The socket's seat back. Never refused.
    Leave {
        /// Whose.
        user: UserId,
        /// Which.
        socket: SocketId,
    },
    /// A message to everyone.
    Say {
        /// Who.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// As the client sent it.
        text: Arc<str>,
        /// The sender's own id of it.
        client_message_id: Option<Arc<str>>,
    },
    /// The end.
    End {
        /// Why.
        reason: EndReason,
    },
}

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This fact is to be appended.
    Append {
        /// The fact.
        fact: Fact,
        /// The `rules` it was decided under, where that matters.
        guard: Option<u64>,
    },
    /// It is so already.
    Nothing,
    /// The message was taken before, as this entry.
    SaidBefore {
        /// Its number.
        seq: u64,
        /// When, milliseconds since 1970.
        at: i64,
    },
}

/// Why a room said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// All places are taken.
    Full {
        /// How many there are.
        places: u32,
    },
    /// The meeting is over.
    Ended,
    /// The user is not in the room.
    NotInRoom,
    /// Nothing but blanks.
    EmptyMessage,
    /// Past the limit.
    MessageTooLong,
}
