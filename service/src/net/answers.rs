//! What answers requests.

use std::convert::Infallible;

use axum::{extract::Request, response::Response};
use tower::Service;

/// From request to response, without fail: a router, or a function around one (`tower::service_fn`). Axum's own
/// layers box a request's way once or more for each of them, and clone what is in the boxes.
pub trait Answers:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> Answers for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The answer to one request.
pub async fn ask(mut service: impl Answers, request: Request) -> Response {
    let Ok(()) = std::future::poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(answer) = service.call(request).await;
    answer
}
