//! What people show in a meeting besides talking: hands, reactions, polls.

use serde::{Deserialize, Serialize};

use super::{CallPeer, WaitingUser};
use crate::ids::{MeetingId, UserId};

/// `hand:raised`, `hand:lowered`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct HandMoved {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whose.
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

/// `reaction:send`.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SendReaction {
    /// The meeting.
    pub meeting_id: String,
    /// One emoji.
    #[schema(example = "🎉")]
    pub reaction: String,
}

/// `reaction:sent`: of the moment, to everyone in the room.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ReactionSent {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// One emoji.
    pub reaction: String,
}

/// `poll:open`, by a host.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct OpenPoll {
    /// The meeting.
    pub meeting_id: String,
    /// 1 to 300 characters.
    #[schema(example = "When do we meet next?")]
    pub question: String,
    /// 2 to 10 of them, 1 to 100 characters each, all different.
    #[schema(example = json!(["Monday", "Tuesday"]))]
    pub options: Vec<String>,
    /// Whether one may choose several.
    #[serde(default)]
    pub multiple: bool,
}

/// `poll:vote`: what one chooses from now on, by the options' places; none takes one's vote back.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct VoteInPoll {
    /// The meeting.
    pub meeting_id: String,
    /// The poll.
    pub poll_id: String,
    /// The options' places, the first is 0.
    #[schema(example = json!([1]))]
    pub choices: Vec<u8>,
}

/// `poll:close`, by a host.
#[derive(Debug, Clone, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ClosePoll {
    /// The meeting.
    pub meeting_id: String,
    /// The poll.
    pub poll_id: String,
}

/// The ack of `poll:open`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PollOpened {
    /// The new poll.
    pub poll_id: String,
}

/// `poll:opened`, `poll:counted`, `poll:closed`: a poll as it stands. Who chose what is told to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Poll {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The poll.
    pub poll_id: String,
    /// What is asked.
    pub question: String,
    /// What may be chosen.
    pub options: Vec<String>,
    /// Whether one may choose several.
    pub multiple: bool,
    /// How many chose each option.
    pub counts: Vec<u32>,
    /// How many have voted.
    pub voters: u32,
    /// Whether it is over.
    pub closed: bool,
    /// The latest entry about it in the room's log.
    #[ts(type = "number")]
    pub seq: u64,
}

/// A hand that is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RaisedHand {
    /// Whose.
    pub user_id: UserId,
    /// Since when, ISO 8601.
    #[schema(format = DateTime)]
    pub since: String,
}

/// A poll, and what the one who is told of it has chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OwnPoll {
    /// The poll as it stands.
    #[serde(flatten)]
    pub poll: Poll,
    /// The places of the options that one has chosen.
    pub choices: Vec<u8>,
}

/// The live objects of a room, as one user may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RoomState {
    /// Who created the meeting.
    pub host_id: Option<UserId>,
    /// Who else has a host's tools.
    pub co_hosts: Vec<UserId>,
    /// Whether nobody new is let in.
    pub locked: bool,
    /// Hands that are up, in the order they were raised.
    pub hands: Vec<RaisedHand>,
    /// Who presents.
    pub presenter: Option<UserId>,
    /// Polls, the earliest first.
    pub polls: Vec<OwnPoll>,
    /// Everybody in the call, in the order they came.
    pub call: Vec<CallPeer>,
    /// Who waits to be let in; to hosts alone, others see nobody.
    pub waiting: Vec<WaitingUser>,
}
