//! `/api/call`: what there is to know of calls without a socket.

use axum::{
    Extension,
    extract::{Path, State},
};
use plenum_contract::{
    Caller, ErrorCode, MeetingId, UserId,
    axum::{Failure, Json},
    http::{Answered, Envelope},
    meeting::{CallRoom, CallStats, IceServers},
};
use plenum_service::clock;

use super::ApiState;

/// Who asks where nobody has to say who they are: a process of its own on loopback without a secret.
const ANYBODY: &str = "anybody";

/// GET `/api/call/stats`: how many are in calls now.
#[utoipa::path(
    get,
    path = "/api/call/stats",
    tag = "Calls",
    operation_id = "getCallStats",
    responses((status = 200, body = Answered<CallStats>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn stats(State(state): State<ApiState>) -> Json<Envelope<CallStats>> {
    let (active_calls, total_users_in_calls) = state.0.meetings.calls().await;
    let (max, min) = state.0.participants;
    Json(Envelope::data(CallStats {
        active_calls,
        total_users_in_calls,
        max_participants_per_call: max,
        min_participants_per_call: min,
    }))
}

/// GET `/api/call/ice-servers`: STUN and TURN servers, with what who asks shows to them. It may end: ask again before each call.
#[utoipa::path(
    get,
    path = "/api/call/ice-servers",
    tag = "Calls",
    operation_id = "getIceServers",
    responses((status = 200, body = Answered<IceServers>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn ice_servers(
    State(state): State<ApiState>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<Envelope<IceServers>>, Failure> {
    let user = match caller {
        Some(caller) => caller.user.clone(),
        None => UserId::parse(ANYBODY).map_err(|error| Failure::because(ErrorCode::Internal, error))?,
    };
    Ok(Json(Envelope::data(IceServers { ice_servers: state.0.ice_servers.for_user(&user, clock::now()) })))
}

/// GET `/api/call/room/:id`: who is in a meeting's call; 404 while nobody is.
#[utoipa::path(
    get,
    path = "/api/call/room/{id}",
    tag = "Calls",
    operation_id = "getCallRoom",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    responses((status = 200, body = Answered<CallRoom>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::NotFound]))),
)]
pub async fn room(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<Envelope<CallRoom>>, Failure> {
    let meeting_id = MeetingId::parse(&id).map_err(|_| ErrorCode::MeetingNotFound)?;
    let users = state.0.meetings.call(&meeting_id).await?.ok_or(ErrorCode::NotFound)?;
    Ok(Json(Envelope::data(CallRoom { meeting_id, participants: users.len(), users })))
}
