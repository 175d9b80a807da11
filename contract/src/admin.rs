//! Bodies of `/api/admin/*`, and what nodes tell the gateway for them.

use serde::{Deserialize, Serialize};

use crate::ids::{MeetingId, SessionId, UserId};

/// A node of the chat backend, as it is now.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NodeBody {
    /// Where the gateway reaches it; `here` in the gateway's own process.
    #[serde(default)]
    pub node: String,
    /// Whether it answered. Of one that did not nothing else is known.
    pub up: bool,
    /// Its release.
    pub version: String,
    /// Since when it runs, ISO 8601.
    pub started_at: String,
    /// Sockets that it holds.
    pub sockets: usize,
    /// Rooms that are live on it.
    pub rooms: usize,
    /// Users in rooms that are its to count.
    pub people: usize,
}

/// What an admin sees first.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Overview {
    /// The nodes of the chat backend.
    pub nodes: Vec<NodeBody>,
    /// Accounts that there are.
    pub accounts: u64,
    /// Sessions that are not over.
    pub sessions: u64,
    /// What is asked of everybody.
    pub limits: Vec<LimitBody>,
}

/// A limit that an operator sets.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LimitBody {
    /// The variable.
    pub name: String,
    /// How much; none is without limit.
    pub most: Option<u32>,
}

/// A room in which somebody is.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LiveRoom {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Its title; empty where the store has none.
    pub title: String,
    /// Who created it.
    pub host_id: Option<UserId>,
    /// Users in it.
    pub people: usize,
    /// Users in its call.
    pub in_call: usize,
    /// The node that counts it.
    #[serde(default)]
    pub node: String,
}

/// A socket.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct LiveSocket {
    /// The socket's id.
    pub id: String,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub username: String,
    /// By which login session.
    pub session_id: SessionId,
    /// `polling` or `websocket`.
    pub transport: String,
    /// The meetings it is in.
    pub meetings: Vec<MeetingId>,
    /// The node that holds it.
    #[serde(default)]
    pub node: String,
}

/// Something that went wrong, or the same several times in a row.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct IncidentBody {
    /// When it happened first, ISO 8601.
    #[schema(format = DateTime)]
    pub first_at: String,
    /// When it happened last, ISO 8601.
    #[schema(format = DateTime)]
    pub last_at: String,
    /// How often.
    pub count: u32,
    /// `cut`: a connection was, from the server's side. `refused`: somebody asked for too much. `failed`: it was the server's fault.
    pub kind: String,
    /// A cut's reason, or an error's code.
    pub code: String,
    /// To whom, where that is known.
    pub user_id: Option<UserId>,
    /// Their name, where they have an account.
    #[serde(default)]
    pub username: Option<String>,
    /// Where, in a few words.
    pub about: String,
    /// The process that noted it.
    pub process: String,
}

/// An account, as an admin sees it.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AccountBody {
    /// The account's id.
    pub id: UserId,
    /// Its mail address.
    pub email: String,
    /// Its user's names.
    pub username: String,
    /// What its user may do beside what everybody may.
    pub roles: Vec<String>,
    /// Whether the mail address has been shown to be theirs.
    pub verified: bool,
    /// Whether a second factor is asked for.
    pub second_factor: bool,
    /// Since when nobody can sign in to it, ISO 8601.
    pub disabled_at: Option<String>,
    /// ISO 8601.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Something that an admin or an operator did, or was not let do.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AuditBody {
    /// Rising.
    #[ts(type = "number")]
    pub number: i64,
    /// When, ISO 8601.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who; none for an operator at the machine.
    pub actor_id: Option<UserId>,
    /// Their name then, or `operator`.
    pub actor: String,
    /// From which address.
    pub address: String,
    /// What.
    pub act: String,
    /// To what.
    pub target: String,
    /// Why, as they said.
    pub reason: String,
    /// What came of it: `begun`, `done`, or an error's code.
    pub outcome: String,
}
