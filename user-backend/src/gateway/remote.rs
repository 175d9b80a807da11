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

use super::{hop, tunnel};

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
    pub fn new(address: Uri, secret: Option<SecretString>, life: Lifecycle) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(BACKEND_CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .tcp_nodelay(true)
            .build()?;
        Ok(Self { address: Arc::new(address), secret, http, life })
    }

    pub async fn call(
        &self,
        caller: Option<Caller>,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, ErrorCode> {
        self.stamp(request.headers_mut(), caller.as_ref())?;
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

    async fn forward(&self, request: Request<Body>) -> Result<Response<Body>, ErrorCode> {
        let (parts, body) = request.into_parts();
        let target = self.target(parts.uri.path_and_query())?;
        let mut outgoing = self.http.request(parts.method, target).headers(parts.headers);
        if body.size_hint().exact() != Some(0) {
            outgoing = outgoing.body(reqwest::Body::wrap_stream(body.into_data_stream()));
        }
        let answered = outgoing.send().await.map_err(|error| self.told(&error))?;
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

    fn told(&self, error: &reqwest::Error) -> ErrorCode {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if inner.is::<LengthLimitError>() {
                return ErrorCode::BodyTooLarge;
            }
            cause = inner.source();
        }
        if error.status() == Some(StatusCode::REQUEST_TIMEOUT) || (error.is_timeout() && !error.is_connect())
        {
            return ErrorCode::BackendTimeout;
        }
        tracing::warn!(backend = %self.address, error = %error.to_string(), cause = ?error.source(), "a backend can't be reached; is it running, and is CHAT_BACKEND_URL right?");
        ErrorCode::BackendUnavailable
    }
}
