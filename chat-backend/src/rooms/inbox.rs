//! What a room's task is told, and by whom it answers.

use std::sync::{Arc, atomic::AtomicUsize};

use jiff::Timestamp;
use plenum_contract::{
    Caller, UserId,
    error::Problem,
    events::{EndReason, Joined, MessageTaken},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{
    delivery::Recipient,
    entry::{Incarnation, SocketId},
};

/// What an event came to.
#[derive(Debug)]
pub enum Answered {
    /// The room as the user may see it.
    Joined(Box<Joined>),
    /// The message's number and id.
    Said(MessageTaken),
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
}

/// Where a resuming client stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The epoch of its last join.
    pub epoch: String,
    /// The highest number it saw.
    pub since: u64,
}

/// One thing for a room's task to do.
pub enum Inbound {
    /// Let this socket in.
    Join {
        /// Who.
        from: Sender,
        /// Where it stopped, if it was here before.
        resume: Option<Resume>,
        /// How it is answered.
        answer: Answer,
    },
    /// Let this socket out.
    Leave {
        /// Who.
        from: Sender,
        /// How it is answered.
        answer: Answer,
    },
    /// A message to everyone.
    Say {
        /// Who.
        from: Sender,
        /// As the client sent it.
        text: Arc<str>,
        /// The sender's own id of it.
        client_message_id: Option<Arc<str>>,
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
    /// The meeting's rules changed in the store.
    Ruled {
        /// Users in the room at once.
        places: u32,
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
            | Self::Leave { from, .. }
            | Self::Say { from, .. }
            | Self::Typing { from, .. } => Some(from),
            Self::Ruled { .. } | Self::End { .. } | Self::Bury { .. } | Self::Unseat { .. } => None,
        }
    }

    /// Answers the one who asks, where one does, at once.
    pub fn answer(self, outcome: Result<Answered, Problem>) {
        match self {
            Self::Join { from, answer, .. }
            | Self::Leave { from, answer }
            | Self::Say { from, answer, .. }
            | Self::Typing { from, answer, .. } => {
                answer(outcome);
                from.recipient.flush();
            }
            Self::Ruled { .. } | Self::End { .. } | Self::Bury { .. } | Self::Unseat { .. } => {}
        }
    }

    /// Leavings and the store's word are never refused for want of space: there are no more of them than
    /// seats, and requests that the HTTP side bounds.
    #[must_use]
    pub const fn needs_place(&self) -> bool {
        matches!(self, Self::Join { .. } | Self::Say { .. } | Self::Typing { .. })
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
    pub(super) users: Arc<AtomicUsize>,
}
