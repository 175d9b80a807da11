//! The routes on one screen, and what every request passes.

use axum::{
    Router,
    extract::Request,
    handler::Handler as _,
    middleware,
    response::IntoResponse as _,
    routing::{get, post},
};
use plenum_contract::axum::{Failure, body, failure};
use plenum_service::net;
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, validate_request::ValidateRequestHeaderLayer};

use super::{auth, cors, origin, page, security, users};
use crate::gateway::refuse_escapes;
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

/// What every request passes, whoever answers it; the first is the outermost. As one stack: a router boxes what each
/// `layer` makes, and clones all boxes for every request.
pub fn layered(router: Router, state: &AppState) -> Router {
    let (config, pages) = (state.config(), state.pages());
    let headers = security::SecurityHeaders::new(pages.policy().clone(), config.is_production());
    let origins = config.origins.clone();
    #[expect(clippy::result_large_err, reason = "the shape that the layer asks for")]
    let guard = move |request: &mut Request| {
        origin::guard(&origins, request)
            .and_then(|()| body::guard(request))
            .and_then(|()| refuse_escapes(request))
            .map_err(Failure::into_response)
    };
    let stack = ServiceBuilder::new()
        .layer(middleware::from_fn(net::trace))
        .layer(middleware::from_fn_with_state(headers, security::harden))
        .layer(cors::layer(&config.origins))
        .layer(middleware::from_fn_with_state(config.locale, failure::speak))
        .layer(CatchPanicLayer::custom(failure::panicked))
        .layer(ValidateRequestHeaderLayer::custom(guard));
    router.layer(stack)
}
