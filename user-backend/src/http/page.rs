//! The pages for people: the first one, the API's description, and one for addresses where nothing is.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use plenum_contract::ErrorCode;
use pulldown_cmark::{Options, Parser, html};
use sha2::{Digest as _, Sha256};

use super::{error::Failure, origin};
use crate::AppState;

const STYLE: &str = include_str!("page/style.css");
const FRAME: &str = include_str!("page/frame.html");
const INDEX: &str = include_str!("page/index.html");
const NOT_FOUND: &str = include_str!("page/not_found.html");
const API: &str = include_str!("../../../docs/API.md");

/// The pages, made once.
#[derive(Debug, Clone)]
pub struct Pages(Arc<Made>);

#[derive(Debug)]
struct Made {
    index: String,
    docs: String,
    not_found: String,
    policy: HeaderValue,
    scheme: &'static str,
}

impl Pages {
    /// Makes the pages. In production their examples say `https`.
    #[must_use]
    pub fn new(production: bool) -> Self {
        let frame = |title: &str, main: &str| {
            FRAME.replace("{{title}}", title).replace("{{style}}", STYLE).replace("{{main}}", main)
        };
        let mut docs = String::new();
        html::push_html(&mut docs, Parser::new_ext(API, Options::ENABLE_TABLES));
        Self(Arc::new(Made {
            index: frame("Plenum", INDEX),
            docs: frame("Plenum API", &format!("<article>{docs}</article>")),
            not_found: frame("Nothing here", NOT_FOUND),
            policy: policy(),
            scheme: if production { "https" } else { "http" },
        }))
    }

    /// The Content-Security-Policy under which they show: their own style, and nothing else.
    #[must_use]
    pub fn policy(&self) -> &HeaderValue {
        &self.0.policy
    }
}

fn policy() -> HeaderValue {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Base64 is visible ASCII, so this can't fail; if it did, nothing would be allowed.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// GET `/`: what this is, and where everything else is. Its examples name the host it was asked at.
pub async fn index(State(state): State<AppState>, headers: HeaderMap) -> Html<String> {
    let made = &state.pages().0;
    let host =
        headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| origin::is_host(host));
    Html(
        made.index.replace("{{address}}", &format!("{}://{}", made.scheme, host.unwrap_or("localhost:3000"))),
    )
}

/// GET `/docs`: routes and events.
pub async fn docs(State(state): State<AppState>) -> Html<String> {
    Html(state.pages().0.docs.clone())
}

/// Where nothing is: JSON, or a page for a GET that accepts one.
pub async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads && accepts_html(request.headers()) {
        return (StatusCode::NOT_FOUND, Html(state.pages().0.not_found.clone())).into_response();
    }
    Failure::from(ErrorCode::NotFound).into_response()
}

/// Where something is, but not for this method.
pub async fn method_not_allowed() -> Failure {
    ErrorCode::MethodNotAllowed.into()
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = texts.flat_map(|text| text.split(','));
    kinds.any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left() {
        let made = Pages::new(false);
        for page in [&made.0.docs, &made.0.not_found, &made.0.index.replace("{{address}}", "")] {
            assert!(!page.contains("{{"), "{page}");
        }
    }

    #[test]
    fn the_style_stands_in_the_page_as_it_was_hashed() {
        assert!(Pages::new(false).0.index.contains(&format!("<style>{STYLE}</style>")));
    }

    #[test]
    fn only_who_names_html_gets_a_page() {
        let accepts =
            |text| accepts_html(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(text))]));
        assert!(accepts("text/html,application/xhtml+xml;q=0.9"));
        assert!(accepts("application/json, TEXT/HTML;q=0.1"));
        assert!(!accepts("*/*"));
        assert!(!accepts("text/htmlx"));
        assert!(!accepts_html(&HeaderMap::new()));
    }
}
