//! Socket events: their names and payloads.

mod call;
mod chat;
mod host;
mod stage;

use serde::{Deserialize, Serialize};

pub use self::{call::*, chat::*, host::*, stage::*};
use crate::{
    error::{ErrorBody, ErrorCode},
    ids::{MeetingId, UserId},
};

/// Names of the events a client sends.
pub mod client {
    /// Into the room and the stored participants.
    pub const JOIN_MEETING: &str = "join:meeting";
    /// Out of the room.
    pub const LEAVE_MEETING: &str = "leave:meeting";
    /// A message to everyone in the room.
    pub const CHAT_MESSAGE: &str = "chat:message";
    /// The user began to type.
    pub const TYPING_START: &str = "typing:start";
    /// The user stopped typing.
    pub const TYPING_STOP: &str = "typing:stop";
    /// Another text for one's own message.
    pub const CHAT_EDIT: &str = "chat:edit";
    /// A message is taken back.
    pub const CHAT_DELETE: &str = "chat:delete";
    /// A reaction to a message.
    pub const CHAT_REACT: &str = "chat:react";
    /// Into the call.
    pub const CALL_JOIN: &str = "call:join";
    /// Something for one peer.
    pub const CALL_SIGNAL: &str = "call:signal";
    /// One is not to be heard from now on.
    pub const CALL_MUTE: &str = "call:mute";
    /// One is to be heard from now on.
    pub const CALL_UNMUTE: &str = "call:unmute";
    /// One is to be seen from now on.
    pub const CALL_VIDEO_ON: &str = "call:video-on";
    /// One is not to be seen from now on.
    pub const CALL_VIDEO_OFF: &str = "call:video-off";
    /// Out of the call.
    pub const CALL_LEAVE: &str = "call:leave";
    /// One presents one's screen.
    pub const SCREEN_START: &str = "screen:start";
    /// Nobody presents any more.
    pub const SCREEN_STOP: &str = "screen:stop";
    /// A hand goes up.
    pub const HAND_RAISE: &str = "hand:raise";
    /// A hand goes down.
    pub const HAND_LOWER: &str = "hand:lower";
    /// A reaction of the moment.
    pub const REACTION_SEND: &str = "reaction:send";
    /// Who waits is let in.
    pub const LOBBY_ADMIT: &str = "lobby:admit";
    /// All who wait are let in.
    pub const LOBBY_ADMIT_ALL: &str = "lobby:admit-all";
    /// Who waits is not let in.
    pub const LOBBY_DENY: &str = "lobby:deny";
    /// Nobody new is let in.
    pub const MEETING_LOCK: &str = "meeting:lock";
    /// People are let in again.
    pub const MEETING_UNLOCK: &str = "meeting:unlock";
    /// One user, or all others, are not to be heard.
    pub const MEETING_MUTE: &str = "meeting:mute";
    /// A user is out, and does not come back.
    pub const MEETING_REMOVE: &str = "meeting:remove";
    /// The meeting is over, for all.
    pub const MEETING_END: &str = "meeting:end";
    /// A question to all.
    pub const POLL_OPEN: &str = "poll:open";
    /// An answer.
    pub const POLL_VOTE: &str = "poll:vote";
    /// No more answers.
    pub const POLL_CLOSE: &str = "poll:close";
}

