//! The envelope of every HTTP answer, and `/health`.

use serde::Serialize;

/// `{success:true, message?, data?}`.
#[derive(Debug, Clone, Serialize)]
pub struct Envelope<T> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

impl<T> Envelope<T> {
    /// What a GET answers.
    pub const fn data(data: T) -> Self {
        Self { success: true, message: None, data: Some(data) }
    }

    /// What POST, PUT and DELETE answer: always with a message.
    pub fn said(message: impl Into<String>, data: T) -> Self {
        Self { success: true, message: Some(message.into()), data: Some(data) }
    }
}

impl Envelope<()> {
    /// A message and no data.
    pub fn message(message: impl Into<String>) -> Self {
        Self { success: true, message: Some(message.into()), data: None }
    }
}

/// What a GET answers, as the documents tell it: an [`Envelope`] with data.
#[derive(Debug, utoipa::ToSchema)]
pub struct Answered<T> {
    /// Always true.
    #[schema(schema_with = crate::schema::yes)]
    pub success: bool,
    /// What was asked for.
    pub data: T,
}

/// What POST, PUT and DELETE answer, as the documents tell it: an [`Envelope`] with a message and data.
#[derive(Debug, utoipa::ToSchema)]
pub struct Said<T> {
    /// Always true.
    #[schema(schema_with = crate::schema::yes)]
    pub success: bool,
    /// For people, in the caller's language.
    pub message: String,
    /// What came of it.
    pub data: T,
}

/// What POST, PUT and DELETE answer that have nothing to show, as the documents tell it: an [`Envelope`] with a message.
#[derive(Debug, utoipa::ToSchema)]
pub struct Told {
    /// Always true.
    #[schema(schema_with = crate::schema::yes)]
    pub success: bool,
    /// For people, in the caller's language.
    pub message: String,
}

/// `/health`, without an envelope.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
    /// Which service answers.
    pub service: &'static str,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// `APP_ENV`.
    pub environment: String,
}

/// `/ready`: whether a process should get traffic, and the state of what it needs.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Ready {
    /// `ready`, `not_ready` while a part is away, `stopping` before the end.
    status: &'static str,
    /// Each part that it needs: `ok` or `away`.
    parts: std::collections::BTreeMap<&'static str, &'static str>,
    /// `shared` where all nodes know the same rooms, `own` where each has its own; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rooms: Option<&'static str>,
}

impl Ready {
    /// What [`Ready::rooms`] says of rooms that every node knows.
    pub const SHARED_ROOMS: &'static str = "shared";
    /// What [`Ready::rooms`] says of rooms that only the node that answers knows.
    pub const OWN_ROOMS: &'static str = "own";
    /// The part in which a service behind the gateway stores what it keeps.
    pub const STORE: &'static str = "store";
    /// What `parts` says of one that is well.
    pub const WELL: &'static str = "ok";
    /// The status while a part is away.
    pub const NOT_READY: &'static str = "not_ready";

    /// Ready as far as known, unless the process stops.
    #[must_use]
    pub const fn new(stopping: bool) -> Self {
        let status = if stopping { "stopping" } else { "ready" };
        Self { status, parts: std::collections::BTreeMap::new(), rooms: None }
    }

    /// Notes whether all nodes share their rooms, or each has its own and must be alone: `"rooms":"shared"` or
    /// `"own"`. A service without rooms says neither.
    pub const fn rooms(&mut self, shared: bool) {
        self.rooms = Some(if shared { Self::SHARED_ROOMS } else { Self::OWN_ROOMS });
    }

    /// Notes whether a part is well.
    pub fn part(&mut self, name: &'static str, well: bool) {
        self.parts.insert(name, if well { Self::WELL } else { "away" });
        if !well && self.status == "ready" {
            self.status = Self::NOT_READY;
        }
    }

    /// Whether the process should get traffic.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

/// `/api/call/health`.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct CallHealth {
    /// Always true.
    #[schema(schema_with = crate::schema::yes)]
    pub success: bool,
    /// Always `ok`.
    pub status: &'static str,
    /// Which service answers.
    pub service: &'static str,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
}
