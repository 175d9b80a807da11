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

/// One life of a node in a room: `NODE.LIFE`. A node that was declared gone there goes on as its next life.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(Arc<str>);

impl Incarnation {
    /// A life of a node, the first is 0.
    #[must_use]
    pub fn new(node: &str, life: u32) -> Self {
        Self(format!("{node}.{life}").into())
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (node, life) = text.rsplit_once('.')?;
        let life: u32 = life.parse().ok()?;
        (!node.is_empty()).then(|| Self::new(node, life))
    }

    /// The node that lives it.
    #[must_use]
    pub fn node(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(node, _)| node)
    }

    /// As it stands in an entry.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incarnation({})", self.0)
    }
}

/// One numbered entry of a room's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Rising inside an epoch.
    pub seq: u64,
    /// Milliseconds since 1970, by the log's clock; never less than in the entry before.
    pub at: i64,
    /// Who appended it.
    pub by: Incarnation,
    /// Which of its appends it came with: with `by` and `seq`, an entry's identity.
    pub turn: u64,
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
        /// When the store had them so, milliseconds since 1970.
        as_of: i64,
    },
    /// A socket took a seat, held by the incarnation that appended this.
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
    /// A node died, or was away for so long that it counts as dead: its seats are free.
    Gone {
        /// Which life of it.
        node: Incarnation,
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
            Self::Left { .. } | Self::Said { .. } | Self::Gone { .. } => false,
        }
    }

    /// What may stand in a log once: a user's message under the user's own id of it.
    #[must_use]
    pub fn once(&self) -> Option<(&UserId, &str)> {
        match self {
            Self::Said { user, client_message_id: Some(id), .. } => Some((user, id)),
            _ => None,
        }
    }

    /// Bytes it takes in a log, near enough.
    #[must_use]
    pub fn size(&self) -> usize {
        let own = match self {
            Self::Ruled { .. } | Self::Ended { .. } | Self::Gone { .. } => 0,
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
        /// When the store had them so, milliseconds since 1970; what is older than what the room knows is nothing.
        as_of: i64,
    },
    /// This life of a node is over.
    Bury {
        /// Which.
        node: Incarnation,
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
