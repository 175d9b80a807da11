//! The web client: its pages and files, as they were built in `web/app/dist`. A release build holds them; a debug build reads
//! the folder. Either does without them.

use std::borrow::Cow;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// The files, as they were built.
#[derive(Debug, RustEmbed)]
#[folder = "../web/app/dist"]
#[allow_missing = true]
pub struct Built;

const PAGE: &str = "index.html";
/// Below it names hold hashes of what the files hold.
const HASHED: &str = "assets/";
/// A year: the longest that caches know.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
/// What the build compresses to, the best first, and how the names of these files end.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The first segments of the client's pages, as `web/app/src/Pages.tsx` has them.
const PAGES: [&str; 10] = [
    "admin",
    "forgot-password",
    "login",
    "m",
    "meetings",
    "profile",
    "reset-password",
    "security",
    "signup",
    "verify",
];

/// Its own files and server, and nothing of anybody else's: pictures of people may be where a provider keeps them. `blob:` is
/// what it makes itself, as a picture that is being chosen.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob: https:; \
     media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(self), microphone=(self), display-capture=(self)");

/// Whether a path is one of the client's pages.
pub(super) fn is_page(path: &str) -> bool {
    PAGES.contains(&path.trim_start_matches('/').split('/').next().unwrap_or_default())
}

/// The client's page: each of its addresses has the same. None when it was not built.
pub(super) fn page<Files: RustEmbed>(status: StatusCode, asked: &HeaderMap) -> Option<Response> {
    let mut page = found::<Files>(PAGE, asked)?.answer(status, asked, ASK_FIRST);
    page.headers_mut().append(header::VARY, HeaderValue::from_name(header::ACCEPT));
    page.headers_mut().insert(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    Some(page)
}

/// A file of the client that is no page.
pub(super) fn file<Files: RustEmbed>(path: &str, asked: &HeaderMap) -> Option<Response> {
    let name = path.strip_prefix('/').filter(|name| *name != PAGE)?;
    if CODINGS.iter().any(|(_, end)| name.ends_with(end)) {
        return None;
    }
    let lasts = if name.starts_with(HASHED) { FOR_EVER } else { ASK_FIRST };
    Some(found::<Files>(name, asked)?.answer(StatusCode::OK, asked, lasts))
}

/// A file, and what it is compressed to for who asked.
struct Found {
    file: EmbeddedFile,
    kind: String,
    coding: Option<HeaderValue>,
}

fn found<Files: RustEmbed>(name: &str, asked: &HeaderMap) -> Option<Found> {
    let plain = Files::get(name)?;
    let mut kind = plain.metadata.mimetype().to_owned();
    if kind.starts_with("text/") {
        kind.push_str("; charset=utf-8");
    }
    let mut taken = CODINGS.into_iter().filter(|(coding, _)| takes(asked, coding));
    let packed = taken.find_map(|(coding, end)| Some((coding, Files::get(&format!("{name}{end}"))?)));
    Some(match packed {
        Some((coding, file)) => Found { file, kind, coding: Some(HeaderValue::from_static(coding)) },
        None => Found { file: plain, kind, coding: None },
    })
}

impl Found {
    fn answer(self, status: StatusCode, asked: &HeaderMap, lasts: HeaderValue) -> Response {
        let Self { file: EmbeddedFile { data, metadata }, kind, coding } = self;
        let hash: String = BASE64_URL_SAFE_NO_PAD.encode(&metadata.sha256_hash()[..16]);
        let tag: Option<ETag> = format!("\"{hash}\"").parse().ok().filter(|_| status == StatusCode::OK);
        let known = tag.as_ref().zip(asked.typed_get::<IfNoneMatch>());
        let is_known = known.is_some_and(|(tag, held)| !held.precondition_passes(tag));
        let mut answer = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            (status, Body::from(unchanged(data))).into_response()
        };
        let headers = answer.headers_mut();
        if !is_known {
            headers.extend(HeaderValue::try_from(kind).map(|kind| (header::CONTENT_TYPE, kind)));
            headers.extend(coding.map(|coding| (header::CONTENT_ENCODING, coding)));
        }
        if let Some(tag) = tag {
            headers.typed_insert(tag);
        }
        headers.insert(header::CACHE_CONTROL, lasts);
        headers.insert(header::VARY, HeaderValue::from_name(header::ACCEPT_ENCODING));
        // Files have it too: a worker is under the policy that its own file came with.
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        answer
    }
}

/// What the binary holds is sent from there; only what was read from the folder is owned.
fn unchanged(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(held) => Bytes::from_static(held),
        Cow::Owned(read) => read.into(),
    }
}

/// Whether whoever asks reads this coding.
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let texts = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let mut weights = parts.filter_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        named && weights.all(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files that are there without a build.
    #[derive(RustEmbed)]
    #[folder = "../web/app/public"]
    struct Public;

    /// As where the client was never built.
    #[derive(RustEmbed)]
    #[folder = "../web/app/never-built"]
    #[allow_missing = true]
    struct Nothing;

    fn asking(name: HeaderName, value: &HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(name, value.clone())])
    }

    #[test]
    fn what_was_not_built_is_not_there() {
        assert!(page::<Nothing>(StatusCode::OK, &HeaderMap::new()).is_none());
        assert!(file::<Nothing>("/theme.js", &HeaderMap::new()).is_none());
    }

    #[test]
    fn a_file_has_a_type_and_a_tag_by_which_it_is_not_sent_twice() {
        let first = file::<Public>("/theme.js", &HeaderMap::new()).unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
        let again = asking(header::IF_NONE_MATCH, &first.headers()[header::ETAG]);
        assert_eq!(file::<Public>("/theme.js", &again).unwrap().status(), StatusCode::NOT_MODIFIED);
        let other = asking(header::IF_NONE_MATCH, &HeaderValue::from_static("\"other\""));
        assert_eq!(file::<Public>("/theme.js", &other).unwrap().status(), StatusCode::OK);
    }

    #[test]
    fn nothing_outside_the_folder_is_a_file() {
        for path in ["/../package.json", "/%2e%2e/package.json", "//etc/passwd", "/", "", "/nothing.js"] {
            assert!(file::<Public>(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }

    #[test]
    fn a_coding_is_sent_to_who_names_it() {
        let takes =
            |text, coding| takes(&asking(header::ACCEPT_ENCODING, &HeaderValue::from_static(text)), coding);
        assert!(takes("gzip, deflate, br", "br") && takes("BR;q=0.5", "br"));
        assert!(!takes("gzip;q=0, br;q=0.000", "gzip") && !takes("br;q=0.0", "br"));
        assert!(!takes("*", "br") && !takes("brotli", "br") && !takes("", "br"));
    }

    #[test]
    fn every_page_of_the_client_has_its_address_here() {
        let routes = include_str!("../../../web/app/src/Pages.tsx");
        let paths = routes.split("path=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let pages: Vec<_> = paths.filter(|path| *path != "*").collect();
        assert!(pages.len() > 5, "{pages:?}");
        for path in pages {
            assert!(is_page(&format!("/{path}")), "{path} is missing from PAGES in web.rs");
        }
        assert!(!is_page("/") && !is_page("/loginx") && !is_page("/api/meetings"));
    }
}
