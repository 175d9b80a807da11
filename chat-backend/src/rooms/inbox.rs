//! What a room's task is told, and by whom it answers.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use plenum_contract::{
    Caller, MeetingId, UserId,
    error::Problem,
    events::{EndReason, Joined, MessageTaken, PollOpened, SignalType},
};
use plenum_service::traces::Trace;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    act::Act,
    delivery::{Packet, Payload, Recipient},
    entry::{Incarnation, Scope, SocketId},
};
use crate::meetings::Rules;

/// What an event came to.
#[derive(Debug)]
pub enum Answered {
    /// The room as the user may see it.
    Joined(Box<Joined>),
    /// The message's number and id.
    Said(MessageTaken),
    /// The new poll.
    PollOpened(PollOpened),
    /// Done, with nothing more to say.
    Done,
}

/// Takes the outcome to the one who asked: an ack, an `error` event, or nowhere. It goes at the recipient's next
/// flush.
pub type Answer = Box<dyn FnOnce(Result<Answered, Problem>) + Send>;

/// A socket and the user behind it.
#[derive(Clone)]
pub struct Sender {
    /// Who, as the gateway said.
    pub who: Arc<Caller>,
    /// Through which socket.
    pub socket: SocketId,
    /// How that socket is told things.
    pub recipient: Arc<dyn Recipient>,
    /// Where what it asks belongs, if that is traced.
    pub trace: Trace,
}

/// Nobody is told through it.
struct NoSocket;

impl Recipient for NoSocket {
    fn deliver(&self, _: &Packet<'_>) {}

    fn flush(&self) {}

    fn is_in(&self, _: &MeetingId) -> bool {
        false
    }

    fn is_out_of(&self, _: &MeetingId) {}

    fn cut(&self) {}
}

impl Sender {
    /// A user who asks without one. No socket has this id.
    #[must_use]
    pub fn without_socket(who: Arc<Caller>, trace: Trace) -> Self {
        Self { who, socket: SocketId("".into()), recipient: Arc::new(NoSocket), trace }
    }

    /// Whether a socket asks.
    #[must_use]
    pub fn has_socket(&self) -> bool {
        !self.socket.0.is_empty()
    }
}

/// Where a resuming client stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The epoch of its last join.
    pub epoch: String,
    /// The highest number it saw.
    pub since: u64,
}

/// A signal from one peer of a call to another.
#[derive(Debug)]
pub struct Signal {
    /// Whom it is for.
    pub to: UserId,
    /// Which end of theirs; any when none is named.
    pub to_peer: Option<String>,
    /// What they have to tell each other.
    pub signal: Box<RawValue>,
    /// What it is.
    pub kind: SignalType,
}

/// A message as a client sends it.
#[derive(Debug, Default)]
pub struct Message {
    /// Not trimmed.
    pub text: Arc<str>,
    /// The sender's own id of it.
    pub client_message_id: Option<Arc<str>>,
    /// The id of the message that it answers.
    pub reply_to: Option<String>,
    /// For whom alone it is.
    pub to: Option<UserId>,
}

/// One thing for a room's task to do.
pub enum Inbound {
    /// Let this socket in.
    Join {
        /// Who.
        from: Sender,
        /// Where it stopped, if it was here before.
        resume: Option<Resume>,
        /// What it says that the passcode is.
        passcode: Option<Arc<str>>,
        /// How it is answered.
        answer: Answer,
    },
    /// Let this socket into the call.
    Call {
        /// Who.
        from: Sender,
        /// The client's own name for its end.
        peer: Arc<str>,
        /// What it says that the passcode is.
        passcode: Option<Arc<str>>,
        /// How it is answered.
        answer: Answer,
    },
    /// Let this socket out.
    Leave {
        /// Who.
        from: Sender,
        /// Out of what.
        scope: Scope,
        /// How it is answered.
        answer: Answer,
    },
    /// A message.
    Say {
        /// Who.
        from: Sender,
        /// What.
        message: Message,
        /// How it is answered.
        answer: Answer,
    },
    /// The user types, or stopped typing.
    Typing {
        /// Who.
        from: Sender,
        /// The event the others get.
        event: &'static str,
        /// How it is answered.
        answer: Answer,
    },
    /// A reaction of the moment.
    React {
        /// Who.
        from: Sender,
        /// One emoji.
        reaction: String,
        /// How it is answered.
        answer: Answer,
    },
    /// A signal for one peer.
    Signal {
        /// Who.
        from: Sender,
        /// What, and for whom.
        signal: Signal,
        /// How it is answered.
        answer: Answer,
    },
    /// Something else that a user does.
    Act {
        /// Who.
        from: Sender,
        /// What.
        act: Act,
        /// The epoch of the message or poll that it names by number.
        epoch: Option<String>,
        /// How it is answered.
        answer: Answer,
    },
    /// Something of the moment for one socket, from another node.
    ForSocket {
        /// Which.
        socket: SocketId,
        /// The event.
        event: &'static str,
        /// Its payload.
        data: Payload,
    },
    /// The meeting's rules changed in the store.
    Ruled {
        /// Users in the room at once.
        places: u32,
        /// Who may come in, and who hosts.
        rules: Box<Rules>,
        /// When it was changed.
        as_of: Timestamp,
    },
    /// A host has removed a user, and the store knows.
    Removed {
        /// Who.
        user: UserId,
        /// When it was changed.
        as_of: Timestamp,
    },
    /// The meeting ended in the store.
    End {
        /// Why.
        reason: EndReason,
    },
    /// This life of a node is over.
    Bury {
        /// Which.
        node: Incarnation,
    },
    /// The log holds a seat for a socket that is not here.
    Unseat {
        /// Whose.
        user: UserId,
        /// Which.
        socket: SocketId,
    },
}

