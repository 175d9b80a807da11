//! `/api/admin`: for whoever has the role `admin`, in a browser. Everybody else hears `not_admin`.

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::stream;
use http::{Method, header, request::Parts};
use plenum_contract::{
    ErrorCode, Locale, MeetingId, UserId,
    admin::{AccountBody, AuditBody, IncidentBody, LimitBody, LiveRoom, LiveSocket, NodeBody, Overview},
    axum::{Json, JsonObject, Listed, body::Input},
    http::{Answered, Envelope, Told},
    text::said,
};
use plenum_service::{clock, incidents::Kind};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{client::Client, error::Failure, session::InBrowser};
use crate::{
    accounts::User,
    admin::{Actor, Happened, REASON_MAX, Recorded, name_of},
    error::Error,
    gateway::Gateway,
};

/// Characters of what is looked for among accounts.
const WORDS_MAX: usize = 100;
/// The kinds that can be asked for.
const KINDS: [Kind; 3] = [Kind::Cut, Kind::Refused, Kind::Failed];
/// Bytes of a socket's id, which is 16 letters.
const SOCKET_ID_MAX: usize = 64;

/// The routes of admins, who ask about what is behind the gateway too.
#[must_use]
pub fn listed() -> Listed<Gateway> {
    Listed::new()
        .route("/api/admin/overview", get(overview))
        .route("/api/admin/rooms", get(rooms))
        .route("/api/admin/rooms/{id}/end", post(end_room))
        .route("/api/admin/rooms/{id}/recording", get(recording))
        .route("/api/admin/sockets", get(sockets))
        .route("/api/admin/sockets/{id}/cut", post(cut_socket))
        .route("/api/admin/accounts", get(accounts))
        .route("/api/admin/accounts/{id}/disable", post(disable))
        .route("/api/admin/accounts/{id}/enable", post(enable))
        .route("/api/admin/accounts/{id}/end-sessions", post(end_sessions))
        .route("/api/admin/incidents", get(incidents))
        .route("/api/admin/audit", get(audit))
        .route("/api/admin/audit/export", get(export))
}

/// Whoever asks, who is an admin.
#[derive(Debug)]
pub struct Admin(Actor);

impl FromRequestParts<Gateway> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Failure> {
        let state = gateway.app();
        let InBrowser { caller, .. } = InBrowser::from_request_parts(parts, state).await?;
        let address = Client::of(&parts.extensions).address.to_string();
        Ok(Self(state.admins().actor(&caller, address).await?))
    }
}

type Answer<T> = Result<Json<Envelope<T>>, Failure>;

/// Why an admin does something: it goes into the record.
#[derive(Debug, ToSchema)]
pub struct ReasonBody {
    /// In their words.
    #[schema(max_length = 300, example = "Asked for by their manager")]
    #[expect(dead_code, reason = "it is read by hand, and documented by this")]
    reason: Option<String>,
}

fn reason(sent: &Input) -> Result<String, Failure> {
    let Some(reason) = sent.get("reason").filter(|reason| !reason.is_null()) else {
        return Ok(String::new());
    };
    let reason = reason.as_str().map(str::trim).filter(|reason| reason.chars().count() <= REASON_MAX);
    reason.map(str::to_owned).ok_or_else(|| ErrorCode::InvalidPayload.into())
}

fn user_id(text: &str) -> Result<UserId, Failure> {
    UserId::parse(text).map_err(|_| ErrorCode::UserNotFound.into())
}

fn meeting_id(text: &str) -> Result<MeetingId, Failure> {
    MeetingId::parse(text).map_err(|_| ErrorCode::MeetingNotFound.into())
}

/// An id that can stand in a path as it is.
fn in_path(id: &str) -> Result<&str, ErrorCode> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !id.is_empty() && id.len() <= SOCKET_ID_MAX && id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(ErrorCode::UnknownSid)
    }
}

