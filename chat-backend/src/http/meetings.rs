//! `/api/meetings`.

use axum::{
    Extension,
    extract::{Path, State},
};
use http::{HeaderName, StatusCode, header};
use plenum_contract::{
    Caller, ErrorCode, Locale, MeetingId, UserId,
    axum::{Failure, Json, JsonObject},
    http::{Answered, Envelope, Said, Told},
    meeting::{MeetingBody, Today},
    text::said,
};
use plenum_service::clock;
use utoipa::ToSchema;

use super::ApiState;
use crate::meetings::{
    Code, JoinBody, Meeting, MeetingChangeBody, MeetingError, NewMeetingBody, NotAdmitted,
};

/// Nothing: deployed clients send fields that are not looked at.
#[derive(Debug, ToSchema)]
pub struct Nothing {}

pub(super) type Answer<T> = Result<Json<Envelope<T>>, Failure>;

impl From<MeetingError> for Failure {
    fn from(error: MeetingError) -> Self {
        let cause = matches!(error, MeetingError::Store(_)).then(|| error.to_string());
        Self::all(error.problems(), cause)
    }
}

pub(super) fn meeting_id(text: &str) -> Result<MeetingId, Failure> {
    MeetingId::parse(text).map_err(|_| ErrorCode::MeetingNotFound.into())
}

fn bodies(meetings: Vec<Meeting>, viewer: &UserId) -> Vec<MeetingBody> {
    meetings.into_iter().map(|meeting| meeting.into_body(Some(viewer))).collect()
}

/// Only one's own lists can be seen.
fn own(caller: &Caller, id: &str) -> Result<(), Failure> {
    let id = UserId::parse(id).map_err(|_| ErrorCode::UserNotFound)?;
    if caller.user == id { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
}

/// POST `/api/meetings`: makes a meeting, hosted by who asks.
#[utoipa::path(
    post,
    path = "/api/meetings",
    tag = "Meetings",
    operation_id = "createMeeting",
    request_body = NewMeetingBody,
    responses((status = 201, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!(NewMeetingBody::REFUSALS))),
)]
pub async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    JsonObject(sent): JsonObject,
) -> Result<(StatusCode, Json<Envelope<MeetingBody>>), Failure> {
    let meeting = state.0.meetings.create(caller.user.clone(), &sent, clock::now()).await?;
    let answer = Envelope::said(said("meeting_created", locale), meeting.into_body(Some(&caller.user)));
    Ok((StatusCode::CREATED, Json(answer)))
}

/// GET `/api/meetings`: those one hosts or joined, newest first; 1,000 at most.
#[utoipa::path(
    get,
    path = "/api/meetings",
    tag = "Meetings",
    operation_id = "listMeetings",
    responses((status = 200, body = Answered<Vec<MeetingBody>>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn list(State(state): State<ApiState>, caller: Caller) -> Answer<Vec<MeetingBody>> {
    let meetings = state.0.meetings.of_user(&caller.user).await?;
    Ok(Json(Envelope::data(bodies(meetings, &caller.user))))
}

/// GET `/api/meetings/user/:id`: the same, by one's own id. Nobody sees another's.
#[utoipa::path(
    get,
    path = "/api/meetings/user/{id}",
    tag = "Meetings",
    operation_id = "listMeetingsOfUser",
    params(("id" = UserId, Path, description = "One's own id")),
    responses((status = 200, body = Answered<Vec<MeetingBody>>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound, ErrorCode::Forbidden]))),
)]
pub async fn of_user(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Vec<MeetingBody>> {
    own(&caller, &id)?;
    list(State(state), caller).await
}

/// GET `/api/meetings/today/:id`: one's own of today in UTC, by time.
#[utoipa::path(
    get,
    path = "/api/meetings/today/{id}",
    tag = "Meetings",
    operation_id = "listMeetingsOfToday",
    params(("id" = UserId, Path, description = "One's own id")),
    responses((status = 200, body = Answered<Today>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound, ErrorCode::Forbidden]))),
)]
pub async fn today(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Answer<Today> {
    own(&caller, &id)?;
    let (date, meetings) = state.0.meetings.today(&caller.user, clock::now()).await?;
    let meetings = bodies(meetings, &caller.user);
    Ok(Json(Envelope::data(Today { date: date.to_string(), count: meetings.len(), meetings })))
}

/// GET `/api/meetings/:id`: a meeting, for anyone who is signed in.
#[utoipa::path(
    get,
    path = "/api/meetings/{id}",
    tag = "Meetings",
    operation_id = "getMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    responses((status = 200, body = Answered<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound])), ("x-also" = json!({"getChatMeeting": "/api/chat/meeting/{id}"}))),
)]
pub async fn get(
    State(state): State<ApiState>,
    caller: Option<Extension<Caller>>,
    Path(id): Path<String>,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.get(&meeting_id(&id)?).await?;
    Ok(Json(Envelope::data(meeting.into_body(caller.as_ref().map(|caller| &caller.user)))))
}