impl Inbound {
    /// The socket that asks, and its user, where one does.
    #[must_use]
    pub const fn from(&self) -> Option<&Sender> {
        match self {
            Self::Join { from, .. }
            | Self::Call { from, .. }
            | Self::Leave { from, .. }
            | Self::Say { from, .. }
            | Self::Typing { from, .. }
            | Self::React { from, .. }
            | Self::Signal { from, .. }
            | Self::Act { from, .. } => Some(from),
            Self::ForSocket { .. }
            | Self::Ruled { .. }
            | Self::Removed { .. }
            | Self::End { .. }
            | Self::Bury { .. }
            | Self::Unseat { .. } => None,
        }
    }

    /// Whether it asks to be let in, to the room or the call.
    #[must_use]
    pub const fn wants_in(&self) -> bool {
        matches!(self, Self::Join { .. } | Self::Call { .. })
    }

    /// Whether it is the word of the store, which must not get lost.
    #[must_use]
    pub const fn is_stores(&self) -> bool {
        matches!(self, Self::Ruled { .. } | Self::Removed { .. } | Self::End { .. })
    }

    /// Whether a room that is live on other nodes alone is opened here for it: a socket would be on the node where its user is.
    #[must_use]
    pub fn may_be_elsewhere(&self) -> bool {
        self.is_stores()
            || matches!(self, Self::Bury { .. })
            || self.from().is_some_and(|from| !from.has_socket())
    }

    /// Whether it needs a seat in the call, and no other.
    #[must_use]
    pub const fn is_of_call(&self) -> bool {
        match self {
            Self::Signal { .. } | Self::Leave { scope: Scope::Call, .. } => true,
            Self::Act { act, .. } => act.is_of_call(),
            _ => false,
        }
    }

    /// Answers the one who asks, where one does, at once.
    pub fn answer(self, outcome: Result<Answered, Problem>) {
        match self {
            Self::Join { from, answer, .. }
            | Self::Call { from, answer, .. }
            | Self::Leave { from, answer, .. }
            | Self::Say { from, answer, .. }
            | Self::Typing { from, answer, .. }
            | Self::React { from, answer, .. }
            | Self::Signal { from, answer, .. }
            | Self::Act { from, answer, .. } => {
                answer(outcome);
                from.recipient.flush();
            }
            Self::ForSocket { .. }
            | Self::Ruled { .. }
            | Self::Removed { .. }
            | Self::End { .. }
            | Self::Bury { .. }
            | Self::Unseat { .. } => {}
        }
    }

    /// Leavings and the store's word are never refused for want of space: there are no more of them than
    /// seats, and requests that the HTTP side bounds.
    #[must_use]
    pub const fn needs_place(&self) -> bool {
        !matches!(self, Self::Leave { scope: Scope::Room | Scope::All, .. }) && self.from().is_some()
    }
}

/// A thing to do, with its place in the queue.
pub struct Queued {
    /// What.
    pub inbound: Inbound,
    /// Given back when it is done.
    pub place: Option<OwnedSemaphorePermit>,
}

/// A live room, as the registry holds it.
#[derive(Clone)]
pub struct Handle {
    pub(super) queue: mpsc::UnboundedSender<Queued>,
    pub(super) places: Arc<Semaphore>,
    /// Whom this node says to be in it.
    pub(super) held: Arc<Mutex<InRoom>>,
}

/// Who is in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InRoom {
    /// Users in it.
    pub users: usize,
    /// Users in its call.
    pub callers: usize,
}
