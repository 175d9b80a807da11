//! What gateways ask a node of itself, for admins. Nobody else gets here: `http/trust` is before it.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use futures_util::future::join_all;
use jiff::Timestamp;
use plenum_contract::{
    ErrorCode, MeetingId, UserId,
    admin::{IncidentBody, LiveRoom, LiveSocket, NodeBody},
    axum::{Failure, Json},
    http::Envelope,
};
use plenum_service::{
    clock,
    incidents::{self, Incident},
};
use serde::Deserialize;

use crate::{
    meetings::Meetings,
    rooms::{Rooms, recording::Recording},
    socket::Sockets,
};

/// Rooms, and sockets, of one answer: an admin looks for one, and not through all.
const MOST: usize = 200;

/// What is asked about.
#[derive(Clone)]
pub struct Inside {
    sockets: Arc<Sockets>,
    rooms: Rooms,
    meetings: Meetings,
    started_at: Timestamp,
}

impl Inside {
    /// This node, which has just started.
    pub fn new(sockets: Arc<Sockets>, rooms: Rooms, meetings: Meetings) -> Self {
        Self { sockets, rooms, meetings, started_at: clock::now() }
    }
}

type Answer<T> = Result<Json<Envelope<T>>, Failure>;

/// The routes.
pub fn routes(inside: Inside) -> Router {
    Router::new()
        .route("/internal/admin/node", get(node))
        .route("/internal/admin/rooms", get(rooms))
        .route("/internal/admin/rooms/{id}/end", post(end))
        .route("/internal/admin/rooms/{id}/recording", get(recording))
        .route("/internal/admin/incidents", get(wrong))
        .route("/internal/admin/sockets", get(sockets))
        .route("/internal/admin/sockets/{id}/cut", post(cut))
        .with_state(inside)
}

async fn node(State(inside): State<Inside>) -> Json<Envelope<NodeBody>> {
    let (rooms, people) = inside.rooms.size();
    Json(Envelope::data(NodeBody {
        node: String::new(),
        up: true,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: clock::iso(inside.started_at),
        sockets: inside.sockets.count(),
        rooms,
        people,
    }))
}

async fn rooms(State(inside): State<Inside>) -> Json<Envelope<Vec<LiveRoom>>> {
    let live = inside.rooms.counted_here(MOST).into_iter().map(|(meeting_id, now)| {
        let meetings = inside.meetings.clone();
        async move {
            // A store that is away takes the titles, and not the list.
            let meeting = meetings.find(&meeting_id).await.ok().flatten();
            LiveRoom {
                title: meeting.as_ref().map(|meeting| meeting.title.clone()).unwrap_or_default(),
                host_id: meeting.map(|meeting| meeting.host),
                meeting_id,
                people: now.users,
                in_call: now.callers,
                node: String::new(),
            }
        }
    });
    Json(Envelope::data(join_all(live).await))
}

fn meeting_id(text: &str) -> Result<MeetingId, Failure> {
    MeetingId::parse(text).map_err(|_| ErrorCode::MeetingNotFound.into())
}

async fn end(State(inside): State<Inside>, Path(id): Path<String>) -> Answer<()> {
    inside.meetings.end_for_admin(&meeting_id(&id)?, clock::now()).await?;
    Ok(Json(Envelope::message("ended")))
}

#[derive(Deserialize)]
struct Recorded {
    #[serde(default)]
    texts: bool,
}

async fn recording(
    State(inside): State<Inside>,
    Path(id): Path<String>,
    Query(Recorded { texts }): Query<Recorded>,
) -> Result<Json<Recording>, Failure> {
    let taken = inside.rooms.record(&meeting_id(&id)?, texts, clock::now()).await;
    let taken = taken.map_err(|error| Failure::because(ErrorCode::StoreUnavailable, error))?;
    Ok(Json(taken.ok_or(ErrorCode::NotFound)?))
}

#[derive(Deserialize)]
struct Which {
    user: Option<String>,
    kind: Option<String>,
}

/// What went wrong in this process lately, newest first.
async fn wrong(Query(which): Query<Which>) -> Json<Envelope<Vec<IncidentBody>>> {
    let wanted = |one: &Incident| {
        which.user.as_deref().is_none_or(|user| one.user.as_deref() == Some(user))
            && which.kind.as_deref().is_none_or(|kind| one.kind.as_str() == kind)
    };
    let body = |one: Incident| IncidentBody {
        first_at: clock::iso(one.first),
        last_at: clock::iso(one.last),
        count: one.count,
        kind: one.kind.as_str().to_owned(),
        code: one.code.to_owned(),
        user_id: one.user.and_then(|user| UserId::parse(&user).ok()),
        username: None,
        about: one.about,
        process: String::new(),
    };
    let latest = incidents::latest().into_iter().filter(wanted).take(MOST).map(body);
    Json(Envelope::data(latest.collect()))
}

#[derive(Deserialize)]
struct Whose {
    user: Option<String>,
}

async fn sockets(
    State(inside): State<Inside>,
    Query(Whose { user }): Query<Whose>,
) -> Answer<Vec<LiveSocket>> {
    let user = user.map(|user| UserId::parse(&user)).transpose().map_err(|_| ErrorCode::UserNotFound)?;
    Ok(Json(Envelope::data(inside.sockets.list(user.as_ref(), MOST))))
}

async fn cut(State(inside): State<Inside>, Path(id): Path<String>) -> Answer<()> {
    if inside.sockets.cut(&id) {
        Ok(Json(Envelope::message("cut")))
    } else {
        Err(ErrorCode::UnknownSid.into())
    }
}
