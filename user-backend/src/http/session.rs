//! Who sends a request.

use axum::extract::FromRequestParts;
use headers::{Authorization, HeaderMapExt as _, authorization::Bearer};
use http::{HeaderMap, Method, header, request::Parts};
use plenum_contract::{Caller, ErrorCode, UserId, axum::locale};
use plenum_service::clock;

use super::{auth::device, client::Client, cookies, error::Failure};
use crate::{
    AppState,
    error::Error,
    personal_tokens, scopes,
    sessions::{Identified, Kind},
    tokens::Token,
};

/// A signed token (JWT) has two dots; no token of ours has any.
const SIGNED_DOTS: usize = 2;

/// The caller of a handler that needs a session: refused with `no_session`, `invalid_session`, `invalid_bearer` or, when
/// that can't be known now, `store_unavailable`.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub caller: Caller,
    /// What they showed.
    pub token: Token,
    /// What that is.
    pub kind: Kind,
}

/// The caller of a handler that is for a browser's session alone: an app's or a script's token is refused.
#[derive(Debug, Clone)]
pub struct InBrowser {
    /// Who it is.
    pub caller: Caller,
    /// The token in their cookie.
    pub token: Token,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let client = Client::of(&parts.extensions);
        Ok(check(state, client, &parts.method, parts.uri.path(), &parts.headers).await?)
    }
}

impl FromRequestParts<AppState> for InBrowser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let SignedIn { caller, token, kind } = SignedIn::from_request_parts(parts, state).await?;
        if kind != Kind::Cookie {
            return Err(ErrorCode::InsufficientScope.into());
        }
        Ok(Self { caller, token })
    }
}