/// GET `/api/admin/overview`: the nodes, how many there are of what, and the limits.
#[utoipa::path(
    get,
    path = "/api/admin/overview",
    tag = "Admin",
    operation_id = "getAdminOverview",
    responses((status = 200, body = Answered<Overview>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope]))),
)]
pub async fn overview(State(gateway): State<Gateway>, _: Admin) -> Answer<Overview> {
    let counts = gateway.app().admins().counts();
    let (counts, nodes) = tokio::join!(counts, gateway.each_node::<NodeBody>("/internal/admin/node"));
    let (accounts, sessions) = counts?;
    let nodes = nodes.into_iter().map(|(node, answered)| match answered {
        Some(up) => NodeBody { node, ..up },
        None => NodeBody { node, ..NodeBody::default() },
    });
    let allowed = &gateway.app().config().limits;
    let limit = |name: &str, most: Option<std::num::NonZeroU32>| LimitBody {
        name: name.to_owned(),
        most: most.map(std::num::NonZeroU32::get),
    };
    let limits = vec![
        limit("RATE_LIMIT_AUTH_PER_MINUTE", allowed.auth),
        limit("RATE_LIMIT_API_PER_MINUTE", allowed.api),
    ];
    Ok(Json(Envelope::data(Overview { nodes: nodes.collect(), accounts, sessions, limits })))
}

/// GET `/api/admin/rooms`: those in which somebody is, the fullest first; 200 of each node.
#[utoipa::path(
    get,
    path = "/api/admin/rooms",
    tag = "Admin",
    operation_id = "listLiveRooms",
    responses((status = 200, body = Answered<Vec<LiveRoom>>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope]))),
)]
pub async fn rooms(State(gateway): State<Gateway>, _: Admin) -> Answer<Vec<LiveRoom>> {
    let answered = gateway.each_node::<Vec<LiveRoom>>("/internal/admin/rooms").await;
    let of_node = |(node, rooms): (String, Option<Vec<LiveRoom>>)| {
        rooms.into_iter().flatten().map(move |room| LiveRoom { node: node.clone(), ..room })
    };
    let mut rooms: Vec<_> = answered.into_iter().flat_map(of_node).collect();
    rooms.sort_by_key(|room| std::cmp::Reverse((room.people, room.in_call)));
    Ok(Json(Envelope::data(rooms)))
}

