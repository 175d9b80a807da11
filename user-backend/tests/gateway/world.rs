//! Gateways before chat nodes, and somebody who is signed in.

use std::{path::PathBuf, time::Duration};

use http::{Method, Uri, header};
use plenum_contract::SessionId;
use plenum_service::{Env, Lifecycle, database::Database, process::StartError};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use user_backend::{
    Config,
    gateway::{Mount, Nodes},
};

/// How long what is awaited may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A folder with a database in it.
pub struct World(PathBuf);

/// One gateway.
pub struct Gateway {
    pub url: String,
    pub life: Lifecycle,
    pub http: reqwest::Client,
    pub cookie: String,
    pub served: JoinHandle<Option<Result<(), StartError>>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub closes: bool,
    pub text: String,
}

impl Answer {
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The session that a handshake opened.
    pub fn sid(&self) -> String {
        let open: Value = serde_json::from_str(self.text.strip_prefix('0').unwrap()).unwrap();
        open["sid"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("plenum-gateway-{}", SessionId::random())))
    }

    /// A gateway to these addresses, with somebody signed in.
    pub async fn gateway(&self, nodes: &[Uri]) -> Gateway {
        self.gateway_of(|life| Nodes::remote(nodes, None, life).unwrap()).await
    }

    pub async fn gateway_of(&self, nodes: impl FnOnce(&Lifecycle) -> Nodes) -> Gateway {
        let mut gateway = self.start(nodes).await;
        gateway.cookie = gateway.signs_in().await;
        gateway
    }

    /// A gateway that may not come up.
    pub async fn start(&self, nodes: impl FnOnce(&Lifecycle) -> Nodes) -> Gateway {
        // All come from one address.
        let mut env = Env::lookup(|name| name.ends_with("_PER_MINUTE").then(|| "0".to_owned()));
        let config = Config::read(&mut env);
        env.finish().unwrap();
        let database = Database::open(&format!("sqlite://{}/plenum.db", self.0.display())).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let life = Lifecycle::new();
        let mounts = vec![Mount::chat(nodes(&life))];
        let served = life.spawn(user_backend::serve(config, database, mounts, listener, life.clone()));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Gateway { url, life, http, cookie: String::new(), served }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.life.stop();
    }
}

impl Gateway {
    /// Registers and logs in: the cookie.
    pub async fn signs_in(&self) -> String {
        let email = format!("ana.{}@example.com", SessionId::random());
        let fields = json!({ "email": email, "password": "correct horse", "name": "Ana", "last_name": "Ñandú", "age": 30 });
        for path in ["register", "login"] {
            let request = self.http.post(format!("{}/api/auth/{path}", self.url));
            let body = fields.to_string();
            let answer =
                request.header(header::CONTENT_TYPE, "application/json").body(body).send().await.unwrap();
            assert!(answer.status().is_success());
            if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
                return cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            }
        }
        panic!("a login sets a cookie");
    }

    pub async fn asks(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header(header::COOKIE, &self.cookie);
        let request = if path.starts_with("/api") {
            request.header(header::CONTENT_TYPE, "application/json")
        } else {
            request
        };
        let answer = tokio::time::timeout(PATIENCE, request.body(body).send()).await.unwrap().unwrap();
        let closes = answer.headers().get(header::CONNECTION).is_some_and(|value| value == "close");
        Answer { status: answer.status().as_u16(), closes, text: answer.text().await.unwrap() }
    }

    pub async fn gets(&self, path: &str) -> Answer {
        self.asks(Method::GET, path, "").await
    }

    pub async fn posts(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.asks(Method::POST, path, body).await
    }

    /// Opens a polling session.
    pub async fn opens(&self) -> Answer {
        self.gets("/socket.io/?EIO=4&transport=polling").await
    }

    pub fn of(sid: &str) -> String {
        format!("/socket.io/?EIO=4&transport=polling&sid={sid}")
    }

    /// Asks for a WebSocket: the connection, and what came on it first, head included.
    pub async fn upgrades(&self, sid: Option<&str>) -> (TcpStream, String) {
        let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).await.unwrap();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket{sid} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: {}\r\n\r\n",
            self.cookie
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut came = String::new();
        let reading = async {
            while came.split_once("\r\n\r\n").is_none_or(|(_, rest)| rest.is_empty()) {
                let mut chunk = [0; 1024];
                let count = stream.read(&mut chunk).await.unwrap();
                if count == 0 {
                    break;
                }
                came.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap();
        (stream, came)
    }

    /// Asks the way until what comes back is as expected.
    pub async fn until(&self, path: &str, expected: impl Fn(&Answer) -> bool) -> Answer {
        let asking = async {
            loop {
                let answer = self.gets(path).await;
                if expected(&answer) {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the answer is as expected in time")
    }
}