/// Who sends this request, for those who pass it on: `NoSession`, `InvalidSession`, `StoreUnavailable` and the like when it
/// is nobody, or can't be known now.
pub async fn identify(
    state: &AppState,
    client: Client,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Caller, Failure> {
    Ok(check(state, client, method, path, headers).await?.caller)
}

/// Whether these headers show a session that was ended on this node not long ago.
pub async fn has_ended(state: &AppState, headers: &HeaderMap) -> bool {
    match shown(headers) {
        Ok((kind, token)) => state.sessions().has_ended(kind, &token).await,
        Err(_) => false,
    }
}

/// Who sends this request, which is counted: by its session, or by its address when it has none.
pub(super) async fn check(
    state: &AppState,
    client: Client,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<SignedIn, Error> {
    let counts = path.starts_with("/api");
    let (identified, token, kind) = match find(state, headers).await {
        Ok(found) => found,
        Err(Error::Store(away)) => return Err(away.into()),
        Err(nobody) => {
            if counts {
                state.limits().stranger(client.address)?;
            }
            return Err(nobody);
        }
    };
    let Identified { caller, scopes, must_set_up } = identified;
    if counts {
        state.limits().session(&caller.session)?;
    }
    if let Some(scopes) = scopes
        && !scopes::needed(method, path).is_some_and(|scope| scopes.has(scope))
    {
        return Err(Error::InsufficientScope);
    }
    if caller.guest.is_some() && !is_for_guests(method, path) {
        return Err(Error::Refused(ErrorCode::Forbidden));
    }
    if must_set_up && !is_for_setting_up(method, path) {
        return Err(Error::Refused(ErrorCode::SecondFactorSetupRequired));
    }
    Ok(SignedIn { caller, token, kind })
}

/// Who sends this request, where one may do so signed in or not; none when they show nothing that counts now.
pub(super) async fn user(state: &AppState, headers: &HeaderMap) -> Result<Option<UserId>, Error> {
    match find(state, headers).await {
        Ok((identified, ..)) => Ok(Some(identified.caller.user)),
        Err(Error::Store(away)) => Err(away.into()),
        Err(_) => Ok(None),
    }
}

/// The guest who sends this request; none when it is nobody. Who has an account needs no guest's session beside it.
pub(super) async fn guest(state: &AppState, headers: &HeaderMap) -> Result<Option<Caller>, Error> {
    match find(state, headers).await {
        Ok((identified, ..)) if identified.caller.guest.is_some() => Ok(Some(identified.caller)),
        Ok(_) => Err(Error::Refused(ErrorCode::AlreadySignedIn)),
        Err(Error::NoSession | Error::InvalidSession | Error::InvalidBearer) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn find(state: &AppState, headers: &HeaderMap) -> Result<(Identified, Token, Kind), Error> {
    let (kind, token) = shown(headers)?;
    let invalid = |error| if matches!(error, Error::InvalidSession) { invalid(kind) } else { error };
    let identified = match kind {
        Kind::Trusted => trusted(state, &token, headers).await,
        Kind::Cookie | Kind::Access | Kind::Personal => {
            state.sessions().identify(kind, &token, clock::now()).await
        }
    };
    Ok((identified.map_err(invalid)?, token, kind))
}

/// Who a trusted issuer says it is. Its token is read each time, so that it is worth nothing once its key is not; its session
/// begins with the first request.
async fn trusted(state: &AppState, token: &Token, headers: &HeaderMap) -> Result<Identified, Error> {
    let (text, now) = (bearer(headers).ok_or(Error::InvalidSession)?, clock::now());
    let word = state.trusted().read(&text, now).await?;
    match state.sessions().identify(Kind::Trusted, token, now).await {
        Err(Error::InvalidSession) => {}
        known => return known,
    }
    let locale = locale::asked(headers, state.config().locale);
    // Large and rare: in a box, so that no other request carries it.
    Box::pin(state.trusted().begin(&word, token, device(headers), locale, now)).await?;
    // Requests with the same token share a look, and the one under way may have begun before the session did; the next has not.
    match state.sessions().identify(Kind::Trusted, token, now).await {
        Err(Error::InvalidSession) => state.sessions().identify(Kind::Trusted, token, now).await,
        known => known,
    }
}

/// What a guest may ask here; of what is passed on, the service allows less. Everything else is for who has an account.
fn is_for_guests(method: &Method, path: &str) -> bool {
    let own = matches!(*method, Method::GET | Method::HEAD) && path == "/api/me";
    let passed =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    own || matches!(path, "/api/auth/logout" | "/socket.io/")
        || ["/api/meetings", "/api/call"].into_iter().any(passed)
}

/// What who has to set up a second factor may ask meanwhile.
fn is_for_setting_up(method: &Method, path: &str) -> bool {
    let own = *method == Method::GET && matches!(path, "/api/me" | "/api/users/profile");
    own || path == "/api/auth/logout" || path.starts_with("/api/auth/second-factor")
}

const fn invalid(kind: Kind) -> Error {
    match kind {
        Kind::Cookie => Error::InvalidSession,
        Kind::Access | Kind::Personal | Kind::Trusted => Error::InvalidBearer,
    }
}

/// The one credential of a request: a session's token comes from the cookie only, any other from `Authorization` only.
fn shown(headers: &HeaderMap) -> Result<(Kind, Token), Error> {
    match (cookies::token(headers), headers.contains_key(header::AUTHORIZATION)) {
        (Some(_), true) if bearer(headers).is_some() => Err(Error::TwoCredentials),
        (Some(text), _) => Ok((Kind::Cookie, Token::parse(&text).ok_or(Error::InvalidSession)?)),
        // Another scheme is a proxy's, perhaps, and none of ours.
        (None, true) => {
            let text = bearer(headers).ok_or(Error::NoSession)?;
            if text.bytes().filter(|b| *b == b'.').count() == SIGNED_DOTS {
                // Without its signature, of which there may be several for one text: who has ended it means all of them.
                let signed = text.rsplit_once('.').map_or(text.as_str(), |(signed, _)| signed);
                return Ok((Kind::Trusted, Token::standing_for(signed)));
            }
            let (kind, token) = match text.strip_prefix(personal_tokens::PREFIX) {
                Some(token) => (Kind::Personal, token),
                None => (Kind::Access, text.as_str()),
            };
            Ok((kind, Token::parse(token).ok_or(Error::InvalidBearer)?))
        }
        (None, false) => Err(Error::NoSession),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let found = headers.typed_get::<Authorization<Bearer>>()?;
    Some(found.token().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_reach_their_meeting_and_nothing_of_accounts() {
        for (method, path) in [
            (Method::GET, "/api/me"),
            (Method::POST, "/api/auth/logout"),
            (Method::GET, "/socket.io/"),
            (Method::POST, "/api/meetings/one/join"),
            (Method::GET, "/api/call/ice-servers"),
        ] {
            assert!(is_for_guests(&method, path), "{method} {path}");
        }
        for (method, path) in [
            (Method::PUT, "/api/me"),
            (Method::GET, "/api/users/profile"),
            (Method::GET, "/api/users/search"),
            (Method::GET, "/api/auth/sessions"),
            (Method::POST, "/api/auth/personal-tokens"),
            (Method::GET, "/api/chat/stats"),
            (Method::GET, "/api/meetingsx"),
            (Method::GET, "/api/anything-new"),
        ] {
            assert!(!is_for_guests(&method, path), "{method} {path}");
        }
    }
}
