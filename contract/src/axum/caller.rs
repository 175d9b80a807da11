//! The caller, for handlers behind a check that has put it into the request's extensions.

use ::axum::extract::FromRequestParts;
use ::http::request::Parts;

use super::Failure;
use crate::{Caller, ErrorCode};

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    /// Refuses with `no_session` whatever no check has named.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ErrorCode::NoSession.into())
    }
}
