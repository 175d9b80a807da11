//! The routes on one screen, and what every request passes.

use axum::{
    Router,
    extract::Request,
    middleware,
    response::IntoResponse as _,
    routing::{get, post},
};
use plenum_contract::{
    ErrorCode,
    axum::{Failure, body, failure},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, validate_request::ValidateRequestHeaderLayer};

use super::{ApiState, meetings, stats, trust};

/// Every route. `inside` is for callers whom the gateway has named, or for the gateway itself, like the API;
/// `open` is for anyone.
pub fn routes(state: ApiState, inside: Router, open: Router) -> Router {
    let locale = state.0.locale;
    #[expect(clippy::result_large_err, reason = "the shape that the layer asks for")]
    let guard = |request: &mut Request| body::guard(request).map_err(Failure::into_response);
    let trusted = Router::new()
        .route("/api/meetings", get(meetings::list).post(meetings::create))
        .route("/api/meetings/user/{id}", get(meetings::of_user))
        .route("/api/meetings/today/{id}", get(meetings::today))
        .route("/api/meetings/{id}", get(meetings::get).put(meetings::update).delete(meetings::delete))
        .route("/api/meetings/{id}/join", post(meetings::join))
        .route("/api/meetings/{id}/leave", post(meetings::leave))
        .route("/api/chat/stats", get(stats::chat))
        .route("/api/chat/meeting/{id}", get(meetings::get))
        .with_state(state.clone())
        .merge(inside)
        .route_layer(middleware::from_fn_with_state(state.clone(), trust::check));
    let open = open
        .merge(Router::new().route("/health", get(stats::health)).with_state(state))
        .route("/api/call/health", get(stats::call_health));
    trusted
        .merge(open)
        .method_not_allowed_fallback(async || Failure::from(ErrorCode::MethodNotAllowed))
        .fallback(async || Failure::from(ErrorCode::NotFound))
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(locale, failure::speak))
                .layer(CatchPanicLayer::custom(failure::panicked))
                .layer(ValidateRequestHeaderLayer::custom(guard)),
        )
}
