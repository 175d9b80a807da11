//! What stands in a room's log, and what people may ask of a room.

use std::{fmt, sync::Arc};

use plenum_contract::{UserId, events::EndReason};
use serde::{Deserialize, Serialize};

use super::{act::Act, recording};
use crate::meetings::{NotAdmitted, Rules};

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
    /// Where it belongs, if what it comes from is traced: W3C's `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Box<str>>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// A fact before it is numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// What is to have happened.
    pub fact: Fact,
    /// As in the [`Entry`] that it becomes.
    pub trace: Option<Box<str>>,
}

impl From<Fact> for Proposed {
    fn from(fact: Fact) -> Self {
        Self { fact, trace: None }
    }
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
        /// Who may come in, and who hosts.
        rules: Box<Rules>,
    },
    /// A socket took a seat, held by the incarnation that appended this.
    Joined {
        /// Whose.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Which.
        socket: SocketId,
        /// Whether it is a guest.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        guest: bool,
    },
    /// A socket waits until a host lets its user in.
    Knocked {
        /// Whose.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Which.
        socket: SocketId,
    },
    /// A socket took its user's seat in the call.
    Called {
        /// Whose.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// Which.
        socket: SocketId,
        /// The client's own name for its end.
        peer: Arc<str>,
    },
    /// A socket gave its seat back.
    Left {
        /// Whose.
        user: UserId,
        /// Which.
        socket: SocketId,
        /// Which of its seats.
        #[serde(default, skip_serializing_if = "Scope::is_room")]
        scope: Scope,
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
        /// The number of the message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
        /// For whom alone it is, beside its sender.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserId>,
    },
    /// A user did something.
    Acted {
        /// Who.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// What.
        act: Act,
    },
    /// A host has removed a user, who may not come back.
    Removed {
        /// Who.
        user: UserId,
        /// When the store had it so, milliseconds since 1970.
        as_of: i64,
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

/// Which of a socket's seats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In the room, or among those who wait to come in.
    #[default]
    Room,
    /// In the call.
    Call,
    /// All of them.
    All,
}

impl Scope {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
    const fn is_room(&self) -> bool {
        matches!(self, Self::Room)
    }

    /// Whether a seat in the room is among them.
    #[must_use]
    pub const fn has_room(self) -> bool {
        !matches!(self, Self::Call)
    }

    /// Whether a seat in the call is among them.
    #[must_use]
    pub const fn has_call(self) -> bool {
        !matches!(self, Self::Room)
    }
}

