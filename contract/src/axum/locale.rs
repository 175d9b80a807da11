//! The language of a caller.

use std::convert::Infallible;

use ::axum::extract::FromRequestParts;
use ::http::{HeaderMap, header, request::Parts};

use crate::Locale;

/// The language that these headers ask for.
#[must_use]
pub fn asked(headers: &HeaderMap, default: Locale) -> Locale {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Locale::negotiate(header, default)
}

impl<S: Send + Sync> FromRequestParts<S> for Locale {
    type Rejection = Infallible;

    /// What [`super::failure::speak`] found.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}
