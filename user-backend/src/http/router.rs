//! The routes on one screen, and what every request passes.

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    handler::Handler as _,
    routing::{delete, get, post, put},
};
use http::{Method, StatusCode, Uri};
use plenum_contract::{
    ErrorCode,
    axum::{Listed, body, failure},
};
use plenum_service::{
    incidents,
    metrics::of_process,
    net::{self, Answers, Sent, ask},
};
use tower::{Layer as _, service_fn};

use super::{
    auth, avatars, client::Client, connection, cors, mails, oauth, origin, page, second_factor, security,
    sessions, tokens, users,
};
pub use crate::state::AppState;
use crate::{error::Error, gateway::refuse_escapes, limits::Limits};

/// The routes of accounts and pages, to be [`finish`]ed, put behind the gateway, and [`layered`].
pub fn routes(state: &AppState) -> Router {
    listed().with_state(state.clone())
}

/// The same, before they have what they work on. What each takes and answers stands on its handler, and
/// [`Document`](super::document::Document) lists all of them.
#[must_use]
pub fn listed() -> Listed<AppState> {
    Listed::new()
        .route("/", get(page::index))
        .route("/docs", get(page::docs))
        .route("/docs/start", get(page::start))
        .route("/docs/guide", get(page::guide))
        .route("/openapi.json", get(page::openapi))
        .route("/asyncapi.json", get(page::asyncapi))
        .route("/api/auth/register", post(auth::register))
        .route("/api/auth/login", post(auth::login))
        .route("/api/auth/logout", post(auth::logout))
        .route("/api/auth/update-password", put(auth::update_password))
        .route("/api/auth/connection", get(connection::seen))
        .route("/api/auth/reset-password", post(mails::reset_password))
        .route("/api/auth/confirm-password-reset", post(mails::confirm_password_reset))
        .route("/api/auth/verify", post(mails::verify))
        .route("/api/auth/resend-code", post(mails::resend_code))
        .route("/api/auth/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/api/auth/sessions/{id}", delete(sessions::end))
        .route(
            "/api/auth/second-factor",
            get(second_factor::standing).post(second_factor::propose).delete(second_factor::disable),
        )
        .route("/api/auth/second-factor/confirm", post(second_factor::confirm))
        .route("/api/auth/second-factor/check", post(second_factor::check))
        .route("/api/auth/second-factor/recovery-codes", post(second_factor::renew))
        .route("/api/auth/token", post(tokens::issue))
        .route("/api/auth/personal-tokens", get(tokens::list).post(tokens::make))
        .route("/api/auth/personal-tokens/{id}", delete(tokens::end))
        .route("/api/auth/oauth", get(oauth::providers))
        .route("/api/auth/oauth/{name}", get(oauth::go))
        .route("/api/auth/oauth/{name}/link", post(oauth::link))
        .route("/api/auth/identities", get(oauth::identities))
        .route("/api/auth/identities/{provider}", delete(oauth::unlink))
        .route("/api/me", get(users::me))
        .route("/api/users/profile", get(users::own).put(users::change).delete(users::delete))
        .route("/api/users/search", get(users::search))
        .route("/api/users/profile/avatar", put(avatars::change).get(avatars::own).delete(avatars::remove))
        .route("/api/users/{id}", get(users::user))
        .route("/api/users/{id}/avatar", get(avatars::of_user))
}

/// Counts what somebody without a session may ask so often: what tries to get one, or makes a mail be sent; and, in a measure of
/// its own, what sends people to a provider. What a page elsewhere can make its visitors ask, as a picture, uses up nobody's
/// measure of logins.
fn count(limits: &Limits, request: &Request) -> Result<(), Error> {
    const OPEN: [&str; 8] = [
        "register",
        "login",
        "guest",
        "token",
        "reset-password",
        "confirm-password-reset",
        "verify",
        "resend-code",
    ];
    let Some(rest) = request.uri().path().strip_prefix("/api/auth/") else { return Ok(()) };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let address = Client::of(request.extensions()).address;
    if rest.starts_with("oauth/") {
        limits.elsewhere(address)
    } else if !reads && OPEN.contains(&rest) {
        limits.auth(address)
    } else {
        Ok(())
    }
}

/// Remembers what an operator may be asked about.
fn remember(code: ErrorCode, status: StatusCode, method: &Method, uri: &Uri) {
    let kind = match code {
        ErrorCode::RateLimited | ErrorCode::TooManySockets => incidents::Kind::Refused,
        _ if status.is_server_error() && code != ErrorCode::ShuttingDown => incidents::Kind::Failed,
        _ => return,
    };
    incidents::note(kind, code.as_str(), None, &format!("{method} {}", uri.path()));
}

/// Answers unknown routes with 404 and methods a route does not take with 405.
pub fn finish(router: Router, state: &AppState) -> Router {
    router
        .method_not_allowed_fallback(page::method_not_allowed)
        .fallback_service(page::not_found.with_state(state.clone()))
}

/// What every request passes before `inside` answers it, and every answer on its way out. Functions around each other,
/// the last of them the outermost.
pub fn layered(inside: impl Answers, state: &AppState) -> impl Answers {
    let (config, pages) = (state.config(), state.pages());
    let (locale, origins) = (config.locale, config.origins.clone());
    let (limits, proxies) = (state.limits().clone(), config.proxies.clone());
    let guarded = service_fn(move |request: Request| {
        let (inside, origins, limits) = (inside.clone(), origins.clone(), limits.clone());
        let answer = async move |request: Request| {
            let passed = origin::guard(&origins, &request)
                .and_then(|()| Ok(count(&limits, &request)?))
                .and_then(|()| body::guard(&request, &avatars::taken(&request)))
                .and_then(|()| refuse_escapes(&request));
            if let Err(refused) = passed {
                body::let_go(request).await;
                return Err(refused);
            }
            Ok(ask(inside, request).await)
        };
        async move {
            let (method, uri) = (request.method().clone(), request.uri().clone());
            let answer = failure::speak(locale, request, answer).await;
            if let Some(code) = failure::code_of(&answer) {
                of_process::REFUSED.count_of(code.as_str());
                remember(code, answer.status(), &method, &uri);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let shared = cors::layer(&config.origins).layer(guarded);
    let headers = security::SecurityHeaders::new(pages.policy().clone(), config.is_production());
    service_fn(move |mut request: Request| {
        let (shared, headers) = (shared.clone(), headers.clone());
        proxies.settle(&mut request);
        let answer = async move |request| headers.harden(request, |request| ask(shared, request)).await;
        async move { Ok(net::trace(Sent::ByClients, request, answer).await) }
    })
}
