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
pub struct Trust(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The gateway is in the same process, and nobody else can call.
    Within,
    /// One gateway is in the same process; those of other nodes call over the network, and show the secret.
    WithinAndApart { secret: Option<SecretString> },
    /// Requests come over the network, stamped in their headers.
    Apart {
        secret: Option<SecretString>,
        /// Whether a request without the gateway's stamp may say itself whose it is.
        unstamped: bool,
    },
}

impl Trust {
    /// A process of its own: who shows the secret is the gateway; on loopback without one, anyone is.
    #[must_use]
    pub const fn apart(secret: Option<SecretString>, loopback: bool) -> Self {
        let unstamped = loopback && secret.is_none();
        Self(Source::Apart { secret, unstamped })
    }

    /// The gateway is in the same process, and nobody else can call.
    #[must_use]
    pub const fn embedded() -> Self {
        Self(Source::Within)
    }

    /// A node among several, each with a gateway in its process.
    #[must_use]
    pub const fn of_several(secret: Option<SecretString>) -> Self {
        Self(Source::WithinAndApart { secret })
    }

    /// Who the gateway says calls, and what is wrong with whoever did not come through it.
    fn read(&self, request: &mut Request) -> Result<Stamp, ErrorCode> {
        let secret = match &self.0 {
            Source::Within => return Ok(request.extensions_mut().remove().unwrap_or(Stamp::Absent)),
            // What is beside a request was put there by this process.
            Source::WithinAndApart { secret } => match request.extensions_mut().remove() {
                Some(stamp) => return Ok(stamp),
                None => secret,
            },
            Source::Apart { secret, .. } => secret,
        };
        let (headers, stamp) = (request.headers(), caller::read(request.headers()));
        if secret.as_ref().is_none_or(|secret| shows(headers, secret)) {
            return Ok(stamp);
        }
        let stranger = stamp == Stamp::Absent && !headers.contains_key(SECRET);
        Err(if stranger { ErrorCode::NoSession } else { ErrorCode::BadSecret })
    }

    const fn takes_unstamped(&self) -> bool {
        matches!(self.0, Source::Apart { unstamped: true, .. })
    }
}

fn shows(headers: &HeaderMap, secret: &SecretString) -> bool {
    let shown = headers.get(SECRET).map_or(&[][..], |value| value.as_bytes());
    secret.expose_secret().as_bytes().ct_eq(shown).into()
}

/// Puts the caller into the request, or refuses. In front of every route but the open ones.
pub async fn check(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let trust = &state.0.trust;
    let stamp = trust.read(&mut request)?;
    let own = request.uri().path().starts_with(GATEWAYS_OWN);
    match stamp {
        Stamp::Caller(caller) => {
            request.extensions_mut().insert(caller);
        }
        Stamp::Nobody if own => {}
        Stamp::Malformed => return Err(ErrorCode::Forbidden.into()),
        Stamp::Absent if trust.takes_unstamped() && !own => request = unstamped(request).await?,
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
        request.extensions_mut().insert(Caller { user, session, name, expires_at: None, guest: None });
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
        let read = |secret: Option<&'static str>| {
            let mut request = Request::default();
            caller::stamp(request.headers_mut(), None);
            request
                .headers_mut()
                .extend(secret.map(|secret| (Some(SECRET), HeaderValue::from_static(secret))));
            trust.read(&mut request)
        };
        for secret in [None, Some(""), Some("hus"), Some("hush!"), Some("HUSH")] {
            assert_eq!(read(secret), Err(ErrorCode::BadSecret), "{secret:?}");
        }
        assert_eq!(read(Some("hush")), Ok(Stamp::Nobody));
    }

    #[test]
    fn within_one_process_headers_say_nothing() {
        let mut request = Request::default();
        caller::stamp(request.headers_mut(), None);
        assert_eq!(Trust::embedded().read(&mut request), Ok(Stamp::Absent));
        request.extensions_mut().insert(Stamp::Nobody);
        assert_eq!(Trust::embedded().read(&mut request), Ok(Stamp::Nobody));
        let stamped = |request: &mut Request| Trust::apart(None, true).read(request);
        request.extensions_mut().insert(Stamp::Malformed);
        assert_eq!(stamped(&mut request), Ok(Stamp::Nobody), "what comes over the network is in the headers");
    }

    #[test]
    fn of_several_nodes_the_own_gateway_is_believed_and_others_show_the_secret() {
        let trust = Trust::of_several(Some("hush".to_owned().into()));
        let mut request = Request::default();
        caller::stamp(request.headers_mut(), None);
        assert_eq!(trust.read(&mut request), Err(ErrorCode::BadSecret), "over the network");
        request.headers_mut().insert(SECRET, HeaderValue::from_static("hush"));
        assert_eq!(trust.read(&mut request), Ok(Stamp::Nobody));
        // What a client wrote into the headers of a request that came through the own gateway says nothing.
        request.extensions_mut().insert(Stamp::Malformed);
        assert_eq!(trust.read(&mut request), Ok(Stamp::Malformed));
        assert_eq!(trust.read(&mut Request::default()), Err(ErrorCode::NoSession));
    }

    #[test]
    fn only_a_process_of_its_own_on_loopback_without_a_secret_takes_unstamped_requests() {
        assert!(Trust::apart(None, true).takes_unstamped());
        assert!(!Trust::apart(None, false).takes_unstamped());
        assert!(!Trust::apart(Some("hush".to_owned().into()), true).takes_unstamped());
        assert!(!Trust::embedded().takes_unstamped());
        assert!(!Trust::of_several(None).takes_unstamped());
    }
}