/// GET `/api/meetings/code/:code`: the meeting of a link, as [`get`] tells it. A guest is told while it takes guests.
#[utoipa::path(
    get,
    path = "/api/meetings/code/{code}",
    tag = "Meetings",
    operation_id = "getMeetingByCode",
    params(("code" = String, Path, description = "The code of the meeting's link; its case and hyphens don't matter", example = "abcd-efgh-jkmn")),
    responses((status = 200, body = Answered<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::GuestsNotAllowed, ErrorCode::MeetingEnded]))),
)]
pub async fn by_code(
    State(state): State<ApiState>,
    caller: Caller,
    Path(code): Path<String>,
) -> Answer<MeetingBody> {
    let code = Code::parse(&code).ok_or(ErrorCode::MeetingNotFound)?;
    let meeting = state.0.meetings.by_code(&code).await?;
    // Whoever has a passcode to show does so when they join.
    if caller.guest.is_some()
        && let Err(why @ (NotAdmitted::Ended | NotAdmitted::NoGuests)) = meeting.admits(&caller, None)
    {
        return Err(ErrorCode::from(why).into());
    }
    Ok(Json(Envelope::data(meeting.into_body(Some(&caller.user)))))
}

/// GET `/api/meetings/:id/calendar.ics`: the meeting for a calendar, with the link to it when the server knows where the web app is.
#[utoipa::path(
    get,
    path = "/api/meetings/{id}/calendar.ics",
    tag = "Meetings",
    operation_id = "getMeetingCalendar",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    responses((status = 200, body = String, content_type = "text/calendar")),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound]))),
)]
pub async fn calendar(
    State(state): State<ApiState>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<([(HeaderName, &'static str); 2], String), Failure> {
    let meeting = state.0.meetings.get(&meeting_id(&id)?).await?;
    let link = state.0.frontend.as_ref().map(|frontend| format!("{frontend}/m/{}", meeting.options.code));
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"meeting.ics\""),
    ];
    Ok((headers, meeting.to_calendar(link.as_deref())))
}

/// POST `/api/meetings/:id/join`: adds who asks to the meeting's participants, if the meeting lets them in. Not refused for places: those are of the room.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/join",
    tag = "Meetings",
    operation_id = "joinMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    request_body = Option<JoinBody>,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!(JoinBody::REFUSALS))),
)]
pub async fn join(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<MeetingBody> {
    let (id, passcode) = (meeting_id(&id)?, JoinBody::passcode(&sent)?);
    let meeting = state.0.meetings.join(&id, &caller, passcode, clock::now()).await?;
    Ok(Json(Envelope::said(said("meeting_joined", locale), meeting.into_body(Some(&caller.user)))))
}

/// POST `/api/meetings/:id/leave`: answers the meeting. Nobody is taken off its participants.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/leave",
    tag = "Meetings",
    operation_id = "leaveMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    request_body = Option<Nothing>,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound]))),
)]
pub async fn leave(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.leave(&meeting_id(&id)?).await?;
    Ok(Json(Envelope::said(said("meeting_left", locale), meeting.into_body(Some(&caller.user)))))
}

/// PUT `/api/meetings/:id`: changes a meeting, for its host. What is absent stays; one that is completed or cancelled ends its room.
#[utoipa::path(
    put,
    path = "/api/meetings/{id}",
    tag = "Meetings",
    operation_id = "updateMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    request_body = MeetingChangeBody,
    responses((status = 200, body = Said<MeetingBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([MeetingChangeBody::REFUSALS, [ErrorCode::MeetingNotFound, ErrorCode::NotHost]]))),
)]
pub async fn update(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.update(&meeting_id(&id)?, &caller.user, &sent, clock::now()).await?;
    Ok(Json(Envelope::said(said("meeting_updated", locale), meeting.into_body(Some(&caller.user)))))
}

/// DELETE `/api/meetings/:id`: deletes a meeting, for its host. Its room ends.
#[utoipa::path(
    delete,
    path = "/api/meetings/{id}",
    tag = "Meetings",
    operation_id = "deleteMeeting",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::MeetingNotFound, ErrorCode::NotHost]))),
)]
pub async fn delete(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
) -> Answer<()> {
    state.0.meetings.delete(&meeting_id(&id)?, &caller.user).await?;
    Ok(Json(Envelope::message(said("meeting_deleted", locale))))
}
