//! The routes on one screen, and what every request passes.

use axum::{
    Router,
    extract::Request,
    middleware,
    routing::{get, post},
};
use plenum_contract::{
    ErrorCode,
    axum::{
        Failure, Listed,
        body::{self, Takes},
        failure,
    },
};
use plenum_service::net::{Answers, ask};
use tower::service_fn;

use super::{ApiState, acts, calls, guests, meetings, moderation, stats, trust};

/// Every route. `inside` is for callers whom the gateway has named, or for the gateway itself, like the API;
/// `open` is for anyone.
pub fn routes(state: ApiState, inside: Router, open: Router) -> impl Answers {
    let locale = state.0.locale;
    let trusted = trusted()
        .with_state(state.clone())
        .merge(inside)
        .route_layer(middleware::from_fn_with_state(state.clone(), guests::check))
        .route_layer(middleware::from_fn_with_state(state.clone(), trust::check));
    let open = open
        .merge(Router::new().route("/health", get(stats::health)).with_state(state))
        .merge(for_anyone().with_state(()));
    let routes = trusted
        .merge(open)
        .method_not_allowed_fallback(async || Failure::from(ErrorCode::MethodNotAllowed))
        .fallback(async || Failure::from(ErrorCode::NotFound));
    service_fn(move |request: Request| {
        let routes = routes.clone();
        let answer = async move |request| {
            body::guard(&request, &Takes::JSON)?;
            Ok(ask(routes, request).await)
        };
        async move { Ok(failure::speak(locale, request, answer).await) }
    })
}

/// The API for callers whom the gateway has named. What each route takes and answers stands on its handler, and
/// [`Document`](super::Document) lists all of them.
#[must_use]
pub fn trusted() -> Listed<ApiState> {
    Listed::new()
        .route("/api/meetings", get(meetings::list).post(meetings::create))
        .route("/api/meetings/user/{id}", get(meetings::of_user))
        .route("/api/meetings/today/{id}", get(meetings::today))
        .route("/api/meetings/code/{code}", get(meetings::by_code))
        .route("/api/meetings/{id}", get(meetings::get).put(meetings::update).delete(meetings::delete))
        .route("/api/meetings/{id}/join", post(meetings::join))
        .route("/api/meetings/{id}/leave", post(meetings::leave))
        .route("/api/meetings/{id}/calendar.ics", get(meetings::calendar))
        .route("/api/meetings/{id}/end", post(moderation::end))
        .route("/api/meetings/{id}/report", get(moderation::report))
        .route("/api/meetings/{id}/remove/{user}", post(moderation::remove))
        .route("/api/meetings/{id}/readmit/{user}", post(moderation::readmit))
        .route("/api/meetings/{id}/acts/{event}", post(acts::act))
        .route("/api/chat/stats", get(stats::chat))
        .route("/api/chat/meeting/{id}", get(meetings::get))
        .route("/api/call/stats", get(calls::stats))
        .route("/api/call/ice-servers", get(calls::ice_servers))
        .route("/api/call/room/{id}", get(calls::room))
}

/// The API for anyone.
#[must_use]
pub fn for_anyone() -> Listed<()> {
    Listed::new().route("/api/call/health", get(stats::call_health))
}
