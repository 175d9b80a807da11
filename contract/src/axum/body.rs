//! What a body on `/api` may be.

use std::time::Duration;

use ::axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use ::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;

use super::failure::Failure;
use crate::{ErrorCode, limits};

/// The fields of a JSON object as it came. Those nobody asks for are ignored.
pub type Input = serde_json::Map<String, Value>;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(15);

/// A JSON object; an empty body is an empty one.
#[derive(Debug, Clone)]
pub struct JsonObject(pub Input);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        check(request.headers())?;
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.is_empty() {
            return Ok(Self(Input::new()));
        }
        if !is_json(&parts.headers) {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err(ErrorCode::InvalidJson.into()),
        }
    }
}

async fn read(body: Body) -> Result<bytes::Bytes, Failure> {
    let reading = Limited::new(body, limits::JSON_BODY_MAX).collect();
    match tokio::time::timeout(ARRIVAL, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorCode::BodyTooLarge.into()),
        // It broke off, or never came: either way there is no whole JSON.
        Ok(Err(_)) | Err(_) => Err(ErrorCode::InvalidJson.into()),
    }
}

/// Refuses a body that its head shows to be too large or of another type, without reading it. For every
/// request on `/api`, whoever answers it.
pub fn guard(request: &Request) -> Result<(), Failure> {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") { check(request.headers()) } else { Ok(()) }
}

fn check(headers: &HeaderMap) -> Result<(), Failure> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits::JSON_BODY_MAX as u64) {
        return Err(ErrorCode::BodyTooLarge.into());
    }
    let some = length.map_or_else(|| headers.contains_key(header::TRANSFER_ENCODING), |length| length > 0);
    if some && !is_json(headers) {
        return Err(ErrorCode::UnsupportedMediaType.into());
    }
    Ok(())
}

/// Whether a body is said to be JSON, once and clearly. One without a type is not: a web page elsewhere may
/// send that without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
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
            check(&headers.collect()).err().map(|failure| failure.code())
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
