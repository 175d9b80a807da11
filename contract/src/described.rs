//! The events of [`crate::events`] as `asyncapi.json` tells them: who sends each, what it carries, what may be refused.

use std::borrow::Cow;

use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{
    error::ErrorCode,
    events::{
        CallError, ChatMessage, ClosePoll, DeleteMessage, Done, EditMessage, HandMoved, IceServer, InMeeting,
        JoinCall, JoinMeeting, Joined, LeaveMeeting, LobbyAnswer, LobbyWaiting, MeetingEnded, MeetingLocked,
        MeetingRoles, MessageDeleted, MessageEdited, MessageReacted, MessageTaken, MuteStatus, MutedByHost,
        OfUser, OfUserOrAll, OpenPoll, PeerMoved, PeersList, Poll, PollOpened, ReactToMessage, ReactionSent,
        RemovedByHost, ScreenShared, SeatTaken, SendMessage, SendReaction, SendSignal, ServerNotice, Signal,
        SocketError, Typing, UserMoved, UsersOnline, VideoStatus, VoteInPoll, client, server,
    },
};

/// The schema of what an event carries.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// What it is called among the schemas.
    pub name: fn() -> Cow<'static, str>,
    /// The schema itself.
    pub schema: fn() -> RefOr<Schema>,
    /// Adds the schemas that it refers to.
    pub refers_to: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// Whether a list of such is carried.
    pub many: bool,
}

const fn one<T: ToSchema>() -> Shape {
    Shape { name: T::name, schema: T::schema, refers_to: T::schemas, many: false }
}

const fn many<T: ToSchema>() -> Shape {
    Shape { many: true, ..one::<T>() }
}

/// An event that a client sends.
#[derive(Debug, Clone, Copy)]
pub struct FromClient {
    /// Its name.
    pub name: &'static str,
    /// What happens.
    pub summary: &'static str,
    /// What it carries.
    pub payload: Shape,
    /// What its ack carries as `data` when it went well.
    pub ack: Shape,
    /// Why it may be refused.
    pub refusals: &'static [ErrorCode],
    /// Whether a refusal is told by an `error` event when no ack was asked for.
    pub told_without_ack: bool,
}

/// An event that the server sends.
#[derive(Debug, Clone, Copy)]
pub struct FromServer {
    /// Its name.
    pub name: &'static str,
    /// When it is sent, and to whom.
    pub summary: &'static str,
    /// What it carries.
    pub payload: Shape,
}

/// Refusals of whatever only who is in the room may do.
const IN_ROOM: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::NotInMeeting,
    ErrorCode::MeetingEnded,
    ErrorCode::RateLimited,
    ErrorCode::Busy,
    ErrorCode::StoreUnavailable,
];

