//! Bodies of `/api/meetings*`, `/api/chat/*` and `/api/call/*`.

use serde::{Deserialize, Serialize};

use crate::ids::{MeetingId, UserId};

/// Where a meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum MeetingStatus {
    /// People can join.
    Active,
    /// It took place.
    Completed,
    /// The host called it off.
    Cancelled,
}

impl MeetingStatus {
    /// The word on the wire and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Completed, Self::Cancelled].into_iter().find(|status| status.as_str() == word)
    }
}

/// A meeting, as every route answers it and as Firestore holds it (there without `id`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingBody {
    /// The id.
    pub meeting_id: MeetingId,
    /// The id again.
    pub id: MeetingId,
    /// Who created it.
    pub host_id: UserId,
    /// 1 to 200 characters.
    pub title: String,
    /// May be empty.
    pub description: String,
    /// `YYYY-MM-DD`, as the host typed it, in `time_zone`.
    pub date: String,
    /// `HH:mm`, as the host typed it, in `time_zone`.
    pub time: String,
    /// An IANA name.
    pub time_zone: String,
    /// The instant of `date` and `time`, ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// Minutes.
    pub estimated_duration: u32,
    /// Users in the room at once.
    pub max_participants: u32,
    /// Everyone who ever joined, the host first.
    pub participants: Vec<UserId>,
    /// Users in the room now.
    pub active_participants: u32,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Where it stands.
    pub status: MeetingStatus,
    /// The code of its link, `/m/CODE`: whoever has it finds the meeting.
    pub code: String,
    /// Who else has a host's tools.
    pub co_hosts: Vec<UserId>,
    /// Whether people wait until a host lets them in.
    pub waiting_room: bool,
    /// Whether people without an account may come by the link.
    pub guests_allowed: bool,
    /// Whether one needs a passcode to come in.
    pub has_passcode: bool,
    /// The passcode; to hosts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    #[schema(nullable = false)]
    pub passcode: Option<String>,
}

/// `GET /api/meetings/:id/report`: who was there, for hosts.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MeetingReport {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Its title.
    pub title: String,
    /// When somebody was first there, ISO 8601 UTC; null when nobody ever was.
    #[schema(format = DateTime)]
    pub began_at: Option<String>,
    /// When the last one went, ISO 8601 UTC; null while somebody is there, or when nobody ever was.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Everybody who was there, in the order they first came.
    pub people: Vec<Attendance>,
}

/// One person's part in a meeting.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Attendance {
    /// The user, or guest.
    pub user_id: UserId,
    /// The name that was shown.
    pub username: String,
    /// Whether it was a guest.
    pub guest: bool,
    /// Seconds in the meeting, until now for who is there.
    #[ts(type = "number")]
    pub seconds: u64,
    /// Each time, the earliest first.
    pub visits: Vec<Visit>,
}

/// One stay of one person.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Visit {
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub joined_at: String,
    /// ISO 8601 UTC; null while it lasts, or when the server stopped before it could say.
    #[schema(format = DateTime)]
    pub left_at: Option<String>,
}

/// `GET /api/meetings/today/:id`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Today {
    /// The UTC day, `YYYY-MM-DD`.
    pub date: String,
    /// How many meetings there are.
    pub count: usize,
    /// By time.
    pub meetings: Vec<MeetingBody>,
}

/// `GET /api/chat/stats`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ChatStats {
    /// Rooms with somebody in them.
    pub active_meetings: usize,
    /// Users in them, each room counted by itself.
    pub total_users: usize,
    /// `MAX_PARTICIPANTS`.
    pub max_participants_per_meeting: u32,
    /// `MIN_PARTICIPANTS`.
    pub min_participants_per_meeting: u32,
}

/// `GET /api/call/stats`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CallStats {
    /// Calls with somebody in them.
    pub active_calls: usize,
    /// Users in them, each call counted by itself.
    pub total_users_in_calls: usize,
    /// `MAX_PARTICIPANTS`.
    pub max_participants_per_call: u32,
    /// `MIN_PARTICIPANTS`.
    pub min_participants_per_call: u32,
}

/// `GET /api/call/ice-servers`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct IceServers {
    /// STUN and TURN servers.
    pub ice_servers: Vec<crate::events::IceServer>,
}

/// `GET /api/call/room/:id`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CallRoom {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// How many are in its call.
    pub participants: usize,
    /// They, in the order they came.
    pub users: Vec<CallUser>,
}

/// Somebody in a call, as HTTP tells it.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CallUser {
    /// The user.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// Whether nothing is to be heard.
    pub is_muted: bool,
    /// Whether something is to be seen.
    pub is_video_on: bool,
}