/// Names of the events the server sends.
pub mod server {
    /// Everybody in the room.
    pub const USERS_ONLINE: &str = "users:online";
    /// A user came.
    pub const USER_JOINED: &str = "user:joined";
    /// A user went.
    pub const USER_LEFT: &str = "user:left";
    /// A message.
    pub const CHAT_MESSAGE: &str = "chat:message";
    /// Somebody types.
    pub const TYPING_START: &str = "typing:start";
    /// Somebody stopped typing.
    pub const TYPING_STOP: &str = "typing:stop";
    /// STUN and TURN servers, on every connect.
    pub const ICE_SERVERS: &str = "call:ice-servers";
    /// The meeting was completed, cancelled or deleted.
    pub const MEETING_ENDED: &str = "meeting:ended";
    /// A message has another text.
    pub const CHAT_EDITED: &str = "chat:edited";
    /// A message was taken back.
    pub const CHAT_DELETED: &str = "chat:deleted";
    /// Somebody reacted to a message, or took that back.
    pub const CHAT_REACTED: &str = "chat:reacted";
    /// Who is in the call, to who has come into it.
    pub const CALL_PEERS_LIST: &str = "call:peers-list";
    /// A user came into the call.
    pub const CALL_PEER_JOINED: &str = "call:peer-joined";
    /// A user left the call.
    pub const CALL_PEER_LEFT: &str = "call:peer-left";
    /// Something from one peer.
    pub const CALL_SIGNAL: &str = "call:signal";
    /// Another socket of the user has their seat in the call, to the one that had it.
    pub const CALL_SEAT_TAKEN: &str = "call:seat-taken";
    /// Whether somebody is to be heard.
    pub const CALL_MUTE_STATUS: &str = "call:mute-status";
    /// Whether somebody is to be seen.
    pub const CALL_VIDEO_STATUS: &str = "call:video-status";
    /// A refused or malformed `call:join` or `call:signal`, when no ack was asked for.
    pub const CALL_ERROR: &str = "call:error";
    /// Somebody presents.
    pub const SCREEN_STARTED: &str = "screen:started";
    /// Nobody presents any more.
    pub const SCREEN_STOPPED: &str = "screen:stopped";
    /// A hand went up.
    pub const HAND_RAISED: &str = "hand:raised";
    /// A hand went down.
    pub const HAND_LOWERED: &str = "hand:lowered";
    /// A reaction of the moment.
    pub const REACTION_SENT: &str = "reaction:sent";
    /// Who waits to be let in.
    pub const LOBBY_WAITING: &str = "lobby:waiting";
    /// One is let in.
    pub const LOBBY_ADMITTED: &str = "lobby:admitted";
    /// One is not let in.
    pub const LOBBY_DENIED: &str = "lobby:denied";
    /// Nobody new is let in.
    pub const MEETING_LOCKED: &str = "meeting:locked";
    /// People are let in again.
    pub const MEETING_UNLOCKED: &str = "meeting:unlocked";
    /// One was muted by a host.
    pub const MEETING_MUTED: &str = "meeting:muted";
    /// One was removed by a host.
    pub const MEETING_REMOVED: &str = "meeting:removed";
    /// Other people host.
    pub const MEETING_ROLES: &str = "meeting:roles";
    /// There is a question.
    pub const POLL_OPENED: &str = "poll:opened";
    /// Somebody answered.
    pub const POLL_COUNTED: &str = "poll:counted";
    /// There are no more answers.
    pub const POLL_CLOSED: &str = "poll:closed";
    /// Something about the server that concerns this connection.
    pub const SERVER_NOTICE: &str = "server:notice";
    /// A refused or malformed join or message, when no ack was asked for.
    pub const ERROR: &str = "error";
}

/// `join:meeting`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct JoinMeeting {
    /// The meeting.
    pub meeting_id: String,
    /// The epoch of an earlier join, to resume.
    #[serde(default)]
    pub epoch: Option<String>,
    /// The highest `seq` seen in that epoch, to resume.
    #[serde(default)]
    #[ts(as = "Option<u32>")] // a number, which JavaScript's holds far beyond any log
    pub since: Option<u64>,
    /// Where the meeting has one, unless the user is in it already.
    #[serde(default)]
    pub passcode: Option<String>,
}

/// `leave:meeting`: the id as a bare string, or `{meetingId}`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(untagged)]
#[ts(export)]
pub enum LeaveMeeting {
    /// The bare id.
    Id(String),
    /// The id in an object.
    Object(InMeeting),
}

impl LeaveMeeting {
    /// The meeting to leave.
    #[must_use]
    pub fn meeting_id(self) -> String {
        match self {
            Self::Id(id) => id,
            Self::Object(InMeeting { meeting_id }) => meeting_id,
        }
    }
}

/// `typing:start`, `typing:stop`, and others that name a meeting only.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct InMeeting {
    /// The meeting.
    pub meeting_id: String,
}

/// `chat:message`, as a client sends it.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct SendMessage {
    /// The meeting.
    pub meeting_id: String,
    /// The text, up to 4,000 characters after trimming.
    #[schema(example = "Hello, Luis!")]
    pub message: String,
    /// The client's own id of the message: sent again, it appears once.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub client_message_id: Option<String>,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The only one in the meeting, beside the sender, who gets it; everyone when it is absent.
    #[serde(default)]
    pub to_user_id: Option<String>,
}

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Participant {
    /// The user.
    pub user_id: UserId,
    /// The profile's name.
    pub username: String,
    /// When the user came, ISO 8601.
    #[schema(format = DateTime)]
    pub joined_at: String,
    /// Whether it is a guest; absent for who has an account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub guest: bool,
}

