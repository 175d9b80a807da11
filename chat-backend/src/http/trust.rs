//! Whom the chat backend believes: the gateway, and, on loopback without a secret, callers older than it.

use axum::{
    body::Body,
    extract::{FromRequest as _, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};
use plenum_contract::{
    Caller, ErrorCode, SessionId, UserId,
    axum::{Failure, JsonObject},
    caller::{self, SECRET, Stamp},
};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::ApiState;

/// The session of callers that predate the gateway's header. No session is called so, so none can end it.
const NO_SESSION: &str = "none";
/// Where the user stands in the path.
const USER_IN_PATH: [&str; 2] = ["/api/meetings/user/{id}", "/api/meetings/today/{id}"];
/// What the gateway itself asks, in nobody's name.
const GATEWAYS_OWN: &str = "/internal/";

/// Whom to believe.
#[derive(Debug, Clone)]
pub struct Trust {
    secret: Option<SecretString>,
    /// Whether a request without the gateway's stamp may say itself whose it is.
    unstamped: bool,
}

impl Trust {
    /// A process of its own: who shows the secret is the gateway; on loopback without one, anyone is.
    #[must_use]
    pub const fn apart(secret: Option<SecretString>, loopback: bool) -> Self {
        let unstamped = loopback && secret.is_none();
        Self { secret, unstamped }
    }

    /// The gateway is in the same process, and nobody else can call.
    #[must_use]
    pub const fn embedded() -> Self {
        Self { secret: None, unstamped: false }
    }

    /// Whether the secret is shown, where there is one.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(secret) = &self.secret else { return true };
        let shown = headers.get(SECRET).map_or(&[][..], |value| value.as_bytes());
        secret.expose_secret().as_bytes().ct_eq(shown).into()
    }
}

/// Puts the caller into the request, or refuses. In front of every route but the open ones.
pub async fn check(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let trust = &state.0.trust;
    let stamp = caller::read(request.headers());
    if !trust.is_shown(request.headers()) {
        let stranger = stamp == Stamp::Absent && !request.headers().contains_key(SECRET);
        return Err(if stranger { ErrorCode::NoSession } else { ErrorCode::BadSecret }.into());
    }
    let own = request.uri().path().starts_with(GATEWAYS_OWN);
    match stamp {
        Stamp::Caller(caller) => {
            request.extensions_mut().insert(caller);
        }
        Stamp::Nobody if own => {}
        Stamp::Malformed => return Err(ErrorCode::Forbidden.into()),
        Stamp::Absent if trust.unstamped && !own => request = unstamped(request).await?,
        Stamp::Nobody | Stamp::Absent => return Err(ErrorCode::NoSession.into()),
    }
    Ok(next.run(request).await)
}

/// Takes the user from where callers put it before there was a header. Some routes answer anyone.
async fn unstamped(request: Request) -> Result<Request, Failure> {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    if USER_IN_PATH.contains(&route.as_str()) {
        let id = request.uri().path().rsplit('/').next().unwrap_or_default();
        let user = UserId::parse(id).map_err(|_| ErrorCode::NoSession)?;
        return Ok(in_the_name_of(request, user));
    }
    let chat_or_call = route.starts_with("/api/chat/") || route.starts_with("/api/call/");
    if request.method() == Method::GET && (chat_or_call || route == "/api/meetings/{id}") {
        return Ok(request);
    }
    if !route.starts_with("/api/") {
        return Err(ErrorCode::NoSession.into());
    }
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let JsonObject(object) = JsonObject::from_request(whole, &()).await?;
    let user = object.get("userId").and_then(|id| id.as_str()).and_then(|id| UserId::parse(id).ok());
    let user = user.ok_or(ErrorCode::NoSession)?;
    let bytes = serde_json::to_vec(&object).map_err(|error| Failure::because(ErrorCode::Internal, error))?;
    Ok(in_the_name_of(Request::from_parts(parts, Body::from(bytes)), user))
}

fn in_the_name_of(mut request: Request, user: UserId) -> Request {
    if let Ok(session) = SessionId::parse(NO_SESSION) {
        let name = user.to_string();
        request.extensions_mut().insert(Caller { user, session, name, expires_at: None });
    }
    request
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn with_a_secret_nothing_is_believed_without_it() {
        let trust = Trust::apart(Some("hush".to_owned().into()), true);
        let shown = |secret: Option<&'static str>| {
            trust.is_shown(
                &secret.map(|secret| (SECRET, HeaderValue::from_static(secret))).into_iter().collect(),
            )
        };
        for secret in [None, Some(""), Some("hus"), Some("hush!"), Some("HUSH")] {
            assert!(!shown(secret), "{secret:?}");
        }
        assert!(shown(Some("hush")));
    }

    #[test]
    fn only_a_process_of_its_own_on_loopback_without_a_secret_takes_unstamped_requests() {
        assert!(Trust::apart(None, true).unstamped);
        assert!(!Trust::apart(None, false).unstamped);
        assert!(!Trust::apart(Some("hush".to_owned().into()), true).unstamped);
        assert!(!Trust::embedded().unstamped);
    }
}
