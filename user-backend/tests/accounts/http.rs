//! What holds for every request, whatever the database.

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::json;

use crate::world::{Answer, Kind, World};

const APP: &str = "http://localhost:5173";

async fn world() -> World {
    World::on(Kind::Sqlite).await.expect("SQLite needs no server")
}

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "plenum.example.com");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn how_to_start_and_the_docs_are_pages() {
    let world = world().await;
    let index = ask(&world, Method::GET, "/docs/start", &[], "").await;
    assert_eq!(index.status, 200);
    for part in ["Plenum", "/docs", "/health", "/ready", "http://plenum.example.com/api", "curl"] {
        assert!(index.text.contains(part), "{part}");
    }
    let docs = ask(&world, Method::GET, "/docs", &[], "").await;
    assert!(docs.text.contains("<table>") && docs.text.contains("join:meeting"));
    let odd = ask(&world, Method::GET, "/docs/start", &[("host", "<script>")], "").await;
    assert!(!odd.text.contains("<script>"));
}

#[tokio::test]
async fn an_unknown_route_is_json_or_a_page_for_who_reads_pages() {
    let world = world().await;
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = ask(&world, method.clone(), "/api/nowhere", &[("accept", "*/*")], "").await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{method}");
    }
    let page = ask(&world, Method::GET, "/nowhere", &[("accept", "text/html")], "").await;
    assert_eq!(page.status, 404);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let post = ask(&world, Method::POST, "/nowhere", &[("accept", "text/html")], "").await;
    assert_eq!(post.code(), "not_found");
}

#[tokio::test]
async fn a_method_not_offered_is_405_and_says_which_are() {
    let answer = ask(&world().await, Method::PUT, "/api/auth/login", &[], "").await;
    assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"));
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn bodies_keep_their_rules() {
    let world = world().await;
    let json = ("content-type", "application/json");
    let login = async |headers: &[(&str, &str)], body: &str| {
        ask(&world, Method::POST, "/api/auth/login", headers, body).await
    };
    let large = " ".repeat(100_001);
    assert_eq!(login(&[json], "[]").await.code(), "invalid_json");
    assert_eq!(login(&[json], "").await.code(), "invalid_email");
    assert_eq!(login(&[json], &large).await.code(), "body_too_large");
    assert_eq!(login(&[json, ("content-length", "99999999999")], "{}").await.status, 413);
    assert_eq!(login(&[("content-type", "text/plain")], "{}").await.status, 415);
    assert_eq!(login(&[], "{}").await.status, 415);
}

#[tokio::test]
async fn failures_speak_the_callers_language() {
    let world = world().await;
    let headers = [("accept-language", "es-ES,es;q=0.9"), ("content-type", "application/json")];
    let login = ask(&world, Method::POST, "/api/auth/login", &headers, "{}").await;
    assert_eq!(login.status, 400);
    let both = "Debe proporcionar un correo electrónico válido, La contraseña es requerida";
    assert_eq!(login.body["message"], both);
    assert_eq!(login.body["error"]["details"].as_array().unwrap().len(), 2);
    let me = ask(&world, Method::GET, "/api/me", &headers, "").await;
    assert_eq!(
        me.body,
        json!({
            "success": false,
            "message": "No hay sesión activa",
            "error": { "code": "no_session", "message": "No hay sesión activa" },
        })
    );
}

#[tokio::test]
async fn a_foreign_origin_changes_nothing() {
    let world = world().await;
    let login = async |origin| {
        let headers = [("origin", origin), ("content-type", "application/json")];
        ask(&world, Method::POST, "/api/auth/login", &headers, "{}").await
    };
    for origin in ["https://evil.com", "null", "http://localhost:5173.evil.com", "http://localhost:5174"] {
        let answer = login(origin).await;
        assert_eq!((answer.status, answer.code()), (403, "foreign_origin"), "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    for origin in [APP, "https://plenum.example.com", "http://plenum.example.com"] {
        let answer = login(origin).await;
        assert_eq!(answer.status, 400, "{origin}");
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    }
    assert_eq!(ask(&world, Method::GET, "/api/me", &[("origin", "https://evil.com")], "").await.status, 401);
}

#[tokio::test]
async fn a_preflight_is_answered_on_every_path() {
    let world = world().await;
    for path in ["/api/auth/login", "/socket.io/?EIO=4", "/api/meetings/x"] {
        let asked =
            [("access-control-request-method", "PUT"), ("access-control-request-headers", "content-type")];
        let ours = ask(&world, Method::OPTIONS, path, &[&[("origin", APP)], &asked[..]].concat(), "").await;
        assert_eq!((ours.status, &ours.headers["access-control-allow-origin"]), (200, &APP.parse().unwrap()));
        assert!(ours.headers["access-control-allow-methods"].to_str().unwrap().contains("PUT"));
        assert_eq!(ours.headers["access-control-allow-headers"], "content-type");
        let foreign =
            ask(&world, Method::OPTIONS, path, &[&[("origin", "null")], &asked[..]].concat(), "").await;
        assert!(!foreign.headers.contains_key("access-control-allow-origin"));
        assert!(!foreign.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn with_any_origin_nobody_gets_credentials() {
    let world = World::with(Kind::Sqlite, &[("CORS_ORIGIN", "*")]).await.unwrap();
    let from = ("origin", "https://elsewhere.example");
    let answer = ask(&world, Method::GET, "/api/me", &[from], "").await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    let act = ask(&world, Method::POST, "/api/auth/logout", &[from, ("cookie", "session=x")], "").await;
    assert_eq!(act.code(), "foreign_origin");
}

#[tokio::test]
async fn every_answer_is_hardened_and_named() {
    let world = World::with(Kind::Sqlite, &[("APP_ENV", "production")]).await.unwrap();
    for path in ["/", "/docs", "/nowhere", "/api/me"] {
        let answer = ask(&world, Method::GET, path, &[("x-request-id", "proxy-7")], "").await;
        for name in
            ["x-frame-options", "referrer-policy", "content-security-policy", "strict-transport-security"]
        {
            assert!(answer.headers.contains_key(name), "{name} on {path}");
        }
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-request-id"], "proxy-7");
        assert!(!answer.headers.contains_key("server"));
    }
    let me = ask(&world, Method::GET, "/api/me", &[], "").await;
    assert_eq!(me.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn in_production_both_cookies_are_set_and_read() {
    let world = World::with(Kind::Sqlite, &[("APP_ENV", "production")]).await.unwrap();
    let ana = world.registers().await;
    let login = world.post("/api/auth/login", "", &ana).await;
    let set: Vec<&str> =
        login.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(set.len(), 2);
    for cookie in set {
        assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
        assert_eq!(world.get("/api/me", cookie.split(';').next().unwrap()).await.status, 200);
    }
}
