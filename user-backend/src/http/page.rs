//! The pages for people: the web client's, where it was built; those for developers, which are how to start, the reference and
//! the guide; one for addresses where nothing is; and the documents that the reference is made of.

mod reference;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use plenum_contract::ErrorCode;
use pulldown_cmark::{Options, Parser, html};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::{
    error::Failure,
    origin,
    web::{self, Built},
};
use crate::AppState;

const STYLE: &str = include_str!("page/style.css");
const FRAME: &str = include_str!("page/frame.html");
const START: &str = include_str!("page/start.html");
const NOT_FOUND: &str = include_str!("page/not_found.html");
const GUIDE: &str = include_str!("../../../docs/API.md");
/// Every operation, this service's and those of the services behind the gateway: what it says is theirs.
const OPENAPI: &str = include_str!("../../../contract/openapi.json");
/// Every event of the services' sockets.
const ASYNCAPI: &str = include_str!("../../../contract/asyncapi.json");

/// The pages, made once.
#[derive(Debug, Clone)]
pub struct Pages(Arc<Made>);

#[derive(Debug)]
struct Made {
    start: String,
    reference: String,
    guide: String,
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
        let mut guide = String::new();
        html::push_html(&mut guide, Parser::new_ext(GUIDE, Options::ENABLE_TABLES));
        Self(Arc::new(Made {
            start: frame("Plenum", START),
            reference: frame("Plenum API", &reference::of(OPENAPI, ASYNCAPI)),
            guide: frame("Plenum API: the guide", &format!("<article>{guide}</article>")),
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

    fn start(&self, headers: &HeaderMap) -> Html<String> {
        let made = &self.0;
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| origin::is_host(host)).unwrap_or("localhost:3000");
        Html(made.start.replace("{{address}}", &format!("{}://{host}", made.scheme)))
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

/// GET `/`: the web client; where it was not built, how to start.
#[utoipa::path(
    get,
    path = "/",
    tag = "Documents",
    operation_id = "getFirstPage",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
pub async fn index(State(state): State<AppState>, headers: HeaderMap) -> Response {
    first::<Built>(state.pages(), &headers)
}

fn first<Files: RustEmbed>(pages: &Pages, headers: &HeaderMap) -> Response {
    web::page::<Files>(StatusCode::OK, headers).unwrap_or_else(|| pages.start(headers).into_response())
}

/// GET `/docs/start`: what this is for developers, and where everything else is. Its examples name the host it was asked at.
#[utoipa::path(
    get,
    path = "/docs/start",
    tag = "Documents",
    operation_id = "getStart",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
pub async fn start(State(state): State<AppState>, headers: HeaderMap) -> Html<String> {
    state.pages().start(&headers)
}

/// GET `/docs`: the reference of every operation and event, made of the documents.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "Documents",
    operation_id = "getReference",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
pub async fn docs(State(state): State<AppState>) -> Html<String> {
    Html(state.pages().0.reference.clone())
}

/// GET `/docs/guide`: the same in prose, and what is promised.
#[utoipa::path(
    get,
    path = "/docs/guide",
    tag = "Documents",
    operation_id = "getGuide",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
pub async fn guide(State(state): State<AppState>) -> Html<String> {
    Html(state.pages().0.guide.clone())
}

/// GET `/openapi.json`: every operation, for programs. OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Documents",
    operation_id = "getOpenApi",
    responses((status = 200, body = Object, content_type = "application/json", description = "The document")),
)]
pub async fn openapi() -> impl IntoResponse {
    json(OPENAPI)
}

/// GET `/asyncapi.json`: every event of the sockets, for programs. AsyncAPI 3.
#[utoipa::path(
    get,
    path = "/asyncapi.json",
    tag = "Documents",
    operation_id = "getAsyncApi",
    responses((status = 200, body = Object, content_type = "application/json", description = "The document")),
)]
pub async fn asyncapi() -> impl IntoResponse {
    json(ASYNCAPI)
}

fn json(document: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document)
}

/// Where no route is: the web client's files and pages; JSON where nothing is, or a page for a GET that accepts one.
pub async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Failure::from(ErrorCode::NotFound).into_response();
    }
    if let Some(file) = web::file::<Built>(path, headers) {
        return file;
    }
    if !accepts_html(headers) {
        return Failure::from(ErrorCode::NotFound).into_response();
    }
    let status = if web::is_page(path) { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let client = if path.starts_with("/api") { None } else { web::page::<Built>(status, headers) };
    let plain = || (StatusCode::NOT_FOUND, Html(state.pages().0.not_found.clone())).into_response();
    client.unwrap_or_else(plain)
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
        for page in
            [&made.0.reference, &made.0.guide, &made.0.not_found, &made.0.start.replace("{{address}}", "")]
        {
            assert!(!page.contains("{{"), "{page}");
        }
    }

    #[test]
    fn the_style_stands_in_the_page_as_it_was_hashed() {
        assert!(Pages::new(false).0.start.contains(&format!("<style>{STYLE}</style>")));
    }

    #[test]
    fn without_the_web_client_the_first_page_tells_how_to_start() {
        #[derive(RustEmbed)]
        #[folder = "../web/app/never-built"]
        #[allow_missing = true]
        struct Nothing;

        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("meet.example.com"))]);
        let pages = Pages::new(true);
        assert_eq!(first::<Nothing>(&pages, &headers).status(), StatusCode::OK);
        assert!(pages.start(&headers).0.contains("https://meet.example.com/api/auth/register"));
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
