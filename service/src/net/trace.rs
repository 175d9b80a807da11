//! A name for each request, and one line about it in the log.

use std::{future::Future, sync::LazyLock};

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue};
use metrics::Histogram;

use tracing::Instrument as _;

use crate::{
    clock,
    metrics::of_process,
    traces::{Span, Trace},
};

/// Names a request in logs, in its answer, and to whoever answers it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of an id that a proxy gave.
const LENGTH_MAX: usize = 64;

/// Who sends the requests of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Anybody; what they say of a trace is not believed.
    ByClients,
    /// Other processes of ours.
    ByGateways,
}

/// Gives each request an id, or keeps the one a proxy gave, and logs how it went. Neither queries nor headers
/// are logged: they hold secrets.
pub async fn trace<F>(from: Sent, mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let mut traced = match from {
        Sent::ByClients => Span::of_client("HTTP"),
        Sent::ByGateways => Span::of_request("HTTP from a gateway", &Trace::of(request.headers())),
    };
    request.extensions_mut().insert(traced.trace());
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_plain(id)).cloned().unwrap_or_else(fresh);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    traced.say("http.request.method", method.to_string());
    traced.say("plenum.request_id", id.to_str().unwrap_or_default().to_owned());
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let began = clock::instant();
    let answering = async {
        let answer = answer(request).await;
        let took = clock::instant().duration_since(began);
        let (status, ms) = (answer.status().as_u16(), took.as_millis());
        times_of(status).record(took);
        traced.say("http.response.status_code", i64::from(status));
        if status >= 500 {
            traced.failed("server_error");
        }
        if path.starts_with("/api") {
            tracing::info!(%method, path, status, ms, "answered");
        } else {
            tracing::debug!(%method, path, status, ms, "answered");
        }
        answer
    };
    let mut answer = answering.instrument(span).await;
    answer.headers_mut().insert(REQUEST_ID, id);
    answer
}

/// The times of all answers of a status's class.
fn times_of(status: u16) -> &'static Histogram {
    static CLASSES: LazyLock<[Histogram; 6]> = LazyLock::new(|| {
        ["other", "1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| of_process::HTTP.times_of(class))
    });
    CLASSES.get(usize::from(status / 100)).unwrap_or(&CLASSES[0])
}

fn is_plain(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    let plain = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b));
    !bytes.is_empty() && bytes.len() <= LENGTH_MAX && plain
}

fn fresh() -> HeaderValue {
    let id = uuid::Uuid::new_v4().to_string();
    // A UUID's text is visible ASCII, so this can't fail.
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_id_is_kept_only_when_it_is_plain_and_short() {
        assert!(is_plain(&HeaderValue::from_static("9f-a_1.b")));
        for bad in ["", "a b", "a\u{9}b", "a\"b", &"x".repeat(LENGTH_MAX + 1)] {
            assert!(!is_plain(&HeaderValue::from_str(bad).unwrap()), "{bad:?}");
        }
    }
}
