//! A user backend without its gateway, on a database of its own or on one that is shared.

use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{body::Body, response::Response};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use plenum_contract::{SessionId, UserId};
use plenum_service::{Env, Lifecycle, clock, database::Database};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::{ServiceExt as _, util::BoxCloneSyncService};
use user_backend::{
    AppState, Config,
    accounts::{User, UserStore as _},
    http::router,
    proof::{By, Proof},
    sessions::SessionEnds,
    tokens::Token,
};

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
    pictures: PathBuf,
    mails: PathBuf,
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

    /// The same with these variables.
    pub async fn beside_with(&self, variables: &'static [(&'static str, &'static str)]) -> Self {
        Self::at(self.url.clone(), None, variables).await
    }

    async fn at(
        url: String,
        folder: Option<PathBuf>,
        variables: &'static [(&'static str, &'static str)],
    ) -> Self {
        // All come from nowhere, and sign in often: limits are tested elsewhere.
        let pictures = std::env::temp_dir().join(format!("plenum-pictures-{}", SessionId::random()));
        let usual = [
            ("RATE_LIMIT_AUTH_PER_MINUTE", "0".to_owned()),
            ("RATE_LIMIT_API_PER_MINUTE", "0".to_owned()),
            ("AVATAR_STORE", pictures.display().to_string()),
        ];
        let mut env = Env::lookup(move |name| {
            let given = variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| usual.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()))
        });
        let mut config = Config::read(&mut env);
        config.mail.folder = std::env::temp_dir().join(format!("plenum-outbox-{}", SessionId::random()));
        let mails = config.mail.folder.clone();
        env.finish().unwrap();
        let database = Database::open(&url).await.unwrap();
        let (life, ended) = (Lifecycle::new(), Arc::new(Ended::default()));
        let state = AppState::new(config, database.clone(), ended.clone(), &life).await.unwrap();
        let service = router::layered(router::finish(router::routes(&state), &state), &state);
        let service = BoxCloneSyncService::new(service);
        Self { state, database, url, life, ended, service, folder, pictures, mails }
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

    pub async fn put(&self, path: &str, cookie: &str, body: &Value) -> Answer {
        let request = Request::put(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    pub async fn delete(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::delete(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    /// Registers someone new: what they typed, with their `uid`.
    pub async fn registers(&self) -> Value {
        let mut fields = someone();
        let answer = self.post("/api/auth/register", "", &fields).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        fields["uid"] = answer.body["data"]["uid"].clone();
        fields
    }

    /// The first line of a mail that is written to this world's folder, once there is one, that begins so.
    pub async fn line_of_a_mail(&self, begin: &str) -> String {
        let look = async || {
            let mut files = tokio::fs::read_dir(&self.mails).await.ok()?;
            while let Ok(Some(file)) = files.next_entry().await {
                let text = tokio::fs::read_to_string(file.path()).await.unwrap_or_default();
                if let Some(line) = text.lines().find(|line| line.starts_with(begin)) {
                    return Some(line.to_owned());
                }
            }
            None
        };
        let found = async {
            loop {
                match look().await {
                    Some(line) => return line,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("a mail is written in time")
    }

    /// What this user shows who signs in with a password, unless there is a second factor.
    pub async fn proof(&self, user: &UserId) -> Proof {
        let found = self.state.store().with_password(user).await.unwrap().unwrap();
        Proof { user: user.clone(), by: By::Password(found.password_hash), factor: None }
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
        std::fs::remove_dir_all(&self.pictures).ok();
        std::fs::remove_dir_all(&self.mails).ok();
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// An account with this address, as it is stored.
pub fn account(email: &Value) -> User {
    let now = clock::now();
    User {
        id: UserId::random(),
        email: email.as_str().unwrap().to_owned(),
        name: "Ana".into(),
        last_name: "Ñandú".into(),
        age: 30,
        picture: None,
        verified: false,
        created_at: now,
        updated_at: now,
        roles: Vec::new(),
        disabled_at: None,
        has_second_factor: false,
        locale: None,
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
