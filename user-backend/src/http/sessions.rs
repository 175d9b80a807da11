//! `/api/auth/sessions`: one's own login sessions.

use axum::extract::{Path, State, rejection::PathRejection};
use plenum_contract::{
    ErrorCode, Locale, SessionId,
    axum::Json,
    http::{Answered, Envelope, Told},
    text::said,
    user::OwnSession,
};
use plenum_service::clock;

use super::{error::Failure, session::SignedIn};
use crate::{AppState, sessions::Which};

/// GET `/api/auth/sessions`: those that are not over, the last used first.
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    tag = "Sessions",
    operation_id = "listSessions",
    responses((status = 200, body = Answered<Vec<OwnSession>>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn list(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
) -> Result<Json<Envelope<Vec<OwnSession>>>, Failure> {
    let sessions = state.sessions().of_user(&caller.user, clock::now()).await?;
    let shown = sessions.into_iter().map(|session| OwnSession {
        current: session.id == caller.session,
        id: session.id,
        device: session.device,
        created_at: clock::iso(session.created_at),
        last_used_at: clock::iso(session.used_at),
        expires_at: clock::iso(session.expires_at),
    });
    Ok(Json(Envelope::data(shown.collect())))
}

/// DELETE `/api/auth/sessions/:id`: ends one, its sockets too.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{id}",
    tag = "Sessions",
    operation_id = "endSession",
    params(("id" = SessionId, Path, description = "The session's id")),
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::SessionNotFound]))),
)]
pub async fn end(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Envelope<()>>, Failure> {
    let id = id.ok().and_then(|Path(id)| SessionId::parse(&id).ok()).ok_or(ErrorCode::SessionNotFound)?;
    match state.sessions().end_some(&caller.user, Which::One(id), clock::now()).await? {
        0 => Err(ErrorCode::SessionNotFound.into()),
        _ => Ok(Json(Envelope::message(said("session_ended", locale)))),
    }
}

/// DELETE `/api/auth/sessions`: ends all others.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions",
    tag = "Sessions",
    operation_id = "endOtherSessions",
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn end_others(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
) -> Result<Json<Envelope<()>>, Failure> {
    state.sessions().end_some(&caller.user, Which::AllBut(caller.session.clone()), clock::now()).await?;
    Ok(Json(Envelope::message(said("sessions_ended", locale))))
}
