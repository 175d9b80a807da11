//! Socket events: their names and payloads.

use serde::{Deserialize, Serialize};

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
    /// Something about the server that concerns this connection.
    pub const SERVER_NOTICE: &str = "server:notice";
    /// A refused or malformed join or message, when no ack was asked for.
    pub const ERROR: &str = "error";
}

/// `join:meeting`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS)]
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
    #[ts(type = "number")]
    pub since: Option<u64>,
}

/// `leave:meeting`: the id as a bare string, or `{meetingId}`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Deserialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct InMeeting {
    /// The meeting.
    pub meeting_id: String,
}

/// `chat:message`, as a client sends it.
#[derive(Debug, Clone, Deserialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct SendMessage {
    /// The meeting.
    pub meeting_id: String,
    /// The text, up to 4,000 characters after trimming.
    pub message: String,
    /// The client's own id of the message: sent again, it appears once.
    #[serde(default)]
    pub client_message_id: Option<String>,
}

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Participant {
    /// The user.
    pub user_id: UserId,
    /// The profile's name.
    pub username: String,
    /// When the user came, ISO 8601.
    pub joined_at: String,
}

/// `users:online`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `chat:message`, as the room receives it.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// The sender's own id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// `typing:start`, `typing:stop`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingEnded {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Why.
    pub reason: EndReason,
    /// When, ISO 8601.
    pub timestamp: String,
}

/// One STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[ts(export, optional_fields)]
pub struct IceServer {
    /// Its addresses.
    pub urls: String,
    /// TURN's user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN's credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ServerNotice {
    /// What it is about.
    pub code: NoticeCode,
    /// When trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub retry_after_ms: Option<u64>,
}

/// `error`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
    #[ts(type = "Array<ChatMessage>")]
    pub messages: Vec<std::sync::Arc<serde_json::value::RawValue>>,
    /// Other events since `since`: their names and payloads.
    pub events: Vec<MissedEvent>,
    /// Live objects of the room; none yet.
    #[ts(type = "Record<string, unknown>")]
    pub state: serde_json::Map<String, serde_json::Value>,
    /// Whether `messages` and `events` are exactly what was missed since `since`.
    pub recovered: bool,
    /// Whether this join did not ask to resume.
    pub first: bool,
}

/// An event other than a message that a resuming client missed.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
#[ts(export)]
pub struct MissedEvent {
    /// The event's name.
    pub event: &'static str,
    /// Its payload.
    #[ts(type = "unknown")]
    pub data: std::sync::Arc<serde_json::value::RawValue>,
}

/// The ack of `chat:message`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct MessageTaken {
    /// The message's own id.
    pub message_id: String,
    /// Its place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
    /// When the room took it, ISO 8601.
    pub timestamp: String,
    /// The sender's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
}

/// The ack of an event that answers nothing more.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Done {}
