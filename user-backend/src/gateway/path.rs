//! Paths that could mean something else to a backend than to the gateway.

use std::borrow::Cow;

use axum::extract::Request;
use percent_encoding::{percent_decode, percent_decode_str};
use plenum_contract::{ErrorCode, limits::URI_MAX};

use crate::http::error::Failure;

/// Refuses paths that a further decoding or normalizing could lead elsewhere, and URLs that are too long.
pub fn refuse_escapes(request: &Request) -> Result<(), Failure> {
    let uri = request.uri();
    let length = uri.path().len() + uri.query().map_or(0, str::len);
    if length > URI_MAX {
        return Err(ErrorCode::UriTooLong.into());
    }
    if percent_decode_str(uri.path()).decode_utf8().is_err() {
        return Err(ErrorCode::NotFound.into()); // no id and no route is anything but UTF-8
    }
    if is_ambiguous(uri.path()) {
        return Err(ErrorCode::InvalidPath.into());
    }
    Ok(())
}

/// Whether a path has empty, dot or dot-dot segments, encoded separators, backslashes or control bytes, at any
/// depth of encoding.
fn is_ambiguous(path: &str) -> bool {
    let mut decoded = Cow::Borrowed(path.as_bytes());
    for _ in 0..3 {
        let unsafe_byte = decoded.iter().any(|b| *b == b'\\' || b.is_ascii_control());
        if !decoded.starts_with(b"/") || unsafe_byte || has_odd_segment(&decoded) {
            return true;
        }
        let Cow::Owned(next) = Cow::from(percent_decode(&decoded)) else {
            return false; // nothing is encoded
        };
        let segments = |bytes: &[u8]| bytes.split(|b| *b == b'/').count();
        if segments(&next) != segments(&decoded) {
            return true;
        }
        decoded = next.into();
    }
    true
}

fn has_odd_segment(path: &[u8]) -> bool {
    let mut segments = path.split(|b| *b == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        // Some servers cut a path parameter (`;x`) off before they look at dots.
        let name = segment.split(|b| *b == b';').next().unwrap_or(segment);
        if (segment.is_empty() && !last) || name == b"." || name == b".." {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_pass() {
        for path in
            ["/", "/api/meetings", "/api/meetings/", "/socket.io/", "/api/users/a%20b", "/a/..b", "/a/%C3%A9"]
        {
            assert!(!is_ambiguous(path), "{path}");
        }
    }

    #[test]
    fn paths_that_could_lead_elsewhere_are_refused() {
        for path in [
            "/api/meetings/../auth/login",
            "/api/meetings/..",
            "/api/meetings/.",
            "/api/meetings/./x",
            "/api/meetings/%2e%2e/internal",
            "/api/meetings/%2E%2e/internal",
            "/api/meetings/.%2e/internal",
            "/api/meetings/%252e%252e/internal",
            "/api/meetings/..%2finternal",
            "/api/meetings/x%2Finternal",
            "/api/meetings/x%252Finternal",
            "/api/meetings/..;/internal",
            "/api/meetings/..%5cinternal",
            "/api/meetings\\..\\internal",
            "//internal",
            "/api//meetings",
            "/api/meetings/%00",
            "internal",
            "",
        ] {
            assert!(is_ambiguous(path), "{path}");
        }
    }
}