/// Everything that a client may send.
pub const FROM_CLIENTS: &[FromClient] = &[
    FromClient {
        name: client::JOIN_MEETING,
        summary: "Into the room and the meeting's stored participants: all get `users:online`, the others `user:joined`. \
                  Again, or by another socket of the same user: this socket gets `users:online`, and nobody is told \
                  anything. With `epoch` and `since` of an earlier join the ack holds what was missed.",
        payload: one::<JoinMeeting>(),
        ack: one::<Joined>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::MeetingNotFound,
            ErrorCode::MeetingFull,
            ErrorCode::MeetingEnded,
            ErrorCode::PasscodeRequired,
            ErrorCode::WrongPasscode,
            ErrorCode::MeetingLocked,
            ErrorCode::WaitingRoom,
            ErrorCode::WaitingRoomFull,
            ErrorCode::RemovedFromMeeting,
            ErrorCode::GuestsNotAllowed,
            ErrorCode::TooManyTries,
            ErrorCode::TooManyRooms,
            ErrorCode::UnknownSid,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::ShuttingDown,
            ErrorCode::StoreUnavailable,
            ErrorCode::Internal,
        ],
        told_without_ack: true,
    },
    FromClient {
        name: client::LEAVE_MEETING,
        summary: "Out of the room. When the user's last socket in it leaves, the rest get `user:left` and `users:online`; a \
                  disconnect does the same, at once.",
        payload: one::<LeaveMeeting>(),
        ack: one::<Done>(),
        refusals: &[ErrorCode::InvalidPayload, ErrorCode::NotInMeeting],
        told_without_ack: false,
    },
    FromClient {
        name: client::CHAT_MESSAGE,
        summary: "A message, trimmed, to everyone in the room, its sender too. Sent again with its `clientMessageId` it \
                  appears once. Blank ones without an ack are dropped in silence.",
        payload: one::<SendMessage>(),
        ack: one::<MessageTaken>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::EmptyMessage,
            ErrorCode::MessageTooLong,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
            ErrorCode::Internal,
        ],
        told_without_ack: true,
    },
    FromClient {
        name: client::TYPING_START,
        summary: "The user began to type: told to the others in the room.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: IN_ROOM,
        told_without_ack: false,
    },
    FromClient {
        name: client::TYPING_STOP,
        summary: "The user stopped typing: told to the others in the room.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: IN_ROOM,
        told_without_ack: false,
    },
    FromClient {
        name: client::CHAT_EDIT,
        summary: "Another text for one's own message: told to whoever got it. The latest 500 messages can be changed.",
        payload: one::<EditMessage>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::MessageNotFound,
            ErrorCode::NotAuthor,
            ErrorCode::EmptyMessage,
            ErrorCode::MessageTooLong,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CHAT_DELETE,
        summary: "Takes back one's own message, or as a host anybody's: its text is gone from the room's log, and whoever got it is told.",
        payload: one::<DeleteMessage>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::MessageNotFound,
            ErrorCode::NotAuthor,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CHAT_REACT,
        summary: "Sets a reaction to a message, or takes it back: told to whoever got the message.",
        payload: one::<ReactToMessage>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::MessageNotFound,
            ErrorCode::InvalidReaction,
            ErrorCode::TooManyReactions,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CALL_JOIN,
        summary: "Into the call of a meeting, past the same rule as `join:meeting`, which it does not need: `call:peers-list` to this socket, `call:peer-joined` to the others. Again: replaces `peerId`, and the seat is this socket's from then on.",
        payload: one::<JoinCall>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::MeetingNotFound,
            ErrorCode::MeetingEnded,
            ErrorCode::MeetingFull,
            ErrorCode::CallFull,
            ErrorCode::PasscodeRequired,
            ErrorCode::WrongPasscode,
            ErrorCode::MeetingLocked,
            ErrorCode::WaitingRoom,
            ErrorCode::WaitingRoomFull,
            ErrorCode::RemovedFromMeeting,
            ErrorCode::GuestsNotAllowed,
            ErrorCode::TooManyTries,
            ErrorCode::TooManyRooms,
            ErrorCode::UnknownSid,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::ShuttingDown,
            ErrorCode::StoreUnavailable,
            ErrorCode::Internal,
        ],
        told_without_ack: true,
    },
    FromClient {
        name: client::CALL_SIGNAL,
        summary: "Something for one peer in the same call, which gets it with the server's own record of who sent it.",
        payload: one::<SendSignal>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::InvalidSignal,
            ErrorCode::NotInCall,
            ErrorCode::PeerNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: true,
    },
    FromClient {
        name: client::CALL_MUTE,
        summary: "One is not to be heard: `call:mute-status` to all in the call.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CALL_UNMUTE,
        summary: "One is to be heard: `call:mute-status` to all in the call.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CALL_VIDEO_ON,
        summary: "One is to be seen: `call:video-status` to all in the call.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CALL_VIDEO_OFF,
        summary: "One is not to be seen: `call:video-status` to all in the call.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::CALL_LEAVE,
        summary: "Out of the call: `call:peer-left` to the rest. The disconnect of the socket that holds the seat does the same, at once.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::SCREEN_START,
        summary: "Who is in the call presents: told to the room and the call. One at a time.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInCall,
            ErrorCode::ScreenTaken,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::SCREEN_STOP,
        summary: "One presents no more; a host stops who is named.",
        payload: one::<OfUserOrAll>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::HAND_RAISE,
        summary: "One's hand goes up, behind those that are up: told to the room.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::HAND_LOWER,
        summary: "One's hand goes down; a host lowers whose is named.",
        payload: one::<OfUserOrAll>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::REACTION_SEND,
        summary: "A reaction of the moment, to everyone in the room.",
        payload: one::<SendReaction>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::InvalidReaction,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::LOBBY_ADMIT,
        summary: "A host lets in who waits, who gets `lobby:admitted` and joins again.",
        payload: one::<OfUser>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::ParticipantNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::LOBBY_ADMIT_ALL,
        summary: "A host lets in all who wait.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::LOBBY_DENY,
        summary: "A host does not let in who waits, who gets `lobby:denied` and may ask again.",
        payload: one::<OfUser>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::ParticipantNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::MEETING_LOCK,
        summary: "A host lets nobody new in until it is unlocked; who was in before comes back.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::MEETING_UNLOCK,
        summary: "A host lets people in again.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::MEETING_MUTE,
        summary: "A host mutes one user, or all others, in the call: `meeting:muted` to them, `call:mute-status` to all in the call. They can unmute themselves.",
        payload: one::<OfUserOrAll>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::ParticipantNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::MEETING_REMOVE,
        summary: "A host removes a user, who gets `meeting:removed`, is out of room, call and lobby, and is not let in again.",
        payload: one::<OfUser>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::ParticipantNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::MEETING_END,
        summary: "A host ends the meeting for all: it is completed, and everyone gets `meeting:ended`.",
        payload: one::<InMeeting>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::MeetingNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::POLL_OPEN,
        summary: "A host asks everyone something: `poll:opened` to the room.",
        payload: one::<OpenPoll>(),
        ack: one::<PollOpened>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::InvalidPoll,
            ErrorCode::TooManyPolls,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::POLL_VOTE,
        summary: "What one chooses from now on: `poll:counted` to the room. Who chose what is told to nobody.",
        payload: one::<VoteInPoll>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::PollNotFound,
            ErrorCode::PollClosed,
            ErrorCode::InvalidVote,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
    FromClient {
        name: client::POLL_CLOSE,
        summary: "A host takes no more answers: `poll:closed` to the room.",
        payload: one::<ClosePoll>(),
        ack: one::<Done>(),
        refusals: &[
            ErrorCode::InvalidPayload,
            ErrorCode::NotInMeeting,
            ErrorCode::MeetingEnded,
            ErrorCode::NotModerator,
            ErrorCode::PollNotFound,
            ErrorCode::RateLimited,
            ErrorCode::Busy,
            ErrorCode::StoreUnavailable,
        ],
        told_without_ack: false,
    },
];

