//! What is going on, and whether the service is up.

use axum::extract::State;
use plenum_contract::{
    axum::Json,
    http::{Answered, CallHealth, Envelope, Health},
    meeting::ChatStats,
};
use plenum_service::clock;

use super::ApiState;

const SERVICE: &str = "chat-backend";

/// GET `/api/chat/stats`: how many meet now.
#[utoipa::path(
    get,
    path = "/api/chat/stats",
    tag = "Chat",
    operation_id = "getChatStats",
    responses((status = 200, body = Answered<ChatStats>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn chat(State(state): State<ApiState>) -> Json<Envelope<ChatStats>> {
    let (active_meetings, total_users) = state.0.meetings.live().await;
    let (max, min) = state.0.participants;
    Json(Envelope::data(ChatStats {
        active_meetings,
        total_users,
        max_participants_per_meeting: max,
        min_participants_per_meeting: min,
    }))
}

pub async fn health(State(state): State<ApiState>) -> Json<Health> {
    Json(Health {
        status: "ok",
        service: SERVICE,
        timestamp: clock::iso(clock::now()),
        environment: state.0.environment.clone(),
    })
}

/// GET `/api/call/health`: that the service of calls lives.
#[utoipa::path(
    get,
    path = "/api/call/health",
    tag = "Calls",
    operation_id = "getCallHealth",
    responses((status = 200, body = CallHealth)),
)]
pub async fn call_health() -> Json<CallHealth> {
    Json(CallHealth { success: true, status: "ok", service: SERVICE, timestamp: clock::iso(clock::now()) })
}
