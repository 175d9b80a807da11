//! What a meeting's hosts do without a socket.

use axum::extract::{Path, State};
use plenum_contract::{
    Caller, ErrorCode, Locale, MeetingId, UserId,
    axum::{Failure, Json, JsonObject},
    http::{Answered, Envelope, Said},
    meeting::{MeetingBody, MeetingReport},
    text::said,
};
use plenum_service::clock;

use super::{
    ApiState,
    meetings::{Answer, Nothing, meeting_id},
};

fn user_id(text: &str) -> Result<UserId, Failure> {
    UserId::parse(text).map_err(|_| ErrorCode::ParticipantNotFound.into())
}

/// POST `/api/meetings/:id/end`: completes a meeting, for its host and co-hosts. Its room ends; one that has ended stays as it is.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/end",
    tag = "Meetings",
    operation_id = "endMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    request_body = Option<Nothing>,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::NotModerator]))),
)]
pub async fn end(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.end(&meeting_id(&id)?, &caller.user, clock::now()).await?;
    Ok(Json(Envelope::said(said("meeting_ended", locale), meeting.into_body(Some(&caller.user)))))
}

/// POST `/api/meetings/:id/remove/:userId`: removes somebody, for the host and co-hosts: they leave the room and may not come back. The host stays.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/remove/{user}",
    tag = "Meetings",
    operation_id = "removeFromMeeting",
    params(
        ("id" = MeetingId, Path, description = "The meeting's id"),
        ("user" = UserId, Path, description = "Who is removed"),
    ),
    request_body = Option<Nothing>,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::ParticipantNotFound, ErrorCode::NotModerator]))),
)]
pub async fn remove(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path((id, user)): Path<(String, String)>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let (id, user) = (meeting_id(&id)?, user_id(&user)?);
    let meeting = state.0.meetings.remove(&id, &caller.user, &user, clock::now()).await?;
    Ok(Json(Envelope::said(said("participant_removed", locale), meeting.into_body(Some(&caller.user)))))
}

/// POST `/api/meetings/:id/readmit/:userId`: lets somebody come back who was removed, for the host and co-hosts.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/readmit/{user}",
    tag = "Meetings",
    operation_id = "readmitToMeeting",
    params(
        ("id" = MeetingId, Path, description = "The meeting's id"),
        ("user" = UserId, Path, description = "Who may come back"),
    ),
    request_body = Option<Nothing>,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::ParticipantNotFound, ErrorCode::NotModerator]))),
)]
pub async fn readmit(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path((id, user)): Path<(String, String)>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let (id, user) = (meeting_id(&id)?, user_id(&user)?);
    let meeting = state.0.meetings.readmit(&id, &caller.user, &user, clock::now()).await?;
    Ok(Json(Envelope::said(said("participant_readmitted", locale), meeting.into_body(Some(&caller.user)))))
}

/// GET `/api/meetings/:id/report`: who was there and when, for the host and co-hosts.
#[utoipa::path(
    get,
    path = "/api/meetings/{id}/report",
    tag = "Meetings",
    operation_id = "getMeetingReport",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    responses((status = 200, body = Answered<MeetingReport>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::NotModerator]))),
)]
pub async fn report(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<MeetingReport> {
    let report = state.0.meetings.report(&meeting_id(&id)?, &caller.user, clock::now()).await?;
    Ok(Json(Envelope::data(report)))
}
