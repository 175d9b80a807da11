//! Asking servers of others over HTTP: bounded in time and size, and never led elsewhere.

mod kept;

use std::{error::Error as _, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use oauth2::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;

pub use kept::Kept;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may take, all of it.
const TOTAL: Duration = Duration::from_secs(8);
/// Bytes of an answer.
const ANSWER_MAX: usize = 256 * 1024;
/// Idle connections to one server.
const IDLE_MAX: usize = 4;

/// Another server did not answer in time, or not as it should; the text is for the log, and holds nothing secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Away(pub String);

/// Asks other servers. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Outside(reqwest::Client);

impl Outside {
    /// A client with no connections yet.
    pub fn new() -> Result<Self, Away> {
        let client = reqwest::Client::builder()
            .user_agent("plenum")
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .pool_max_idle_per_host(IDLE_MAX)
            .referer(false)
            .http1_only()
            .build();
        client.map(Self).map_err(|error| Away(format!("no client for other servers: {error}")))
    }

    /// A request as it stands, and its answer, whatever its status.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Away> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        let asked = self.0.request(parts.method, &address).headers(parts.headers).body(body);
        let mut answer = asked.send().await.map_err(|error| away(&address, &error))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| away(&address, &error))? {
            if bytes.len() + chunk.len() > ANSWER_MAX {
                return Err(Away(format!("{} answered more than {ANSWER_MAX} bytes", bare(&address))));
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(bytes);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }

    /// What an address gives, as JSON, to who shows this bearer token if there is one.
    pub async fn get<T: DeserializeOwned>(&self, address: &str, bearer: Option<&str>) -> Result<T, Away> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(bearer) = bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {bearer}"))
                .map_err(|_| Away(format!("the token for {} can't be sent", bare(address))))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = address.parse().map_err(|_| Away(format!("{} is no address", bare(address))))?;
        *request.headers_mut() = headers;
        let response = self.send(request).await?;
        if response.status() != StatusCode::OK {
            return Err(Away(format!("{} answered {}", bare(address), response.status())));
        }
        serde_json::from_slice(response.body()).map_err(|error| {
            Away(format!("{} answered what can't be read: {:?}", bare(address), error.classify()))
        })
    }
}

/// An address without its query, which may hold what is secret.
fn bare(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn away(address: &str, error: &reqwest::Error) -> Away {
    let what = if error.is_timeout() { "no answer in time" } else { "no answer" };
    // The innermost cause: what is around it repeats the address.
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    Away(format!("{what} from {}{cause}", bare(address)))
}
