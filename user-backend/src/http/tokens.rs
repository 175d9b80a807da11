//! `/api/auth/token` and `/api/auth/personal-tokens`: for apps and scripts, which hold no cookies.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::IntoResponse,
};
use http::{HeaderMap, StatusCode};
use plenum_contract::{
    ErrorCode, Locale, SessionId,
    axum::{Json, JsonObject},
    http::{Answered, Envelope, Said, Told},
    text::said,
    user::{AppTokens, NewPersonalToken, PersonalTokenBody},
};
use plenum_service::clock;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    auth::{AT_LOGIN, device, may_guess, shown_at_login},
    error::Failure,
    session::InBrowser,
};
use crate::{
    AppState,
    app_tokens::ACCESS,
    personal_tokens::{PREFIX, PersonalToken, PersonalTokenWish, Wanted},
    rules::{Login, LoginBody},
    tokens::Token,
};

/// What the next pair is asked for by.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct RefreshBody {
    /// That of the pair before.
    #[schema(example = "8Uu9m7l3cT0b4o1qV5yX2wZ6aB8dE0fG3hJ5kL7nP9r")]
    pub refresh_token: String,
}

/// What a pair of tokens is asked for by.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum TokenBody {
    /// The first pair, as at a login.
    First(LoginBody),
    /// The next one.
    Next(RefreshBody),
}

/// POST `/api/auth/token`: a pair of tokens for `email` and `password`, or the next pair for `refreshToken`.
#[utoipa::path(
    post,
    path = "/api/auth/token",
    tag = "Tokens",
    operation_id = "issueTokens",
    request_body = TokenBody,
    responses((status = 200, body = Said<AppTokens>)),
    extensions(("x-error-codes" = json!([LoginBody::REFUSALS, AT_LOGIN, [ErrorCode::RefreshTokenRequired, ErrorCode::InvalidBearer]]))),
)]
pub async fn issue(
    State(state): State<AppState>,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<AppTokens>>, Failure> {
    let now = clock::now();
    let pair = match input.get("refreshToken") {
        Some(Value::String(text)) => {
            let token = Token::parse(text).ok_or(ErrorCode::InvalidBearer)?;
            state.app_tokens().refresh(&token, now).await.map_err(|error| match error {
                crate::error::Error::InvalidSession => crate::error::Error::InvalidBearer,
                other => other,
            })?
        }
        None | Some(Value::Null) if input.contains_key("email") || input.contains_key("password") => {
            let login = Login::read(&input)?;
            may_guess(&state, &login.email, &headers).await?;
            let (_, proof) = shown_at_login(&state, login, &input).await?;
            state.app_tokens().begin(&proof, device(&headers), now).await?
        }
        _ => return Err(ErrorCode::RefreshTokenRequired.into()),
    };
    let seconds = |until: jiff::Timestamp| until.duration_since(now).as_secs().unsigned_abs();
    let body = AppTokens {
        token_type: "Bearer",
        access_token: pair.access.reveal().to_owned(),
        expires_in: ACCESS.as_secs().unsigned_abs(),
        refresh_token: pair.refresh.reveal().to_owned(),
        refresh_expires_in: seconds(pair.refresh_until),
    };
    Ok(Json(Envelope::said(said("logged_in", locale), body)))
}

fn shown(token: PersonalToken) -> PersonalTokenBody {
    PersonalTokenBody {
        id: token.id,
        name: token.name,
        scopes: token.scopes.each().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: clock::iso(token.created_at),
        expires_at: clock::iso(token.expires_at),
        last_used_at: token.used_at.map(clock::iso),
    }
}

/// POST `/api/auth/personal-tokens`: makes one, and shows it this once.
#[utoipa::path(
    post,
    path = "/api/auth/personal-tokens",
    tag = "Tokens",
    operation_id = "makePersonalToken",
    request_body = PersonalTokenWish,
    responses((status = 201, body = Said<NewPersonalToken>)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidToken, ErrorCode::TooManyTokens]))),
)]
pub async fn make(
    State(state): State<AppState>,
    InBrowser { caller, .. }: InBrowser,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let wanted = Wanted::read(&input)?;
    let (made, token) = state.personal_tokens().make(&caller.user, wanted, clock::now()).await?;
    let body = NewPersonalToken { secret: format!("{PREFIX}{}", token.reveal()), token: shown(made) };
    Ok((StatusCode::CREATED, Json(Envelope::said(said("token_made", locale), body))))
}

/// GET `/api/auth/personal-tokens`: one's own, without what they are.
#[utoipa::path(
    get,
    path = "/api/auth/personal-tokens",
    tag = "Tokens",
    operation_id = "listPersonalTokens",
    responses((status = 200, body = Answered<Vec<PersonalTokenBody>>)),
    security(("session" = [])),
)]
pub async fn list(
    State(state): State<AppState>,
    InBrowser { caller, .. }: InBrowser,
) -> Result<Json<Envelope<Vec<PersonalTokenBody>>>, Failure> {
    let tokens = state.personal_tokens().of_user(&caller.user).await?;
    Ok(Json(Envelope::data(tokens.into_iter().map(shown).collect())))
}

/// DELETE `/api/auth/personal-tokens/:id`: ends one, its sockets too.
#[utoipa::path(
    delete,
    path = "/api/auth/personal-tokens/{id}",
    tag = "Tokens",
    operation_id = "endPersonalToken",
    params(("id" = SessionId, Path, description = "The token's id")),
    responses((status = 200, body = Told)),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::TokenNotFound]))),
)]
pub async fn end(
    State(state): State<AppState>,
    InBrowser { caller, .. }: InBrowser,
    locale: Locale,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Envelope<()>>, Failure> {
    let id = id.ok().and_then(|Path(id)| SessionId::parse(&id).ok()).ok_or(ErrorCode::TokenNotFound)?;
    if !state.personal_tokens().end(&caller.user, &id, clock::now()).await? {
        return Err(ErrorCode::TokenNotFound.into());
    }
    Ok(Json(Envelope::message(said("token_ended", locale))))
}