impl Fact {
    /// Whether it changes who may do what, so that decisions made before it must be made again.
    #[must_use]
    pub const fn rules(&self) -> bool {
        match self {
            Self::Ruled { .. }
            | Self::Joined { .. }
            | Self::Called { .. }
            | Self::Removed { .. }
            | Self::Ended { .. } => true,
            Self::Acted { act, .. } => act.rules(),
            Self::Knocked { .. } | Self::Left { .. } | Self::Said { .. } | Self::Gone { .. } => false,
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

    /// The message whose texts go from the log with this.
    #[must_use]
    pub const fn redacts(&self) -> Option<u64> {
        match self {
            Self::Acted { act: Act::Delete { message }, .. } => Some(*message),
            _ => None,
        }
    }

    /// Takes the text of this message away, where this is entry `seq`. True when it had one.
    pub fn redact(&mut self, seq: u64, of: u64) -> bool {
        match self {
            Self::Said { text, .. } if seq == of => !std::mem::take(text).is_empty(),
            Self::Acted { act: Act::Edit { message, text }, .. } if *message == of => {
                !std::mem::take(text).is_empty()
            }
            _ => false,
        }
    }

    /// Takes out what is not for who looks at a recording: always what admits people, and without `texts` what they wrote.
    pub(super) fn redact_for_recording(&mut self, texts: bool) {
        match self {
            Self::Ruled { rules, .. } => rules.admit_nobody(),
            Self::Said { text, client_message_id, .. } if !texts => {
                *text = recording::redacted(text).into();
                *client_message_id = None;
            }
            Self::Acted { act, .. } if !texts => act.redact(),
            _ => {}
        }
    }

    /// Who did it, under which name, where it says so.
    pub(super) const fn who(&self) -> Option<(&UserId, &Arc<str>)> {
        match self {
            Self::Joined { user, name, .. }
            | Self::Knocked { user, name, .. }
            | Self::Called { user, name, .. }
            | Self::Said { user, name, .. }
            | Self::Acted { user, name, .. } => Some((user, name)),
            _ => None,
        }
    }

    /// Bytes it takes in a log, near enough.
    #[must_use]
    pub fn size(&self) -> usize {
        let own = match self {
            Self::Ruled { .. } | Self::Ended { .. } | Self::Gone { .. } | Self::Removed { .. } => 0,
            Self::Joined { name, socket, .. } | Self::Knocked { name, socket, .. } => {
                name.len() + socket.0.len()
            }
            Self::Called { name, socket, peer, .. } => name.len() + socket.0.len() + peer.len(),
            Self::Left { socket, .. } => socket.0.len(),
            Self::Said { name, text, client_message_id, .. } => {
                name.len() + text.len() + client_message_id.as_ref().map_or(0, |id| id.len())
            }
            Self::Acted { name, act, .. } => name.len() + act.size(),
        };
        own + 128
    }
}

/// Somebody who asks to be let in by a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    /// Who.
    pub user: UserId,
    /// The profile's name.
    pub name: Arc<str>,
    /// By which socket.
    pub socket: SocketId,
    /// The code of the one meeting that a guest may come to; none for who has an account.
    pub guest: Option<Arc<str>>,
    /// What they say that the passcode is.
    pub passcode: Option<Arc<str>>,
    /// Whether the meeting's stored participants have them.
    pub known: bool,
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
        /// Who may come in, and who hosts.
        rules: Box<Rules>,
    },
    /// This life of a node is over.
    Bury {
        /// Which.
        node: Incarnation,
    },
    /// A seat for this socket.
    Join(Entrant),
    /// The user's seat in the call for this socket.
    Call {
        /// Who.
        entrant: Entrant,
        /// The client's own name for its end.
        peer: Arc<str>,
        /// How many may be in the call.
        places: u32,
    },
    /// The socket's seat back. Never refused.
    Leave {
        /// Whose.
        user: UserId,
        /// Which.
        socket: SocketId,
        /// Which of its seats.
        scope: Scope,
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
        /// The id of the message that it answers.
        reply_to: Option<String>,
        /// For whom alone it is, beside its sender.
        to: Option<UserId>,
    },
    /// Something else that a user does.
    Act {
        /// Who.
        user: UserId,
        /// The profile's name.
        name: Arc<str>,
        /// What.
        act: Act,
    },
    /// A host has removed this user.
    Remove {
        /// Who.
        user: UserId,
        /// When the store had it so, milliseconds since 1970.
        as_of: i64,
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
    /// All places in the call are taken.
    CallFull {
        /// How many there are.
        places: u32,
    },
    /// The meeting is over.
    Ended,
    /// The user is not in the room.
    NotInRoom,
    /// The user is not in the call.
    NotInCall,
    /// Nothing but blanks.
    EmptyMessage,
    /// Past the limit.
    MessageTooLong,
    /// A host has removed the user.
    Removed,
    /// The meeting takes no guests, or not this one.
    NoGuests,
    /// There is a passcode, and none was given.
    PasscodeRequired,
    /// The passcode is another.
    WrongPasscode,
    /// The user has tried too many passcodes just now.
    TooManyTries,
    /// The room does not know its rules yet.
    NotRuled,
    /// The meeting takes nobody new.
    Locked,
    /// The user waits to be let in.
    Waits,
    /// Too many wait.
    LobbyFull,
    /// It is a host's to do.
    NotHost,
    /// Whom it is about is not there.
    NobodyThere,
    /// No such message, or one too old.
    NoMessage,
    /// The message is another's.
    NotAuthor,
    /// Not one emoji.
    InvalidReaction,
    /// As many reactions as there may be.
    TooManyReactions,
    /// Somebody presents.
    ScreenTaken,
    /// A poll outside its bounds.
    InvalidPoll,
    /// As many polls as there may be.
    TooManyPolls,
    /// No such poll.
    NoPoll,
    /// The poll is over.
    PollClosed,
    /// Not among the options.
    InvalidVote,
}

impl From<NotAdmitted> for Refusal {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::Ended => Self::Ended,
            NotAdmitted::NoGuests => Self::NoGuests,
            NotAdmitted::Removed => Self::Removed,
            NotAdmitted::PasscodeRequired => Self::PasscodeRequired,
            NotAdmitted::WrongPasscode => Self::WrongPasscode,
        }
    }
}