/// Everything that the server sends.
pub const FROM_SERVER: &[FromServer] = &[
    FromServer {
        name: server::USERS_ONLINE,
        summary: "Everybody in the room, in the order they came. Sent at each change; in rooms of more than 32 gathered for \
                  a quarter of a second.",
        payload: one::<UsersOnline>(),
    },
    FromServer {
        name: server::USER_JOINED,
        summary: "A user came: to the others.",
        payload: one::<UserMoved>(),
    },
    FromServer {
        name: server::USER_LEFT,
        summary: "A user's last socket went: to the rest.",
        payload: one::<UserMoved>(),
    },
    FromServer {
        name: server::CHAT_MESSAGE,
        summary: "A message: to everyone in the room, in one order.",
        payload: one::<ChatMessage>(),
    },
    FromServer {
        name: server::TYPING_START,
        summary: "Somebody types: to the others.",
        payload: one::<Typing>(),
    },
    FromServer {
        name: server::TYPING_STOP,
        summary: "Somebody stopped typing: to the others.",
        payload: one::<Typing>(),
    },
    FromServer {
        name: server::ICE_SERVERS,
        summary: "STUN and TURN servers, on every connect.",
        payload: many::<IceServer>(),
    },
    FromServer {
        name: server::MEETING_ENDED,
        summary: "The host completed, cancelled or deleted the meeting: to everyone in the room, which is closed then.",
        payload: one::<MeetingEnded>(),
    },
    FromServer {
        name: server::CHAT_EDITED,
        summary: "A message has another text: to whoever got it.",
        payload: one::<MessageEdited>(),
    },
    FromServer {
        name: server::CHAT_DELETED,
        summary: "A message was taken back: to whoever got it.",
        payload: one::<MessageDeleted>(),
    },
    FromServer {
        name: server::CHAT_REACTED,
        summary: "Somebody reacted to a message, or took that back: to whoever got it.",
        payload: one::<MessageReacted>(),
    },
    FromServer {
        name: server::CALL_PEERS_LIST,
        summary: "Everybody in the call but oneself: to the socket that has come into it. New peers are muted, with video off.",
        payload: one::<PeersList>(),
    },
    FromServer {
        name: server::CALL_PEER_JOINED,
        summary: "A user came into the call: to the others in it.",
        payload: one::<PeerMoved>(),
    },
    FromServer {
        name: server::CALL_PEER_LEFT,
        summary: "A user left the call: to the rest.",
        payload: one::<PeerMoved>(),
    },
    FromServer {
        name: server::CALL_SIGNAL,
        summary: "Something from one peer, for this one alone.",
        payload: one::<Signal<'static>>(),
    },
    FromServer {
        name: server::CALL_SEAT_TAKEN,
        summary: "Another socket of the user has their seat in the call: to the one that had it, which is out of the call.",
        payload: one::<SeatTaken>(),
    },
    FromServer {
        name: server::CALL_MUTE_STATUS,
        summary: "Whether somebody is to be heard: to all in the call, the one too.",
        payload: one::<MuteStatus>(),
    },
    FromServer {
        name: server::CALL_VIDEO_STATUS,
        summary: "Whether somebody is to be seen: to all in the call, the one too.",
        payload: one::<VideoStatus>(),
    },
    FromServer {
        name: server::CALL_ERROR,
        summary: "A `call:join` or `call:signal` was refused, and no ack had been asked for.",
        payload: one::<CallError>(),
    },
    FromServer {
        name: server::SCREEN_STARTED,
        summary: "Somebody presents: to the room and the call.",
        payload: one::<ScreenShared>(),
    },
    FromServer {
        name: server::SCREEN_STOPPED,
        summary: "Nobody presents any more: to the room and the call.",
        payload: one::<ScreenShared>(),
    },
    FromServer {
        name: server::HAND_RAISED,
        summary: "A hand went up: to the room.",
        payload: one::<HandMoved>(),
    },
    FromServer {
        name: server::HAND_LOWERED,
        summary: "A hand went down: to the room.",
        payload: one::<HandMoved>(),
    },
    FromServer {
        name: server::REACTION_SENT,
        summary: "A reaction of the moment: to the room.",
        payload: one::<ReactionSent>(),
    },
    FromServer {
        name: server::LOBBY_WAITING,
        summary: "Everybody who waits to be let in, at each change: to hosts.",
        payload: one::<LobbyWaiting>(),
    },
    FromServer {
        name: server::LOBBY_ADMITTED,
        summary: "One is let in, and joins again: to who waited.",
        payload: one::<LobbyAnswer>(),
    },
    FromServer {
        name: server::LOBBY_DENIED,
        summary: "One is not let in: to who waited.",
        payload: one::<LobbyAnswer>(),
    },
    FromServer {
        name: server::MEETING_LOCKED,
        summary: "Nobody new is let in: to the room.",
        payload: one::<MeetingLocked>(),
    },
    FromServer {
        name: server::MEETING_UNLOCKED,
        summary: "People are let in again: to the room.",
        payload: one::<MeetingLocked>(),
    },
    FromServer {
        name: server::MEETING_MUTED,
        summary: "A host has muted one: to that user, whose app turns the microphone off.",
        payload: one::<MutedByHost>(),
    },
    FromServer {
        name: server::MEETING_REMOVED,
        summary: "A host has removed one: to that user.",
        payload: one::<RemovedByHost>(),
    },
    FromServer {
        name: server::MEETING_ROLES,
        summary: "Other people host: to the room.",
        payload: one::<MeetingRoles>(),
    },
    FromServer {
        name: server::POLL_OPENED,
        summary: "There is a question: to the room.",
        payload: one::<Poll>(),
    },
    FromServer {
        name: server::POLL_COUNTED,
        summary: "Somebody answered: to the room.",
        payload: one::<Poll>(),
    },
    FromServer {
        name: server::POLL_CLOSED,
        summary: "There are no more answers: to the room.",
        payload: one::<Poll>(),
    },
    FromServer {
        name: server::SERVER_NOTICE,
        summary: "Something about the server that concerns this connection.",
        payload: one::<ServerNotice>(),
    },
    FromServer {
        name: server::ERROR,
        summary: "A `join:meeting` or `chat:message` was refused, and no ack had been asked for.",
        payload: one::<SocketError>(),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that a module of `events.rs` gives.
    fn named(module: &str) -> Vec<&'static str> {
        let source = include_str!("events.rs");
        let begins = source.find(&format!("pub mod {module} {{")).expect("the module is there");
        let body = &source[begins..];
        let body = &body[..body.find("\n}").expect("the module ends")];
        body.lines().filter_map(|line| line.split_once(": &str = \"")?.1.strip_suffix("\";")).collect()
    }

    #[test]
    fn every_event_is_described_once() {
        let from_clients: Vec<_> = FROM_CLIENTS.iter().map(|event| event.name).collect();
        let from_server: Vec<_> = FROM_SERVER.iter().map(|event| event.name).collect();
        assert!(from_clients.len() >= 30 && from_server.len() >= 36);
        assert_eq!(from_clients, named("client"));
        assert_eq!(from_server, named("server"));
    }
}
