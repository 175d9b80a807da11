//! Where another process is.

use http::Uri;

/// An address of the form `http://host[:port]` and nothing else.
#[must_use]
pub fn bare_http(text: &str) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let host = uri.authority().is_some_and(|a| !a.host().is_empty() && !a.as_str().contains('@'));
    (uri.scheme_str() == Some("http") && host && uri.path() == "/" && uri.query().is_none()).then_some(uri)
}
