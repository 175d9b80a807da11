//! `/api/auth/*`: registering, logging in and out.

use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use plenum_contract::{
    ErrorCode, Locale,
    axum::{Json, JsonObject},
    http::{Envelope, Said, Told},
    text::said,
    user::Account,
};
use plenum_service::clock;

use super::{cookies, error::Failure, mails, second_factor, session::SignedIn};
use crate::{
    AppState,
    accounts::{User, UserWithPassword},
    error::Error,
    limits::Guesser,
    mail,
    proof::{By, Proof},
    rules::{
        Email, Input, Login, LoginBody, PasswordChange, PasswordChangeBody, Registration, RegistrationBody,
    },
    sessions::{Kind, Which},
    tokens::Token,
};

/// Characters that are kept of a `User-Agent`.
const DEVICE_MAX: usize = 200;

/// How who signs in may be refused, beside what their body lacks.
pub(super) const AT_LOGIN: &[ErrorCode] = &[
    ErrorCode::InvalidCredentials,
    ErrorCode::AccountDisabled,
    ErrorCode::EmailNotVerified,
    ErrorCode::SecondFactorRequired,
    ErrorCode::InvalidSecondFactor,
    ErrorCode::TooManyTries,
    ErrorCode::Busy,
];

/// POST `/api/auth/register`: makes an account and signs nobody in.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    tag = "Accounts",
    operation_id = "register",
    request_body = RegistrationBody,
    responses((status = 201, body = Said<Account>)),
    extensions(("x-error-codes" = json!([RegistrationBody::REFUSALS, [
        ErrorCode::EmailTaken,
        ErrorCode::EmailDomainNotAllowed,
        ErrorCode::RegistrationClosed,
        ErrorCode::InvitationRequired,
        ErrorCode::InvalidInvitation,
        ErrorCode::Busy,
    ]]))),
)]
pub async fn register(
    State(state): State<AppState>,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let registration = Registration::read(&input, state.config().passwords)?;
    let now = clock::now();
    let user = state.accounts().register(registration, locale, now).await?;
    state.verification().after_registration(&user, locale, now).await;
    Ok((StatusCode::CREATED, Json(Envelope::said(said("registered", locale), user.account()))))
}

/// POST `/api/auth/login`: begins a session and sets its cookie.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    tag = "Accounts",
    operation_id = "login",
    request_body = LoginBody,
    responses((status = 200, body = Said<Account>, headers(("Set-Cookie" = String, description = "The session's cookie")))),
    extensions(("x-error-codes" = json!([LoginBody::REFUSALS, AT_LOGIN]))),
)]
pub async fn login(
    State(state): State<AppState>,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let login = Login::read(&input)?;
    let known = may_guess(&state, &login.email, &headers).await?;
    let (user, proof) = shown_at_login(&state, login, &input).await?;
    let now = clock::now();
    let (token, _) = state.sessions().begin(&proof, device(&headers), now).await?;
    let mut cookies = state.cookies().set(&token, &headers);
    if state.limits().count_guesses() {
        let device = state.devices().signed_in(&user.id, known, now).await?;
        cookies.extend(state.cookies().set_device(&device, &headers));
    }
    Ok((set(cookies), Json(Envelope::said(said("logged_in", locale), user.account()))))
}

/// Whose address and password these are, with the code of their second factor where they have one.
pub(super) async fn shown_at_login(
    state: &AppState,
    login: Login,
    input: &Input,
) -> Result<(User, Proof), Error> {
    let UserWithPassword { user, password_hash } = state.accounts().login(login).await?;
    let code = second_factor::code(input);
    let factor = state.second_factors().at_login(&user.id, code, clock::now()).await?;
    let proof = Proof { user: user.id.clone(), by: By::Password(password_hash), factor };
    Ok((user, proof))
}

/// Counts a guess at the password of the account with this address. Gives what the browser is known by, if it has signed in to
/// that account before: others' guesses don't count against it then.
pub(super) async fn may_guess(
    state: &AppState,
    email: &Email,
    headers: &HeaderMap,
) -> Result<Option<Token>, Error> {
    if !state.limits().count_guesses() {
        return Ok(None);
    }
    let known = match cookies::device(headers) {
        Some(device) if state.devices().knows(email, &device, clock::now()).await? => Some(device),
        _ => None,
    };
    let hash = known.as_ref().map(Token::hash);
    state.limits().guess(email, hash.as_ref().map_or(Guesser::Anybody, Guesser::Device))?;
    Ok(known)
}

/// POST `/api/auth/logout`: ends this session, its sockets too, and clears the cookie.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    tag = "Accounts",
    operation_id = "logout",
    responses((status = 200, body = Told, headers(("Set-Cookie" = String, description = "The session's cookie, cleared")))),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn logout(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    state.sessions().end_some(&caller.user, Which::One(caller.session), clock::now()).await?;
    let cookies = state.cookies().clear(&headers);
    Ok((set(cookies), Json(Envelope::message(said("logged_out", locale)))))
}

/// PUT `/api/auth/update-password`: another password. The user's other sessions end, and this one gets another token.
#[utoipa::path(
    put,
    path = "/api/auth/update-password",
    tag = "Accounts",
    operation_id = "updatePassword",
    request_body = PasswordChangeBody,
    responses((status = 200, body = Told)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([PasswordChangeBody::REFUSALS, [ErrorCode::WrongPassword, ErrorCode::NoPassword, ErrorCode::ConfirmSecondFactor, ErrorCode::UserNotFound, ErrorCode::Busy]]))),
)]
pub async fn update_password(
    State(state): State<AppState>,
    signed_in: SignedIn,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let caller = &signed_in.caller;
    let change = PasswordChange::read(&input, state.config().passwords)?;
    let now = clock::now();
    state.limits().guess_own(&caller.user)?;
    state.second_factors().before_change(&caller.user, &caller.session, now).await?;
    let ended = state.accounts().change_password(&caller.user, &caller.session, change, now).await?;
    state.sessions().have_ended(&ended).await;
    mails::notice(&state, mail::Kind::PasswordNotice, &caller.user, locale).await;
    let cookies = with_another_token(&state, &signed_in, &headers).await?;
    Ok((set(cookies), Json(Envelope::message(said("password_changed", locale)))))
}

/// The rights of a session have changed: it goes on with another token. The `Set-Cookie`s of it; none for an app, whose tokens
/// change by themselves.
pub(super) async fn with_another_token(
    state: &AppState,
    SignedIn { caller, token, kind }: &SignedIn,
    headers: &HeaderMap,
) -> Result<Vec<HeaderValue>, Failure> {
    if *kind != Kind::Cookie {
        state.sessions().look_again(*kind, token).await;
        return Ok(Vec::new());
    }
    let token = state.sessions().change_token(token, &caller.session, clock::now()).await?;
    Ok(state.cookies().set(&token, headers))
}

/// What a session is used by, as it says itself: shown to nobody but its user.
pub(super) fn device(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?.trim();
    let short: String = text.chars().take(DEVICE_MAX).collect();
    (!short.is_empty()).then_some(short)
}

pub(super) fn set(
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> AppendHeaders<impl IntoIterator<Item = (http::HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)))
}
