//! Headers that tell a browser what not to do.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue, header};

/// The headers that every answer has unless it brings its own.
#[derive(Debug, Clone)]
pub struct SecurityHeaders(Arc<[(HeaderName, HeaderValue)]>);

impl SecurityHeaders {
    /// Those of this server: `policy` is the Content-Security-Policy of its pages.
    #[must_use]
    pub fn new(policy: HeaderValue, production: bool) -> Self {
        let fixed = HeaderValue::from_static;
        let mut headers = vec![
            (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (header::X_FRAME_OPTIONS, fixed("DENY")),
            (header::REFERRER_POLICY, fixed("strict-origin-when-cross-origin")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
        ];
        if production {
            headers.push((header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000; includeSubDomains")));
        }
        Self(headers.into())
    }

    /// Adds the headers to an answer, keeps `/api` out of caches, and names no framework.
    pub async fn harden<F>(&self, request: Request, answer: impl FnOnce(Request) -> F) -> Response
    where
        F: Future<Output = Response>,
    {
        let private = request.uri().path().starts_with("/api");
        let mut response = answer(request).await;
        let answer = response.headers_mut();
        for (name, value) in self.0.iter() {
            answer.entry(name).or_insert_with(|| value.clone());
        }
        if private {
            answer.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        answer.remove(header::SERVER);
        answer.remove("x-powered-by");
        response
    }
}
