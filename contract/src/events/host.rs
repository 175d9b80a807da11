//! What a host does in a meeting, and what people are told of it. A host here is who created the meeting, or one of its
//! co-hosts.

use serde::{Deserialize, Serialize};

use crate::ids::{MeetingId, UserId};

/// `lobby:admit`, `lobby:deny`, `meeting:remove`: an event about one user.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OfUser {
    /// The meeting.
    pub meeting_id: String,
    /// The user.
    pub user_id: String,
}

/// `meeting:mute`, `hand:lower`, `screen:stop`: an event about one user, where one is named.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct OfUserOrAll {
    /// The meeting.
    pub meeting_id: String,
    /// The user. Without one: everybody but the host who asks (`meeting:mute`), or oneself (`hand:lower`, `screen:stop`).
    #[serde(default)]
    pub user_id: Option<String>,
}

/// Somebody who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct WaitingUser {
    /// The user.
    pub user_id: UserId,
    /// The profile's name, or a guest's.
    pub username: String,
    /// Since when, ISO 8601.
    #[schema(format = DateTime)]
    pub since: String,
}

/// `lobby:waiting`: to hosts.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LobbyWaiting {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Everybody who waits, in the order they came.
    pub waiting: Vec<WaitingUser>,
    /// How many they are.
    pub count: usize,
}

/// `lobby:admitted`, `lobby:denied`: to who waited.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LobbyAnswer {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// `meeting:locked`, `meeting:unlocked`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingLocked {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The host who did it.
    pub user_id: UserId,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The entry's place in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `meeting:muted`: to who was muted by a host, beside `call:mute-status` to all in the call.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MutedByHost {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The host who did it.
    pub user_id: UserId,
}

/// `meeting:removed`: to who was removed, whose sockets are out of the meeting.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RemovedByHost {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub timestamp: String,
}

/// `meeting:roles`: who hosts, when that has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingRoles {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who created it.
    pub host_id: Option<UserId>,
    /// Who else has a host's tools.
    pub co_hosts: Vec<UserId>,
}
