//! `/api/auth/*` of what mails bring: setting a new password, confirming an address.

use axum::extract::State;
use http::HeaderMap;
use plenum_contract::{
    ErrorCode, Locale, UserId,
    axum::{Json, JsonObject},
    http::{Envelope, Said},
    text::said,
    user::AddressBody,
};
use plenum_service::clock;
use serde_json::Value;

use super::{error::Failure, session};
use crate::{
    AppState,
    mail::Kind,
    rules::{AddressedBody, Email, Reset, ResetBody, VerifyBody, named_email},
};

fn answer(what: &str, locale: Locale, email: &Email) -> Json<Envelope<AddressBody>> {
    Json(Envelope::said(said(what, locale), AddressBody { email: email.as_str().to_owned() }))
}

/// Tells a user of a change that matters, where mails are sent at all. The change stays when that can't be done.
pub(super) async fn notice(state: &AppState, kind: Kind, user: &UserId, locale: Locale) {
    if !state.mails().has_notices() {
        return;
    }
    match state.accounts().user(user).await {
        Ok(account) => state.mails().notice(kind, user, &account.email, locale, clock::now()).await,
        Err(error) => tracing::warn!(%error, kind = kind.as_str(), %user, "a notice will not be sent"),
    }
}

/// POST `/api/auth/reset-password`: a link to set a new password is on its way, if there is an account with this address.
#[utoipa::path(
    post,
    path = "/api/auth/reset-password",
    tag = "Accounts",
    operation_id = "resetPassword",
    request_body = AddressedBody,
    responses((status = 200, body = Said<AddressBody>)),
    extensions(("x-error-codes" = json!([AddressedBody::REFUSALS, [ErrorCode::Busy]]))),
)]
pub async fn reset_password(
    State(state): State<AppState>,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<AddressBody>>, Failure> {
    let (email, now) = (named_email(&input)?, clock::now());
    if state.mails().may_cause("reset", email.as_str(), now).await? {
        state.mails().to_address(Kind::Reset, &email, locale, now).await?;
    }
    Ok(answer("reset_sent", locale, &email))
}

/// POST `/api/auth/confirm-password-reset`: another password, for who holds a link. All sessions of the user end.
#[utoipa::path(
    post,
    path = "/api/auth/confirm-password-reset",
    tag = "Accounts",
    operation_id = "confirmPasswordReset",
    request_body = ResetBody,
    responses((status = 200, body = Said<AddressBody>)),
    extensions(("x-error-codes" = json!([ResetBody::REFUSALS, [ErrorCode::InvalidResetCode, ErrorCode::Busy]]))),
)]
pub async fn confirm_password_reset(
    State(state): State<AppState>,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<AddressBody>>, Failure> {
    let reset = Reset::read(&input, state.config().passwords)?;
    let now = clock::now();
    let (user, ended) = state.accounts().reset_password(state.codes(), reset, now).await?;
    state.sessions().have_ended(&ended).await;
    state.mails().notice(Kind::PasswordNotice, &user.id, &user.email, locale, now).await;
    let body = AddressBody { email: user.email };
    Ok(Json(Envelope::said(said("password_reset", locale), body)))
}

/// POST `/api/auth/verify`: confirms an address by the digits that were sent to it; of who is signed in, for their own account.
#[utoipa::path(
    post,
    path = "/api/auth/verify",
    tag = "Accounts",
    operation_id = "verifyAddress",
    request_body = VerifyBody,
    responses((status = 200, body = Said<AddressBody>)),
    extensions(("x-error-codes" = json!([VerifyBody::REFUSALS, [ErrorCode::EmailTaken]]))),
)]
pub async fn verify(
    State(state): State<AppState>,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<AddressBody>>, Failure> {
    let email = named_email(&input)?;
    let digits = input.get("code").and_then(Value::as_str).ok_or(ErrorCode::InvalidVerificationCode)?;
    let user = session::user(&state, &headers).await?;
    state.verification().verify(&email, digits, user.as_ref(), clock::now()).await?;
    Ok(answer("email_verified", locale, &email))
}

/// POST `/api/auth/resend-code`: other digits are on their way, if this address waits for some.
#[utoipa::path(
    post,
    path = "/api/auth/resend-code",
    tag = "Accounts",
    operation_id = "resendCode",
    request_body = AddressedBody,
    responses((status = 200, body = Said<AddressBody>)),
    extensions(("x-error-codes" = json!([AddressedBody::REFUSALS, [ErrorCode::Busy]]))),
)]
pub async fn resend_code(
    State(state): State<AppState>,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<AddressBody>>, Failure> {
    let email = named_email(&input)?;
    state.verification().resend(&email, locale, clock::now()).await?;
    Ok(answer("code_sent", locale, &email))
}
