//! Who sends a request.

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use plenum_contract::{Caller, ErrorCode};
use plenum_service::clock;

use super::{cookies, error::Failure};
use crate::{AppState, error::Error, tokens::Token};

/// The caller of a handler that needs a session: refused with `no_session`, `invalid_session` or, when that
/// can't be known now, `store_unavailable`.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub caller: Caller,
    /// What they showed.
    pub token: Token,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        Ok(check(state, &parts.headers).await?)
    }
}

/// Who sends a request with these headers, for those who pass it on: `NoSession`, `InvalidSession` or
/// `StoreUnavailable` when it is nobody, or can't be known now.
pub async fn identify(state: &AppState, headers: &HeaderMap) -> Result<Caller, ErrorCode> {
    match check(state, headers).await {
        Ok(signed_in) => Ok(signed_in.caller),
        Err(error) => Err(Failure::from(error).logged()),
    }
}

/// Whether these headers show a session that was ended on this node not long ago.
#[must_use]
pub fn has_ended(state: &AppState, headers: &HeaderMap) -> bool {
    let token = cookies::token(headers).and_then(|text| Token::parse(&text));
    token.is_some_and(|token| state.sessions().has_ended(&token))
}

async fn check(state: &AppState, headers: &HeaderMap) -> Result<SignedIn, Error> {
    let text = cookies::token(headers).ok_or(Error::NoSession)?;
    let token = Token::parse(&text).ok_or(Error::InvalidSession)?;
    let caller = state.sessions().authenticate(&token, clock::now()).await?;
    Ok(SignedIn { caller, token })
}
