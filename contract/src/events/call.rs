//! The call of a meeting: who is in it, what they tell each other, what they share.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    error::ErrorCode,
    ids::{MeetingId, UserId},
};

/// `call:join`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct JoinCall {
    /// The meeting.
    pub meeting_id: String,
    /// The client's own name for its end, 1 to 128 bytes.
    #[schema(min_length = 1, max_length = 128)]
    pub peer_id: String,
    /// Where the meeting has one, unless the user is in it already.
    #[serde(default)]
    pub passcode: Option<String>,
}

/// What a signal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum SignalType {
    /// A description that asks.
    Offer,
    /// A description that answers.
    Answer,
    /// A way to reach the peer.
    IceCandidate,
}

/// `call:signal`, as a client sends it.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct SendSignal {
    /// The meeting.
    pub meeting_id: String,
    /// Whom it is for.
    pub to_user_id: String,
    /// Which end of theirs; any when it is absent.
    #[serde(default)]
    pub to_peer_id: Option<String>,
    /// Whatever the peers have to tell each other, 64 kB at most.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub signal: Box<RawValue>,
    /// What it is.
    pub signal_type: SignalType,
}

/// `call:signal`, as the peer receives it.
#[derive(Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Signal<'a> {
    /// The meeting.
    pub meeting_id: &'a MeetingId,
    /// Whom it is for.
    pub to_user_id: &'a UserId,
    /// Which end of theirs.
    pub to_peer_id: &'a str,
    /// Who sent it.
    pub from_user_id: &'a UserId,
    /// Which end of theirs.
    pub from_peer_id: &'a str,
    /// What the peers have to tell each other.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub signal: &'a RawValue,
    /// What it is.
    pub signal_type: SignalType,
}

/// Somebody in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CallPeer {
    /// The user.
    pub user_id: UserId,
    /// The client's own name for its end.
    pub peer_id: String,
    /// The profile's name.
    pub username: String,
    /// Whether nothing is to be heard.
    pub is_muted: bool,
    /// Whether something is to be seen.
    pub is_video_on: bool,
    /// When the user came into the call, ISO 8601.
    #[schema(format = DateTime)]
    pub joined_at: String,
}

/// `call:peers-list`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PeersList {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Everybody in the call but oneself, in the order they came.
    pub participants: Vec<CallPeer>,
    /// How many they are.
    pub count: usize,
}

/// `call:seat-taken`: to the socket that had the user's seat in the call, when another of theirs has taken it.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SeatTaken {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// `call:peer-joined`, `call:peer-left`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PeerMoved {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who.
    pub user_id: UserId,
    /// Which end of theirs.
    pub peer_id: String,
    /// Their name.
    pub username: String,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `call:mute-status`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MuteStatus {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Whether nothing is to be heard.
    pub is_muted: bool,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `call:video-status`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VideoStatus {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Whether something is to be seen.
    pub is_video_on: bool,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `screen:started`, `screen:stopped`: to the room and the call.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ScreenShared {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who presents, or did.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// The words for refusals that deployed clients of calls know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[ts(export)]
pub enum CallErrorCode {
    /// A malformed `call:join`.
    InvalidPayload,
    /// An unknown meeting; no such call, or the sender is not in it.
    RoomNotFound,
    /// No place in the call.
    RoomFull,
    /// The user is not let in, or it is our fault.
    JoinError,
    /// A malformed `call:signal`, or one without a signal.
    InvalidSignal,
    /// Whom a signal is for is not in the call.
    UserNotFound,
    /// A signal can't be passed on, and it is our fault.
    SignalError,
}

impl CallErrorCode {
    /// How a refused `call:join` is told.
    #[must_use]
    pub const fn of_join(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidPayload => Self::InvalidPayload,
            ErrorCode::MeetingNotFound | ErrorCode::MeetingEnded => Self::RoomNotFound,
            ErrorCode::MeetingFull | ErrorCode::CallFull => Self::RoomFull,
            _ => Self::JoinError,
        }
    }

    /// How a refused `call:signal` is told.
    #[must_use]
    pub const fn of_signal(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidPayload | ErrorCode::InvalidSignal => Self::InvalidSignal,
            ErrorCode::NotInCall | ErrorCode::NotInMeeting | ErrorCode::MeetingEnded => Self::RoomNotFound,
            ErrorCode::PeerNotFound => Self::UserNotFound,
            _ => Self::SignalError,
        }
    }
}

/// `call:error`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct CallError {
    /// For people.
    pub message: String,
    /// For programs.
    pub code: CallErrorCode,
}
