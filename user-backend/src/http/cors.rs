//! CORS: exact, with credentials for the listed origins and the own one.

use std::time::Duration;

use http::{HeaderName, Method, header};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, Any, CorsLayer};

use plenum_service::net::REQUEST_ID;

use super::origin::Origins;

/// How long a browser may remember what it was allowed.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);
const METHODS: [Method; 5] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE];
const EXPOSED: [HeaderName; 2] = [header::RETRY_AFTER, REQUEST_ID];

/// The layer for every route, the gateway's among them. It answers preflights itself.
pub fn layer(origins: &Origins) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods(METHODS)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(PREFLIGHT_AGE);
    if origins.is_any() {
        return layer.allow_origin(Any);
    }
    let (origin, credentials) = (origins.clone(), origins.clone());
    layer
        .allow_origin(AllowOrigin::predicate(move |value, request| origin.knows(value, &request.headers)))
        .allow_credentials(AllowCredentials::predicate(move |value, request| {
            credentials.knows(value, &request.headers)
        }))
}
