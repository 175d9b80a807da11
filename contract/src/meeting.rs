//! Bodies of `/api/meetings*`, `/api/chat/*` and `/api/call/*`.

use serde::{Deserialize, Serialize};

use crate::ids::{MeetingId, UserId};

/// Where a meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
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
    pub created_at: String,
    /// ISO 8601 UTC.
    pub updated_at: String,
    /// Where it stands.
    pub status: MeetingStatus,
}

/// `GET /api/meetings/today/:id`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
