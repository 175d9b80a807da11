//! What people do in a meeting without a socket: the events of socket.io by their names.

use std::{sync::Arc, time::Duration};

use axum::extract::{Path, State};
use http::HeaderMap;
use plenum_contract::{
    Caller, ErrorCode, Locale, MeetingId,
    axum::{Failure, Json, JsonObject, body::Input},
    error::Problem,
    events::{Done, MessageTaken, PollOpened},
    http::{Envelope, Said},
    text::said,
};
use plenum_service::traces::Trace;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::oneshot, time::timeout};
use utoipa::ToSchema;

use super::{ApiState, meetings::meeting_id};
use crate::{
    acts::{self, Payload},
    rooms::inbox::{Answered, Sender},
};

/// How long a room may take to answer: longer than its log and its store take to be away.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an act answers: what the ack of its event holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ActTaken {
    /// Of a message.
    Said(MessageTaken),
    /// Of a new poll.
    PollOpened(PollOpened),
    /// Of everything else.
    Done(Done),
}

/// The fields that come with an act. Those of its event, but for `meetingId`, which the path holds.
#[derive(Debug, ToSchema)]
pub struct ActFields {}

struct Fields(Input);

impl Payload for Fields {
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        serde_json::from_value(Value::Object(std::mem::take(&mut self.0))).ok()
    }
}

/// POST `/api/meetings/:id/acts/:event`: does in a meeting what the event of this name does, for who is in it by a socket of
/// theirs, and answers what its ack holds. What belongs to one socket (coming, going, and a seat in the call) is refused.
#[utoipa::path(
    post,
    path = "/api/meetings/{id}/acts/{event}",
    tag = "Meetings",
    operation_id = "actInMeeting",
    params(
        ("id" = MeetingId, Path, description = "The meeting's id"),
        ("event" = String, Path, description = "An event's name, as asyncapi.json has it with the fields that it takes", example = "hand:raise"),
    ),
    request_body = Option<ActFields>,
    responses((status = 200, body = Said<ActTaken>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([
        ErrorCode::MeetingNotFound, ErrorCode::NotFound, ErrorCode::NeedsSocket, ErrorCode::InvalidPayload, ErrorCode::NotInMeeting,
        ErrorCode::MeetingEnded, ErrorCode::NotModerator, ErrorCode::ParticipantNotFound, ErrorCode::EmptyMessage,
        ErrorCode::MessageTooLong, ErrorCode::MessageNotFound, ErrorCode::NotAuthor, ErrorCode::InvalidReaction,
        ErrorCode::TooManyReactions, ErrorCode::InvalidPoll, ErrorCode::TooManyPolls, ErrorCode::PollNotFound,
        ErrorCode::PollClosed, ErrorCode::InvalidVote, ErrorCode::RateLimited, ErrorCode::Busy, ErrorCode::ShuttingDown
    ]))),
)]
pub async fn act(
    State(state): State<ApiState>,
    caller: Caller,
    locale: Locale,
    headers: HeaderMap,
    Path((id, event)): Path<(String, String)>,
    JsonObject(mut sent): JsonObject,
) -> Result<Json<Envelope<ActTaken>>, Failure> {
    let meeting = meeting_id(&id)?;
    sent.insert("meetingId".into(), meeting.as_str().into());
    let wanted = acts::read(&event, &mut Fields(sent))?;
    if wanted.what.is_of_call() {
        return Err(ErrorCode::NeedsSocket.into());
    }
    let (answer, answered) = oneshot::channel();
    let from = Sender::without_socket(Arc::new(caller), Trace::of(&headers));
    state.0.acts.ask(from, wanted, Box::new(|outcome| drop(answer.send(outcome))));
    // What breaks, or hangs, may still have done it.
    let outcome = timeout(PATIENCE, answered).await.ok().and_then(Result::ok);
    let taken = match outcome.unwrap_or_else(|| Err(Problem::new(ErrorCode::BackendTimeout))) {
        Ok(Answered::Said(taken)) => ActTaken::Said(taken),
        Ok(Answered::PollOpened(opened)) => ActTaken::PollOpened(opened),
        Ok(Answered::Done | Answered::Joined(_)) => ActTaken::Done(Done {}),
        Err(problem) => return Err(Failure::all(vec![problem], None)),
    };
    Ok(Json(Envelope::said(said("act_done", locale), taken)))
}
