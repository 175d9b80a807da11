//! `/api/auth/second-factor`: setting it up, showing it, taking it away.

use axum::{extract::State, response::IntoResponse};
use http::HeaderMap;
use plenum_contract::{
    ErrorCode, Locale,
    axum::{Json, JsonObject},
    http::{Answered, Envelope, Said, Told},
    text::said,
    user::{RecoveryCodes, SecondFactorBody, SecondFactorProposal},
};
use plenum_service::clock;
use serde_json::Value;
use utoipa::ToSchema;

use super::{auth, error::Failure, mails, session::SignedIn};
use crate::{
    AppState,
    mail::Kind,
    rules::{Input, given_password},
};

/// The password, once more.
#[derive(Debug, ToSchema)]
pub struct PasswordBody {
    /// The account's password.
    #[schema(format = Password, min_length = 1, example = "correct horse")]
    pub password: String,
}

/// A code.
#[derive(Debug, ToSchema)]
pub struct CodeBody {
    /// What the authenticator app shows, or a recovery code.
    #[schema(min_length = 1, example = "287082")]
    pub code: String,
}

/// How a code may be refused.
const CODE_REFUSALS: &[ErrorCode] = &[
    ErrorCode::SecondFactorRequired,
    ErrorCode::InvalidSecondFactor,
    ErrorCode::NoSecondFactor,
    ErrorCode::TooManyTries,
];

/// The code that a body holds, if it holds one: `code`, a text.
pub(super) fn code(input: &Input) -> Option<&str> {
    input.get("code").and_then(Value::as_str).filter(|code| !code.trim().is_empty())
}

fn needed(input: &Input) -> Result<&str, Failure> {
    code(input).ok_or_else(|| ErrorCode::SecondFactorRequired.into())
}

/// GET `/api/auth/second-factor`: how it stands.
#[utoipa::path(
    get,
    path = "/api/auth/second-factor",
    tag = "Second factor",
    operation_id = "getSecondFactor",
    responses((status = 200, body = Answered<SecondFactorBody>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound]))),
)]
pub async fn standing(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
) -> Result<Json<Envelope<SecondFactorBody>>, Failure> {
    let user = state.accounts().user(&caller.user).await?;
    let standing = state.second_factors().standing(&caller.user).await?;
    Ok(Json(Envelope::data(SecondFactorBody {
        enabled: standing.since.is_some(),
        since: standing.since.map(clock::iso),
        recovery_codes_left: standing.recovery_left,
        required: state.config().second_factor_required.is_of(&user.roles),
    })))
}

/// POST `/api/auth/second-factor`: proposes a secret, to who knows the password. It counts once a code of it is confirmed.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor",
    tag = "Second factor",
    operation_id = "proposeSecondFactor",
    request_body = PasswordBody,
    responses((status = 200, body = Said<SecondFactorProposal>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::PasswordRequired, ErrorCode::WrongPassword, ErrorCode::NoPassword, ErrorCode::SecondFactorEnabled, ErrorCode::UserNotFound, ErrorCode::Busy]))),
)]
pub async fn propose(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<SecondFactorProposal>>, Failure> {
    let password = given_password(&input).map_err(Failure::from)?;
    state.limits().guess_own(&caller.user)?;
    state.accounts().knows_password(&caller.user, password).await?;
    let user = state.accounts().user(&caller.user).await?;
    let proposal = state.second_factors().propose(&user).await?;
    let body = SecondFactorProposal {
        secret: proposal.secret,
        url: proposal.url,
        qr: format!("data:image/png;base64,{}", proposal.qr),
    };
    Ok(Json(Envelope::said(said("second_factor_proposed", locale), body)))
}

/// POST `/api/auth/second-factor/confirm`: a `code` of the proposed secret makes it count. Other sessions end, this one gets
/// another token, and recovery codes are shown this once.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor/confirm",
    tag = "Second factor",
    operation_id = "confirmSecondFactor",
    request_body = CodeBody,
    responses((status = 200, body = Said<RecoveryCodes>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([[ErrorCode::SecondFactorEnabled], CODE_REFUSALS]))),
)]
pub async fn confirm(
    State(state): State<AppState>,
    signed_in: SignedIn,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let caller = &signed_in.caller;
    let (code, now) = (needed(&input)?, clock::now());
    let (codes, ended) = state.second_factors().enable(&caller.user, &caller.session, code, now).await?;
    state.sessions().have_ended(&ended).await;
    let cookies = auth::set(auth::with_another_token(&state, &signed_in, &headers).await?);
    let body = RecoveryCodes { recovery_codes: codes };
    Ok((cookies, Json(Envelope::said(said("second_factor_enabled", locale), body))))
}

/// POST `/api/auth/second-factor/check`: shows a `code`, so that changes that matter can be made for ten minutes.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor/check",
    tag = "Second factor",
    operation_id = "checkSecondFactor",
    request_body = CodeBody,
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!(CODE_REFUSALS))),
)]
pub async fn check(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<()>>, Failure> {
    let (code, now) = (needed(&input)?, clock::now());
    state.second_factors().show(&caller.user, &caller.session, code, now).await?;
    Ok(Json(Envelope::message(said("second_factor_shown", locale))))
}

/// POST `/api/auth/second-factor/recovery-codes`: others in place of those before, shown this once.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor/recovery-codes",
    tag = "Second factor",
    operation_id = "renewRecoveryCodes",
    responses((status = 200, body = Said<RecoveryCodes>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::NoSecondFactor, ErrorCode::ConfirmSecondFactor]))),
)]
pub async fn renew(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
) -> Result<Json<Envelope<RecoveryCodes>>, Failure> {
    state.second_factors().before_change(&caller.user, &caller.session, clock::now()).await?;
    let recovery_codes = state.second_factors().renew_recovery(&caller.user).await?;
    Ok(Json(Envelope::said(said("recovery_codes_made", locale), RecoveryCodes { recovery_codes })))
}

/// DELETE `/api/auth/second-factor`: takes it away.
#[utoipa::path(
    delete,
    path = "/api/auth/second-factor",
    tag = "Second factor",
    operation_id = "disableSecondFactor",
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::ConfirmSecondFactor]))),
)]
pub async fn disable(
    State(state): State<AppState>,
    SignedIn { caller, token, kind }: SignedIn,
    locale: Locale,
) -> Result<Json<Envelope<()>>, Failure> {
    state.second_factors().before_change(&caller.user, &caller.session, clock::now()).await?;
    state.second_factors().disable(&caller.user).await?;
    state.sessions().look_again(kind, &token).await;
    mails::notice(&state, Kind::FactorNotice, &caller.user, locale).await;
    Ok(Json(Envelope::message(said("second_factor_disabled", locale))))
}