/// POST `/api/admin/rooms/:id/end`: completes a meeting, whose room ends for all.
#[utoipa::path(
    post,
    path = "/api/admin/rooms/{id}/end",
    tag = "Admin",
    operation_id = "endLiveRoom",
    params(("id" = MeetingId, Path, description = "The meeting's id")),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidPayload, ErrorCode::MeetingNotFound, ErrorCode::BackendUnavailable, ErrorCode::BackendTimeout]))),
)]
pub async fn end_room(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<()> {
    let (id, reason) = (meeting_id(&id)?, reason(&sent)?);
    let path = format!("/internal/admin/rooms/{id}/end");
    let ending = async { gateway.any_node(Method::POST, &path).await.map_err(Error::Refused) };
    gateway.app().admins().audited(&actor, ("room.end", id.as_str(), &reason), ending).await?;
    Ok(Json(Envelope::message(said("meeting_ended", locale))))
}

/// Whether what people wrote is in a recording.
#[derive(Debug, Deserialize)]
pub struct WithTexts {
    /// Whether what people wrote is in it. Without it there is how long it was.
    #[serde(default)]
    texts: bool,
}

/// GET `/api/admin/rooms/:id/recording`: what a live room's log holds, for `plenum replay`. That it was taken is recorded.
#[utoipa::path(
    get,
    path = "/api/admin/rooms/{id}/recording",
    tag = "Admin",
    operation_id = "recordLiveRoom",
    params(("id" = MeetingId, Path, description = "The meeting's id"), ("texts" = Option<bool>, Query, description = "Whether what people wrote is in it; without it there is how long it was")),
    responses((status = 200, body = Object, description = "The recording: a file for `plenum replay`")),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::MeetingNotFound, ErrorCode::NotFound, ErrorCode::InvalidPayload, ErrorCode::BackendUnavailable, ErrorCode::BackendTimeout]))),
)]
pub async fn recording(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    Path(id): Path<String>,
    with: Result<Query<WithTexts>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Failure> {
    let id = meeting_id(&id)?;
    let Query(WithTexts { texts }) = with.map_err(|_| ErrorCode::InvalidPayload)?;
    let path = format!("/internal/admin/rooms/{id}/recording?texts={texts}");
    let act = if texts { "room.record-with-texts" } else { "room.record" };
    let taking = async { gateway.the_node(Method::GET, &path).await.map_err(Error::Refused) };
    let taken = gateway.app().admins().audited(&actor, (act, id.as_str(), ""), taking).await?;
    let named = format!("attachment; filename=\"room-{id}.json\"");
    Ok(([(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, named)], taken)
        .into_response())
}

/// Whose sockets.
#[derive(Debug, Deserialize)]
pub struct OfUser {
    /// A user's id; without it anybody's.
    user: Option<String>,
}

/// GET `/api/admin/sockets`: those of a user, or some of anybody's; 200 of each node.
#[utoipa::path(
    get,
    path = "/api/admin/sockets",
    tag = "Admin",
    operation_id = "listSockets",
    params(("user" = Option<UserId>, Query, description = "A user's id; without it anybody's")),
    responses((status = 200, body = Answered<Vec<LiveSocket>>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::UserNotFound]))),
)]
pub async fn sockets(
    State(gateway): State<Gateway>,
    _: Admin,
    Query(OfUser { user }): Query<OfUser>,
) -> Answer<Vec<LiveSocket>> {
    let path = match user.as_deref().map(user_id).transpose()? {
        Some(user) => format!("/internal/admin/sockets?user={user}"),
        None => "/internal/admin/sockets".to_owned(),
    };
    let answered = gateway.each_node::<Vec<LiveSocket>>(&path).await;
    let of_node = |(node, sockets): (String, Option<Vec<LiveSocket>>)| {
        sockets.into_iter().flatten().map(move |socket| LiveSocket { node: node.clone(), ..socket })
    };
    Ok(Json(Envelope::data(answered.into_iter().flat_map(of_node).collect())))
}

/// POST `/api/admin/sockets/:id/cut`: cuts a connection. Its client may come back: to keep somebody out, disable the account.
#[utoipa::path(
    post,
    path = "/api/admin/sockets/{id}/cut",
    tag = "Admin",
    operation_id = "cutSocket",
    params(("id" = String, Path, description = "The socket's id")),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidPayload, ErrorCode::UnknownSid, ErrorCode::BackendUnavailable, ErrorCode::BackendTimeout]))),
)]
pub async fn cut_socket(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<()> {
    let (id, reason) = (in_path(&id)?, reason(&sent)?);
    let path = format!("/internal/admin/sockets/{id}/cut");
    let cutting = async { gateway.the_node(Method::POST, &path).await.map_err(Error::Refused) };
    gateway.app().admins().audited(&actor, ("socket.cut", id, &reason), cutting).await?;
    Ok(Json(Envelope::message(said("socket_cut", locale))))
}

/// Which accounts.
#[derive(Debug, Deserialize)]
pub struct WhichAccounts {
    /// What stands in a name or an address.
    query: Option<String>,
    /// The id of the last one of the page before.
    after: Option<String>,
}

/// GET `/api/admin/accounts`: a page of 100, by id.
#[utoipa::path(
    get,
    path = "/api/admin/accounts",
    tag = "Admin",
    operation_id = "listAccounts",
    params(("query" = Option<String>, Query, description = "What stands in a name or an address"), ("after" = Option<UserId>, Query, description = "The id of the last one of the page before")),
    responses((status = 200, body = Answered<Vec<AccountBody>>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidQuery, ErrorCode::UserNotFound]))),
)]
pub async fn accounts(
    State(gateway): State<Gateway>,
    _: Admin,
    Query(WhichAccounts { query, after }): Query<WhichAccounts>,
) -> Answer<Vec<AccountBody>> {
    let query = query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    if query.is_some_and(|query| query.chars().count() > WORDS_MAX || query.contains('\0')) {
        return Err(ErrorCode::InvalidQuery.into());
    }
    let after = after.as_deref().map(user_id).transpose()?;
    let found = gateway.app().admins().accounts(after.as_ref(), query).await?;
    Ok(Json(Envelope::data(found.into_iter().map(account).collect())))
}

