//! The routes on one screen, and what every request passes.

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    handler::Handler as _,
    routing::{get, post},
};
use plenum_contract::axum::{body, failure};
use plenum_service::net::{self, Answers, ask};
use tower::{Layer as _, service_fn};

use super::{auth, cors, origin, page, security, users};
use crate::gateway::refuse_escapes;
pub use crate::state::AppState;

/// The routes of accounts and pages, to be [`finish`]ed, put behind the gateway, and [`layered`].
pub fn routes(state: &AppState) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/docs", get(page::docs))
        .route("/api/auth/register", post(auth::register))
        .route("/api/auth/login", post(auth::login))
        .route("/api/auth/logout", post(auth::logout))
        .route("/api/me", get(users::me))
        .route("/api/users/profile", get(users::me))
        .route("/api/users/{id}", get(users::user))
        .with_state(state.clone())
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
    let guarded = service_fn(move |request: Request| {
        let (inside, origins) = (inside.clone(), origins.clone());
        let answer = async move |request| {
            origin::guard(&origins, &request)?;
            body::guard(&request)?;
            refuse_escapes(&request)?;
            Ok(ask(inside, request).await)
        };
        async move { Ok::<_, Infallible>(failure::speak(locale, request, answer).await) }
    });
    let shared = cors::layer(&config.origins).layer(guarded);
    let headers = security::SecurityHeaders::new(pages.policy().clone(), config.is_production());
    service_fn(move |request: Request| {
        let (shared, headers) = (shared.clone(), headers.clone());
        let answer = async move |request| headers.harden(request, |request| ask(shared, request)).await;
        async move { Ok(net::trace(request, answer).await) }
    })
}
