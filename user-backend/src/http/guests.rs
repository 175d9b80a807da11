//! `/api/auth/guest`: coming to a meeting without an account.

use axum::{extract::State, response::IntoResponse, routing::post};
use http::{HeaderMap, StatusCode};
use plenum_contract::{
    Caller, ErrorCode, Locale, SessionId, UserId,
    axum::{Json, JsonObject, Listed},
    http::{Envelope, Said},
    text::said,
    user::GuestAccount,
};
use plenum_service::clock;

use super::{
    auth::{device, set},
    error::Failure,
    session,
};
use crate::{
    gateway::{Gateway, Invited},
    guests::Guest,
    rules::{Coming, ComingBody},
    sessions::Which,
};

/// The routes of guests, who are asked about behind the gateway.
#[must_use]
pub fn listed() -> Listed<Gateway> {
    Listed::new().route("/api/auth/guest", post(come))
}

/// POST `/api/auth/guest`: begins a session for one meeting that takes guests, and sets its cookie. Who is signed in with an
/// account stays so, and is refused; a guest's session of before ends.
#[utoipa::path(
    post,
    path = "/api/auth/guest",
    tag = "Accounts",
    operation_id = "comeAsGuest",
    request_body = ComingBody,
    responses((status = 201, body = Said<GuestAccount>, headers(("Set-Cookie" = String, description = "The session's cookie")))),
    extensions(("x-error-codes" = json!([ComingBody::REFUSALS, [
        ErrorCode::AlreadySignedIn,
        ErrorCode::MeetingNotFound,
        ErrorCode::GuestsNotAllowed,
        ErrorCode::MeetingEnded,
        ErrorCode::BackendUnavailable,
        ErrorCode::BackendTimeout,
    ]]))),
)]
pub async fn come(
    State(gateway): State<Gateway>,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let Coming { code, name } = Coming::read(&input)?;
    let state = gateway.app();
    let before = session::guest(state, &headers).await?;
    // Nobody can end this session or ask in its name: it is not stored.
    let session = SessionId::random();
    let caller = Caller { user: UserId::random(), session, name, expires_at: None, guest: Some(code) };
    let Invited { meeting_id, code } = gateway.invited(&caller).await?;
    let guest = Guest { id: caller.user, name: caller.name, code };
    let now = clock::now();
    let token = state.guests().begin(&guest, device(&headers), now).await?;
    if let Some(before) = before {
        state.sessions().end_some(&before.user, Which::One(before.session), now).await?;
    }
    let cookies = state.cookies().set_for(&token, state.guests().lasts(), &headers);
    let Guest { id, name, code } = guest;
    let account = GuestAccount { uid: id, name, guest: true, meeting_id, code };
    Ok((StatusCode::CREATED, set(cookies), Json(Envelope::said(said("guest_came", locale), account))))
}
