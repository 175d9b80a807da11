//! The routes on one screen, and what every request passes.

use axum::{
    Router,
    handler::Handler as _,
    middleware,
    routing::{get, post},
};
use plenum_contract::axum::{body, failure};
use plenum_service::net;
use tower_http::catch_panic::CatchPanicLayer;

use super::{auth, cors, origin, page, security, users};
pub use crate::state::AppState;

/// The routes of accounts and pages. Those of the services behind the gateway are merged in by whoever
/// composes them, [`finish`]ed and then [`layered`].
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

/// What every request passes, whoever answers it; the last is the outermost.
pub fn layered(router: Router, state: &AppState) -> Router {
    let (config, pages) = (state.config(), state.pages());
    let headers = security::SecurityHeaders::new(pages.policy().clone(), config.is_production());
    router
        .layer(middleware::from_fn(body::guard))
        .layer(middleware::from_fn_with_state(config.origins.clone(), origin::guard))
        .layer(CatchPanicLayer::custom(failure::panicked))
        .layer(middleware::from_fn_with_state(config.locale, failure::speak))
        .layer(cors::layer(&config.origins))
        .layer(middleware::from_fn_with_state(headers, security::harden))
        .layer(middleware::from_fn(net::trace))
}
