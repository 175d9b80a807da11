//! `/api/auth/connection`: what this server sees of a request, for who sets up what stands before it.

use axum::extract::State;
use http::{HeaderMap, header, request::Parts};
use plenum_contract::{
    axum::Json,
    http::{Answered, Envelope},
    user::SeenConnection,
};
use plenum_service::clock;

use super::{
    client::{Client, FORWARDED_PROTO},
    error::Failure,
    session::SignedIn,
};
use crate::AppState;

/// GET `/api/auth/connection`: one's own address, host and scheme as they arrive here.
#[utoipa::path(
    get,
    path = "/api/auth/connection",
    tag = "Sessions",
    operation_id = "getConnection",
    responses((status = 200, body = Answered<SeenConnection>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn seen(
    State(_): State<AppState>,
    _: SignedIn,
    parts: Parts,
) -> Result<Json<Envelope<SeenConnection>>, Failure> {
    let client = Client::of(&parts.extensions);
    let text = |headers: &HeaderMap, name| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    Ok(Json(Envelope::data(SeenConnection {
        address: client.address.to_string(),
        peer: client.peer.to_string(),
        unbelieved: client.unbelieved,
        secure: parts.headers.contains_key(FORWARDED_PROTO),
        host: text(&parts.headers, header::HOST),
        timestamp: clock::iso(clock::now()),
    })))
}
