//! What a body on `/api` may be.

use std::time::Duration;

use ::axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use ::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;

use super::failure::Failure;
use crate::{ErrorCode, error::Problem, limits};

/// The fields of a JSON object as it came. Those nobody asks for are ignored.
pub type Input = serde_json::Map<String, Value>;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(15);

/// What is read of a body that was refused by its head, and for how long.
const LET_GO: usize = 1024 * 1024;
const LET_GO_IN: Duration = Duration::from_secs(2);

/// Takes what still comes of a request that is refused, within bounds: a proxy that is sending it would take the end of the
/// connection for a broken server, and never read the refusal.
pub async fn let_go(request: Request) {
    // Who waits to be told to go on has sent nothing yet.
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    let mut body = request.into_body();
    let reading = async {
        let mut left = LET_GO;
        while let Some(Ok(frame)) = body.frame().await {
            match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    tokio::time::timeout(LET_GO_IN, reading).await.ok();
}

/// What a route takes for a body.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// Bytes, at most.
    pub most: usize,
    /// Whether it may be of this type, which is in lower case and without parameters.
    pub is_type: fn(&str) -> bool,
    /// The text of the refusal of another type.
    pub otherwise: &'static str,
    /// How long it may take to arrive.
    pub arrival: Duration,
    /// What one is that broke off, or never came.
    pub broken: ErrorCode,
}

impl Takes {
    /// What a route takes that says nothing else.
    pub const JSON: Self = Self {
        most: limits::JSON_BODY_MAX,
        is_type: is_json,
        otherwise: ErrorCode::UnsupportedMediaType.as_str(),
        arrival: ARRIVAL,
        broken: ErrorCode::InvalidJson,
    };

    /// Refuses a body that its head shows to be too large or of another type, without reading it.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > self.most as u64) {
            return Err(ErrorCode::BodyTooLarge.into());
        }
        let some =
            length.map_or_else(|| headers.contains_key(header::TRANSFER_ENCODING), |length| length > 0);
        if some && !self.takes(headers) { Err(self.other_type()) } else { Ok(()) }
    }

    /// The failure of a body of another type.
    #[must_use]
    pub fn other_type(&self) -> Failure {
        Problem::said(ErrorCode::UnsupportedMediaType, self.otherwise).into()
    }

    /// Reads it to its end.
    pub async fn read(&self, body: Body) -> Result<Bytes, Failure> {
        let reading = Limited::new(body, self.most).collect();
        match tokio::time::timeout(self.arrival, reading).await {
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorCode::BodyTooLarge.into()),
            Ok(Err(_)) | Err(_) => Err(self.broken.into()),
        }
    }

    fn takes(&self, headers: &HeaderMap) -> bool {
        media_type(headers).is_some_and(|media_type| (self.is_type)(&media_type))
    }
}

/// A JSON object; an empty body is an empty one.
#[derive(Debug, Clone)]
pub struct JsonObject(pub Input);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        Takes::JSON.check(request.headers())?;
        let (parts, body) = request.into_parts();
        let bytes = Takes::JSON.read(body).await?;
        if bytes.is_empty() {
            return Ok(Self(Input::new()));
        }
        if !Takes::JSON.takes(&parts.headers) {
            return Err(Takes::JSON.other_type());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err(ErrorCode::InvalidJson.into()),
        }
    }
}

/// Refuses a body that its head shows to be too large or of another type than the route `takes`, without reading it. For
/// every request on `/api`, whoever answers it.
pub fn guard(request: &Request, takes: &Takes) -> Result<(), Failure> {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") { takes.check(request.headers()) } else { Ok(()) }
}

/// The type that a body is said to be of, once and clearly: in lower case, without parameters. One without a type is of none
/// that a route takes: a web page elsewhere may send that without asking first.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    Some(value.to_str().ok()?.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, body: impl Into<Body>) -> Result<Input, ErrorCode> {
        let mut request = Request::post("/api/auth/login");
        if !content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let request = request.body(body.into()).unwrap();
        JsonObject::from_request(request, &()).await.map(|object| object.0).map_err(|failure| failure.code())
    }

    #[tokio::test]
    async fn an_object_is_read_and_nothing_is_an_empty_one() {
        assert_eq!(read("application/json; charset=utf-8", r#"{"a":1}"#).await.unwrap().len(), 1);
        assert_eq!(read("application/vnd.api+json", "{}").await.unwrap().len(), 0);
        for content_type in ["", "application/json", "text/plain"] {
            assert_eq!(read(content_type, "").await.unwrap().len(), 0, "{content_type}");
        }
    }

    #[tokio::test]
    async fn what_is_no_object_is_invalid() {
        for body in ["[]", "1", "null", "\"{}\"", "{", "{}{}", "{\"a\":NaN}", "\u{feff}{}"] {
            assert_eq!(read("application/json", body).await, Err(ErrorCode::InvalidJson), "{body}");
        }
        let deep = "[".repeat(limits::JSON_BODY_MAX);
        assert_eq!(read("application/json", deep).await, Err(ErrorCode::InvalidJson));
    }

    #[tokio::test]
    async fn another_type_is_refused() {
        for content_type in
            ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json"]
        {
            let refused = read(content_type, "{}").await;
            assert_eq!(refused, Err(ErrorCode::UnsupportedMediaType), "{content_type}");
        }
    }

    #[tokio::test]
    async fn a_body_ends_at_its_bound_whether_or_not_it_says_its_length() {
        let object = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
        assert!(read("application/json", object(limits::JSON_BODY_MAX)).await.is_ok());
        assert_eq!(
            read("application/json", object(limits::JSON_BODY_MAX + 1)).await,
            Err(ErrorCode::BodyTooLarge)
        );
    }

    #[test]
    fn the_head_alone_tells_what_is_refused() {
        let refused = |headers: &[(header::HeaderName, &'static str)]| {
            let headers =
                headers.iter().map(|(name, value)| (name.clone(), ::http::HeaderValue::from_static(value)));
            Takes::JSON.check(&headers.collect()).err().map(|failure| failure.code())
        };
        let json = (header::CONTENT_TYPE, "application/json");
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(std::slice::from_ref(&json)), None);
        assert_eq!(refused(&[(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_LENGTH, "0")]), None);
        assert_eq!(refused(&[json.clone(), (header::CONTENT_LENGTH, "100000")]), None);
        assert_eq!(refused(&[json, (header::CONTENT_LENGTH, "100001")]), Some(ErrorCode::BodyTooLarge));
        let chunked = (header::TRANSFER_ENCODING, "chunked");
        assert_eq!(refused(&[chunked]), Some(ErrorCode::UnsupportedMediaType));
    }
}