fn account(user: User) -> AccountBody {
    AccountBody {
        username: name_of(&user),
        second_factor: user.has_second_factor,
        disabled_at: user.disabled_at.map(clock::iso),
        created_at: clock::iso(user.created_at),
        id: user.id,
        email: user.email,
        roles: user.roles,
        verified: user.verified,
    }
}

/// POST `/api/admin/accounts/:id/disable`: nobody signs in to it any more; its sessions, tokens and sockets end.
#[utoipa::path(
    post,
    path = "/api/admin/accounts/{id}/disable",
    tag = "Admin",
    operation_id = "disableAccount",
    params(("id" = UserId, Path, description = "The account's id")),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidPayload, ErrorCode::UserNotFound, ErrorCode::OwnAccount]))),
)]
pub async fn disable(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<()> {
    gateway.app().admins().set_disabled(&actor, &user_id(&id)?, true, &reason(&sent)?).await?;
    Ok(Json(Envelope::message(said("account_disabled", locale))))
}

/// POST `/api/admin/accounts/:id/enable`: its user can sign in again.
#[utoipa::path(
    post,
    path = "/api/admin/accounts/{id}/enable",
    tag = "Admin",
    operation_id = "enableAccount",
    params(("id" = UserId, Path, description = "The account's id")),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidPayload, ErrorCode::UserNotFound, ErrorCode::OwnAccount]))),
)]
pub async fn enable(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<()> {
    gateway.app().admins().set_disabled(&actor, &user_id(&id)?, false, &reason(&sent)?).await?;
    Ok(Json(Envelope::message(said("account_enabled", locale))))
}

/// POST `/api/admin/accounts/:id/end-sessions`: its user has to sign in anew, everywhere; sockets end.
#[utoipa::path(
    post,
    path = "/api/admin/accounts/{id}/end-sessions",
    tag = "Admin",
    operation_id = "endAccountSessions",
    params(("id" = UserId, Path, description = "The account's id")),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidPayload, ErrorCode::UserNotFound, ErrorCode::OwnAccount]))),
)]
pub async fn end_sessions(
    State(gateway): State<Gateway>,
    Admin(actor): Admin,
    locale: Locale,
    Path(id): Path<String>,
    JsonObject(sent): JsonObject,
) -> Answer<()> {
    gateway.app().admins().end_sessions(&actor, &user_id(&id)?, &reason(&sent)?).await?;
    Ok(Json(Envelope::message(said("sessions_ended", locale))))
}

/// Which incidents.
#[derive(Debug, Deserialize)]
pub struct WhichIncidents {
    /// A user's id; without it anybody's.
    user: Option<String>,
    /// `cut`, `refused` or `failed`; without it all.
    kind: Option<String>,
}

/// GET `/api/admin/incidents`: the latest 100, newest first: why somebody was cut or refused, and what went wrong. Kept for 14 days.
#[utoipa::path(
    get,
    path = "/api/admin/incidents",
    tag = "Admin",
    operation_id = "listIncidents",
    params(("user" = Option<UserId>, Query, description = "A user's id; without it anybody's"), ("kind" = Option<String>, Query, description = "`cut`, `refused` or `failed`; without it all")),
    responses((status = 200, body = Answered<Vec<IncidentBody>>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::UserNotFound]))),
)]
pub async fn incidents(
    State(gateway): State<Gateway>,
    _: Admin,
    Query(WhichIncidents { user, kind }): Query<WhichIncidents>,
) -> Answer<Vec<IncidentBody>> {
    let user = user.as_deref().map(user_id).transpose()?;
    let kind = KINDS.into_iter().find(|known| kind.as_deref() == Some(known.as_str())).map(Kind::as_str);
    let fields = [("user", user.as_ref().map(UserId::as_str)), ("kind", kind)];
    let fields: Vec<_> =
        fields.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))).collect();
    let path = format!("/internal/admin/incidents?{}", fields.join("&"));
    let elsewhere = gateway.each_node_apart::<Vec<IncidentBody>>(&path).await;
    let of_node = |(node, some): (String, Option<Vec<IncidentBody>>)| {
        some.into_iter().flatten().filter_map(move |one| happened(one, &node))
    };
    let elsewhere = elsewhere.into_iter().flat_map(of_node).collect();
    let all = gateway.app().admins().incidents(user.as_ref(), kind, elsewhere).await?;
    Ok(Json(Envelope::data(all.into_iter().map(incident).collect())))
}

