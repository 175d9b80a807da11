//! `/api/auth/*`: registering, logging in and out.

use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use plenum_contract::{
    Locale,
    axum::{Json, JsonObject},
    http::Envelope,
    text::said,
};
use plenum_service::clock;

use super::{error::Failure, session::SignedIn};
use crate::{
    AppState,
    rules::{Login, Registration},
};

/// POST `/api/auth/register`: makes an account and signs nobody in.
pub async fn register(
    State(state): State<AppState>,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let registration = Registration::read(&input, state.config().password_min)?;
    let user = state.accounts().register(registration, clock::now()).await?;
    Ok((StatusCode::CREATED, Json(Envelope::said(said("registered", locale), user.account()))))
}

/// POST `/api/auth/login`: begins a session and sets its cookie.
pub async fn login(
    State(state): State<AppState>,
    locale: Locale,
    headers: HeaderMap,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let user = state.accounts().login(Login::read(&input)?).await?;
    let token = state.sessions().begin(&user.id, clock::now()).await?;
    let cookies = state.cookies().set(&token, &headers);
    Ok((set(cookies), Json(Envelope::said(said("logged_in", locale), user.account()))))
}

/// POST `/api/auth/logout`: ends this session, its sockets too, and clears the cookie.
pub async fn logout(
    State(state): State<AppState>,
    SignedIn { caller, token }: SignedIn,
    locale: Locale,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    state.sessions().end(&token, caller.session, clock::now()).await?;
    let cookies = state.cookies().clear(&headers);
    Ok((set(cookies), Json(Envelope::message(said("logged_out", locale)))))
}

fn set(
    cookies: Vec<HeaderValue>,
) -> AppendHeaders<impl IntoIterator<Item = (http::HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)))
}
