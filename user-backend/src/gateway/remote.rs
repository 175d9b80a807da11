//! A service in another process, over HTTP/1.1.

use std::{error::Error as _, sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, uri::PathAndQuery};
use http_body::Body as _;
use http_body_util::LengthLimitError;
use plenum_contract::{
    Caller, ErrorCode,
    caller::{self, SECRET},
    limits::BACKEND_CONNECT_TIMEOUT,
};
use plenum_service::Lifecycle;
use secrecy::{ExposeSecret, SecretString};

use super::{
    backend::{Came, Unanswered},
    hop, tunnel,
};

/// How long an idle connection is kept; less than the 30 s after which a backend closes it.
const IDLE: Duration = Duration::from_secs(15);
/// Idle connections kept.
const IDLE_MAX: usize = 256;

/// A service's address, and the connections to it.
#[derive(Clone)]
pub struct Remote {
    address: Arc<Uri>,
    secret: Option<SecretString>,
    http: reqwest::Client,
    life: Lifecycle,
}

impl Remote {
    /// The connections that all services share.
    pub fn client() -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(BACKEND_CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .tcp_nodelay(true)
            .build()
    }

    pub fn new(address: Uri, secret: Option<SecretString>, http: reqwest::Client, life: Lifecycle) -> Self {
        Self { address: Arc::new(address), secret, http, life }
    }

    pub async fn call(
        &self,
        caller: Option<Caller>,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Unanswered> {
        self.stamp(request.headers_mut(), caller.as_ref()).map_err(Unanswered::refused)?;
        let mut response = if hop::asks_for_websocket(request.headers()) {
            tunnel::open(&self.address, request, &self.life).await?
        } else {
            self.forward(request).await?
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            hop::strip(response.headers_mut());
        }
        caller::strip(response.headers_mut());
        Ok(response)
    }

    /// Says what only we may say, and nothing that a client said in our name.
    fn stamp(&self, headers: &mut HeaderMap, caller: Option<&Caller>) -> Result<(), ErrorCode> {
        caller::strip(headers);
        caller::stamp(headers, caller);
        if let Some(secret) = &self.secret {
            let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| ErrorCode::Internal)?;
            value.set_sensitive(true);
            headers.insert(SECRET, value);
        }
        Ok(())
    }

    async fn forward(&self, request: Request<Body>) -> Result<Response<Body>, Unanswered> {
        let (parts, body) = request.into_parts();
        let target = self.target(parts.uri.path_and_query()).map_err(Unanswered::refused)?;
        let mut outgoing = self.http.request(parts.method, target).headers(parts.headers);
        if body.size_hint().exact() != Some(0) {
            outgoing = outgoing.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        let answered = outgoing.send().await.map_err(|error| told(&error.without_url()))?;
        Ok(Response::from(answered).map(Body::new))
    }

    /// The same path and query at the service's address, to the letter.
    fn target(&self, path: Option<&PathAndQuery>) -> Result<reqwest::Url, ErrorCode> {
        let path = path.map_or("/", PathAndQuery::as_str);
        let target = format!("{}{path}", self.address.to_string().trim_end_matches('/'));
        let url: reqwest::Url = target.parse().map_err(|_| ErrorCode::InvalidPath)?;
        // The URL's own rules must not have led elsewhere.
        let same = path.split('?').next() == Some(url.path());
        if same { Ok(url) } else { Err(ErrorCode::InvalidPath) }
    }
}

/// What an error means, to the client and to whoever might try another service.
fn told(error: &reqwest::Error) -> Unanswered {
    let mut causes = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<LengthLimitError>() {
            return Unanswered::refused(ErrorCode::BodyTooLarge);
        }
        causes = format!("{causes}: {inner}");
        cause = inner.source();
    }
    let late = error.status() == Some(StatusCode::REQUEST_TIMEOUT) || error.is_timeout();
    if late && !error.is_connect() {
        return Unanswered { code: ErrorCode::BackendTimeout, came: Came::Somewhere, cause: causes };
    }
    Unanswered::away(if error.is_connect() { Came::ToNobody } else { Came::Somewhere }, causes)
}
