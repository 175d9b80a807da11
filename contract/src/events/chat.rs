//! The meeting's chat beyond a message to everyone: private ones, answers, changes, reactions.

use serde::{Deserialize, Serialize};

use crate::ids::{MeetingId, UserId};

/// `chat:edit`: another text for one's own message.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct EditMessage {
    /// The meeting.
    pub meeting_id: String,
    /// The message.
    pub message_id: String,
    /// Its text from now on, up to 4,000 characters after trimming.
    #[schema(example = "Hello, Luisa!")]
    pub message: String,
}

/// `chat:delete`: one's own message, or as a host anybody's.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct DeleteMessage {
    /// The meeting.
    pub meeting_id: String,
    /// The message.
    pub message_id: String,
}

/// `chat:react`: a reaction to a message, set or taken back.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReactToMessage {
    /// The meeting.
    pub meeting_id: String,
    /// The message.
    pub message_id: String,
    /// One emoji.
    #[schema(example = "👍")]
    pub reaction: String,
    /// Whether it is set or taken back.
    pub on: bool,
}

/// Who reacted to a message with the same emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Reactions {
    /// The emoji.
    pub reaction: String,
    /// Who, in the order in which they did.
    pub user_ids: Vec<UserId>,
}

/// `chat:edited`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageEdited {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The message.
    pub message_id: String,
    /// Its text from now on.
    pub message: String,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub edited_at: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `chat:deleted`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageDeleted {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The message.
    pub message_id: String,
    /// Who deleted it.
    pub user_id: UserId,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `chat:reacted`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MessageReacted {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The message.
    pub message_id: String,
    /// Who.
    pub user_id: UserId,
    /// One emoji.
    pub reaction: String,
    /// Whether it is set or was taken back.
    pub on: bool,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}
