//! A user backend without its gateway, on a database of its own or on one that is shared.

use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{body::Body, response::Response};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use plenum_contract::SessionId;
use plenum_service::{Env, Lifecycle, clock, database::Database};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::{ServiceExt as _, util::BoxCloneSyncService};
use user_backend::{AppState, Config, http::router, sessions::SessionEnds, tokens::Token};

/// How long what is awaited may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
    MySql,
}

/// Whoever listens for ended sessions writes them down here; where several worlds share a database, others' too.
pub struct Ended(watch::Sender<Vec<SessionId>>);

impl Default for Ended {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

#[async_trait]
impl SessionEnds for Ended {
    async fn ended(&self, session: &SessionId) {
        self.0.send_modify(|told| told.push(session.clone()));
    }
}

impl Ended {
    /// How often a session's end was told.
    pub fn times(&self, session: &SessionId) -> usize {
        self.0.borrow().iter().filter(|told| *told == session).count()
    }

    /// Waits until a session's end was told.
    pub async fn is_told(&self, session: &SessionId) {
        let mut told = self.0.subscribe();
        let waiting = told.wait_for(|told| told.contains(session));
        let told = tokio::time::timeout(PATIENCE, waiting).await;
        told.expect("the end of a session is told in time").expect("it is the world's own");
    }
}

pub struct World {
    pub state: AppState,
    pub database: Database,
    pub url: String,
    pub life: Lifecycle,
    pub ended: Arc<Ended>,
    service: BoxCloneSyncService<Request<Body>, Response, Infallible>,
    folder: Option<PathBuf>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The `Cookie` header that a browser would send from now on.
    pub fn cookie(&self) -> String {
        let set = self.headers.get(header::SET_COOKIE).expect("a cookie was set").to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}

impl World {
    /// A world on a database of this kind. None, said aloud, when there is no such server here; in CI there
    /// must be.
    pub async fn on(kind: Kind) -> Option<Self> {
        Self::with(kind, &[]).await
    }

    /// The same with these variables.
    pub async fn with(kind: Kind, variables: &'static [(&'static str, &'static str)]) -> Option<Self> {
        let (url, folder) = match kind {
            Kind::Sqlite => {
                let folder = std::env::temp_dir().join(format!("plenum-accounts-{}", SessionId::random()));
                (format!("sqlite://{}/plenum.db", folder.display()), Some(folder))
            }
            Kind::Postgres => (server("TEST_POSTGRES_URL")?, None),
            Kind::MySql => (server("TEST_MYSQL_URL")?, None),
        };
        Some(Self::at(url, folder, variables).await)
    }

    /// A second process on the same database.
    pub async fn beside(&self) -> Self {
        Self::at(self.url.clone(), None, &[]).await
    }

    async fn at(
        url: String,
        folder: Option<PathBuf>,
        variables: &'static [(&'static str, &'static str)],
    ) -> Self {
        let mut env = Env::lookup(move |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        let config = Config::read(&mut env);
        env.finish().unwrap();
        let database = Database::open(&url).await.unwrap();
        let (life, ended) = (Lifecycle::new(), Arc::new(Ended::default()));
        let state = AppState::new(config, database.clone(), ended.clone(), &life).await.unwrap();
        let service = router::layered(router::finish(router::routes(&state), &state), &state);
        let service = BoxCloneSyncService::new(service);
        Self { state, database, url, life, ended, service, folder }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, body }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, cookie: &str, body: &Value) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    /// Registers someone new: what they typed, with their `uid`.
    pub async fn registers(&self) -> Value {
        let mut fields = someone();
        let answer = self.post("/api/auth/register", "", &fields).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        fields["uid"] = answer.body["data"]["uid"].clone();
        fields
    }

    /// The session that a cookie holds.
    pub async fn session(&self, cookie: &str) -> SessionId {
        let token = Token::parse(cookie.split_once('=').unwrap().1).unwrap();
        self.state.sessions().authenticate(&token, clock::now()).await.unwrap().session
    }

    /// Logs someone in: the cookie.
    pub async fn logs_in(&self, fields: &Value) -> String {
        let answer = self.post("/api/auth/login", "", fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.cookie()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.life.stop();
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// Someone whom nobody else is.
pub fn someone() -> Value {
    let email = format!("ana.{}@example.com", SessionId::random());
    json!({ "email": email, "password": "correct horse", "name": "Ana", "last_name": "Ñandú", "age": 30 })
}

fn server(variable: &'static str) -> Option<String> {
    let mut env = Env::process();
    let url = env.text(variable);
    if url.is_none() {
        assert_ne!(env.text("CI").as_deref(), Some("true"), "in CI {variable} must be set");
        println!("skipped: {variable} is not set");
    }
    url
}