/// What a node tells of itself.
fn happened(one: IncidentBody, node: &str) -> Option<Happened> {
    Some(Happened {
        first: one.first_at.parse().ok()?,
        last: one.last_at.parse().ok()?,
        count: one.count,
        kind: one.kind,
        code: one.code,
        user: one.user_id,
        about: one.about,
        process: node.to_owned(),
    })
}

fn incident((happened, username): (Happened, Option<String>)) -> IncidentBody {
    IncidentBody {
        first_at: clock::iso(happened.first),
        last_at: clock::iso(happened.last),
        count: happened.count,
        kind: happened.kind,
        code: happened.code,
        user_id: happened.user,
        username,
        about: happened.about,
        process: happened.process,
    }
}

/// Which part of the record.
#[derive(Debug, Deserialize)]
pub struct WhichActs {
    /// The number of the last one of the page before.
    before: Option<i64>,
}

/// GET `/api/admin/audit`: what admins and operators did, newest first, a page of 100.
#[utoipa::path(
    get,
    path = "/api/admin/audit",
    tag = "Admin",
    operation_id = "listAudit",
    params(("before" = Option<i64>, Query, description = "The number of the last one of the page before")),
    responses((status = 200, body = Answered<Vec<AuditBody>>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope, ErrorCode::InvalidQuery]))),
)]
pub async fn audit(
    State(gateway): State<Gateway>,
    _: Admin,
    which: Result<Query<WhichActs>, axum::extract::rejection::QueryRejection>,
) -> Answer<Vec<AuditBody>> {
    let Query(WhichActs { before }) = which.map_err(|_| ErrorCode::InvalidQuery)?;
    let page = gateway.app().admins().record(before).await?;
    Ok(Json(Envelope::data(page.into_iter().map(recorded).collect())))
}

/// An act as it is shown, and exported.
#[must_use]
pub fn recorded(recorded: Recorded) -> AuditBody {
    let Recorded { number, deed, outcome } = recorded;
    AuditBody {
        number,
        at: clock::iso(deed.at),
        actor_id: deed.actor,
        actor: deed.name,
        address: deed.address,
        act: deed.act,
        target: deed.target,
        reason: deed.reason,
        outcome,
    }
}

/// GET `/api/admin/audit/export`: all of it, oldest first, a JSON object a line. That it was exported is recorded.
#[utoipa::path(
    get,
    path = "/api/admin/audit/export",
    tag = "Admin",
    operation_id = "exportAudit",
    responses((status = 200, body = String, content_type = "application/x-ndjson")),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NotAdmin, ErrorCode::InsufficientScope]))),
)]
pub async fn export(State(gateway): State<Gateway>, Admin(actor): Admin) -> Result<Response, Failure> {
    let admins = gateway.app().admins().clone();
    let first = admins.audited(&actor, ("audit.export", "", ""), admins.exported(0)).await?;
    // A store that goes away in between breaks the answer off: half a record is no record.
    let parts = stream::try_unfold(Some(first), move |part| {
        let admins = admins.clone();
        async move {
            let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok::<_, Error>(None) };
            let last = part.last().map_or(0, |last| last.number);
            let mut lines = Vec::new();
            for one in part {
                serde_json::to_writer(&mut lines, &recorded(one))
                    .map_err(|error| Error::Internal(error.to_string()))?;
                lines.push(b'\n');
            }
            Ok(Some((Bytes::from(lines), Some(admins.exported(last).await?))))
        }
    });
    let head = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((head, Body::from_stream(parts)).into_response())
}
