//! `/api/meetings`.

use axum::extract::{Path, State};
use http::StatusCode;
use plenum_contract::{
    Caller, ErrorCode, Locale, MeetingId, UserId,
    axum::{Failure, Json, JsonObject},
    http::Envelope,
    meeting::{MeetingBody, Today},
    text::said,
};
use plenum_service::clock;

use super::ApiState;
use crate::meetings::{Meeting, MeetingError};

type Answer<T> = Result<Json<Envelope<T>>, Failure>;

impl From<MeetingError> for Failure {
    fn from(error: MeetingError) -> Self {
        let cause = matches!(error, MeetingError::Store(_)).then(|| error.to_string());
        Self::all(error.problems(), cause)
    }
}

fn meeting_id(text: &str) -> Result<MeetingId, Failure> {
    MeetingId::parse(text).map_err(|_| ErrorCode::MeetingNotFound.into())
}

fn bodies(meetings: Vec<Meeting>) -> Vec<MeetingBody> {
    meetings.into_iter().map(Meeting::into_body).collect()
}

/// Only one's own lists can be seen.
fn own(caller: &Caller, id: &str) -> Result<(), Failure> {
    let id = UserId::parse(id).map_err(|_| ErrorCode::UserNotFound)?;
    if caller.user == id { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
}

pub async fn create(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    JsonObject(sent): JsonObject,
) -> Result<(StatusCode, Json<Envelope<MeetingBody>>), Failure> {
    let meeting = state.0.meetings.create(caller.user, &sent, clock::now()).await?;
    let answer = Envelope::said(said("meeting_created", locale), meeting.into_body());
    Ok((StatusCode::CREATED, Json(answer)))
}

pub async fn list(State(state): State<ApiState>, caller: Caller) -> Answer<Vec<MeetingBody>> {
    let meetings = state.0.meetings.of_user(&caller.user).await?;
    Ok(Json(Envelope::data(bodies(meetings))))
}

pub async fn of_user(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer<Vec<MeetingBody>> {
    own(&caller, &id)?;
    list(State(state), caller).await
}

pub async fn today(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Answer<Today> {
    own(&caller, &id)?;
    let (date, meetings) = state.0.meetings.today(&caller.user, clock::now()).await?;
    let meetings = bodies(meetings);
    Ok(Json(Envelope::data(Today { date: date.to_string(), count: meetings.len(), meetings })))
}

pub async fn get(State(state): State<ApiState>, Path(id): Path<String>) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.get(&meeting_id(&id)?).await?;
    Ok(Json(Envelope::data(meeting.into_body())))
}

pub async fn join(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.join(&meeting_id(&id)?, &caller.user, clock::now()).await?;
    Ok(Json(Envelope::said(said("meeting_joined", locale), meeting.into_body())))
}

pub async fn leave(
    State(state): State<ApiState>,
    locale: Locale,
    Path(id): Path<String>,
    _: JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.leave(&meeting_id(&id)?).await?;
    Ok(Json(Envelope::said(said("meeting_left", locale), meeting.into_body())))
}

pub async fn update(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<MeetingBody> {
    let meeting = state.0.meetings.update(&meeting_id(&id)?, &caller.user, &sent, clock::now()).await?;
    Ok(Json(Envelope::said(said("meeting_updated", locale), meeting.into_body())))
}

pub async fn delete(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    Path(id): Path<String>,
) -> Answer<()> {
    state.0.meetings.delete(&meeting_id(&id)?, &caller.user).await?;
    Ok(Json(Envelope::message(said("meeting_deleted", locale))))
}