/// `users:online`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UsersOnline {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Everybody in the room, in the order they came.
    pub participants: Vec<Participant>,
    /// How many they are.
    pub count: usize,
}

/// `user:joined`, `user:left`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct UserMoved {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// Whether it is a guest; absent for who has an account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    #[schema(required = false)]
    pub guest: bool,
}

/// `chat:message`, as the room receives it.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ChatMessage {
    /// The message's own id.
    pub message_id: String,
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// The trimmed text.
    pub message: String,
    /// When the room took it, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// The sender's own id of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub client_message_id: Option<String>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<String>,
    /// For whom alone it is, beside its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to_user_id: Option<UserId>,
    /// When its text was last changed, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    pub edited_at: Option<String>,
    /// Who reacted, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reactions: Option<Vec<Reactions>>,
}

/// `typing:start`, `typing:stop`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Typing {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who types.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
}

/// Why a meeting's room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EndReason {
    /// The host completed it.
    Completed,
    /// The host cancelled it.
    Cancelled,
    /// The host deleted it.
    Deleted,
}

/// `meeting:ended`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingEnded {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Why.
    pub reason: EndReason,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
}

/// One STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export, optional_fields)]
pub struct IceServer {
    /// Its addresses.
    pub urls: String,
    /// TURN's user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// TURN's credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<String>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NoticeCode {
    /// The node is about to stop: this connection will be cut, and comes back by itself.
    Draining,
    /// The rooms' log is away.
    RoomsStandingStill,
    /// The rooms' log is back.
    RoomsMovingAgain,
}

/// `server:notice`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ServerNotice {
    /// What it is about.
    pub code: NoticeCode,
    /// When trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[ts(as = "Option<u32>")]
    pub retry_after_ms: Option<u64>,
}

/// `error`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct SocketError {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

/// An ack: `{ok:true, data}` or `{ok:false, error}`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Ack<T> {
    /// Done.
    Ok {
        /// Always true.
        ok: bool,
        /// What the event answers.
        data: T,
    },
    /// Refused.
    Refused {
        /// Always false.
        ok: bool,
        /// Why.
        error: ErrorBody,
    },
}

impl<T> Ack<T> {
    /// Done, with what the event answers.
    pub const fn ok(data: T) -> Self {
        Self::Ok { ok: true, data }
    }

    /// Refused.
    #[must_use]
    pub const fn refused(error: ErrorBody) -> Self {
        Self::Refused { ok: false, error }
    }
}

/// The ack of `join:meeting`: the room as this user may see it. The elements of `messages` and `events`
/// are already encoded.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Joined {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Everybody in the room, in the order they came.
    pub participants: Vec<Participant>,
    /// How many they are.
    pub count: usize,
    /// The life of the room's log to which `seq` belongs.
    pub epoch: String,
    /// The log's top at this moment.
    #[ts(type = "number")]
    pub seq: u64,
    /// `chat:message` payloads.
    #[ts(as = "Vec<ChatMessage>")]
    #[schema(value_type = Vec<ChatMessage>)]
    pub messages: Vec<std::sync::Arc<serde_json::value::RawValue>>,
    /// Other events since `since`: their names and payloads.
    pub events: Vec<MissedEvent>,
    /// Live objects of the room.
    pub state: RoomState,
    /// Whether `messages` and `events` are exactly what was missed since `since`.
    pub recovered: bool,
    /// Whether this join did not ask to resume.
    pub first: bool,
}

/// An event other than a message that a resuming client missed.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct MissedEvent {
    /// The event's name.
    pub event: &'static str,
    /// Its payload.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub data: std::sync::Arc<serde_json::value::RawValue>,
}

/// The ack of `chat:message`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct MessageTaken {
    /// The message's own id.
    pub message_id: String,
    /// Its place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When the room took it, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The sender's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub client_message_id: Option<String>,
}

/// The ack of an event that answers nothing more.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Done {}
