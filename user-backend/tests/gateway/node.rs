//! A chat node that is nothing but its answers.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::world::PATIENCE;
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use plenum_contract::{
    ErrorCode, SessionId,
    axum::{Failure, Json},
    http::Ready,
};
use plenum_service::{
    Lifecycle,
    net::{self, Behind, Limits},
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::watch};

/// One node. Clones are the same one.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    pub name: &'static str,
    address: Uri,
    life: Lifecycle,
    shared: AtomicBool,
    stopping: AtomicBool,
    sids: Mutex<HashSet<String>>,
    /// Method and path of everything that came, looks apart.
    seen: Mutex<Vec<String>>,
    ended: watch::Sender<Vec<SessionId>>,
}

pub const LIMITS: Limits = Limits {
    name: "a test",
    connections: 100,
    head_bytes: 32 * 1024,
    head_time: Duration::from_secs(30),
    behind: Behind { bytes: 256 * 1024, age: Duration::from_secs(10) },
    unfinished: 1024 * 1024,
};

impl Node {
    /// Starts one that shares its rooms.
    pub async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let node = Self::made(name, &listener);
        node.serve(listener);
        node
    }

    /// One whose answers are given within a process that is reached at this listener's address.
    pub fn made(name: &'static str, listener: &TcpListener) -> Self {
        Self(Arc::new(Inner {
            name,
            address: format!("http://{}", listener.local_addr().unwrap()).parse().unwrap(),
            life: Lifecycle::new(),
            shared: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            sids: Mutex::default(),
            seen: Mutex::default(),
            ended: watch::Sender::new(Vec::new()),
        }))
    }

    pub fn serve(&self, listener: TcpListener) {
        let life = self.0.life.clone();
        life.clone().spawn(net::serve(listener, self.routes(), LIMITS, life));
    }

    /// An address where nobody listens.
    pub async fn nobody() -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    }

    pub fn routes(&self) -> Router {
        let node = self.clone();
        let noted = axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            node.note(&request);
            next.run(request)
        });
        Router::new()
            .route("/socket.io/", any(socket))
            .route("/api/meetings", get(named).post(created))
            .route("/internal/sessions/{id}/end", post(end))
            .layer(noted)
            .route("/ready", get(ready))
            .with_state(self.clone())
    }

    pub fn name(&self) -> &'static str {
        self.0.name
    }

    pub fn address(&self) -> Uri {
        self.0.address.clone()
    }

    /// Says that it stops, and goes on answering.
    pub fn stops(&self, stops: bool) {
        self.0.stopping.store(stops, Ordering::SeqCst);
    }

    /// The first session of whose end it was told.
    pub async fn told(&self) -> SessionId {
        let mut ended = self.0.ended.subscribe();
        let told = ended.wait_for(|ended| !ended.is_empty());
        tokio::time::timeout(PATIENCE, told).await.expect("it is told in time").unwrap()[0].clone()
    }

    /// Waits until it has ended.
    pub async fn ended(&self) {
        self.0.life.ended().await;
    }

    /// Ends in order.
    pub fn end(&self) {
        self.stops(true);
        self.0.life.stop();
    }

    pub fn keeps_its_rooms(&self, own: bool) {
        self.0.shared.store(!own, Ordering::SeqCst);
    }

    /// What came since it was asked last.
    pub fn saw(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.seen.lock().unwrap())
    }

    /// Waits until it was told of a session's end.
    pub async fn is_told(&self, session: &SessionId) {
        let mut ended = self.0.ended.subscribe();
        let told = ended.wait_for(|ended| ended.contains(session));
        tokio::time::timeout(PATIENCE, told).await.expect("it is told in time").unwrap();
    }

    fn note(&self, request: &Request) {
        let upgrade = if request.headers().contains_key(header::UPGRADE) { " upgrade" } else { "" };
        self.0.seen.lock().unwrap().push(format!("{}{upgrade}", request.method()));
    }
}

async fn ready(State(node): State<Node>) -> Response {
    let mut ready = Ready::new(node.0.stopping.load(Ordering::SeqCst));
    ready.part("store", true);
    ready.rooms(node.0.shared.load(Ordering::SeqCst));
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}

async fn named(State(node): State<Node>) -> &'static str {
    node.0.name
}

/// Says its name and how much came, unless it stops.
async fn created(State(node): State<Node>, request: Request) -> Response {
    if node.0.stopping.load(Ordering::SeqCst) {
        return Failure::from(ErrorCode::ShuttingDown).into_response();
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    format!("{} {}", node.0.name, body.len()).into_response()
}

async fn end(State(node): State<Node>, Path(id): Path<String>) -> &'static str {
    node.0.ended.send_modify(|ended| ended.push(SessionId::parse(&id).unwrap()));
    "ended"
}

/// What the gate of a chat node answers, as far as the gateway can tell.
async fn socket(State(node): State<Node>, mut request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let sid = query.split('&').find_map(|pair| pair.strip_prefix("sid="));
    let known = sid.is_some_and(|sid| node.0.sids.lock().unwrap().contains(sid));
    if sid.is_some() && !known {
        return Failure::from(ErrorCode::UnknownSid).into_response();
    }
    if sid.is_none() && node.0.stopping.load(Ordering::SeqCst) {
        return Failure::from(ErrorCode::ShuttingDown).into_response();
    }
    if request.headers().contains_key(header::UPGRADE) {
        let upgrade = hyper::upgrade::on(&mut request);
        let (name, life) = (node.0.name, node.0.life.clone());
        node.0.life.spawn(async move {
            let mut io = TokioIo::new(upgrade.await.unwrap());
            io.write_all(name.as_bytes()).await.unwrap();
            life.stopping().await; // and its connection with it
        });
        let websocket = HeaderValue::from_static("websocket");
        let upgrade = HeaderValue::from_static("upgrade");
        let head = [(header::UPGRADE, websocket), (header::CONNECTION, upgrade)];
        return (StatusCode::SWITCHING_PROTOCOLS, head).into_response();
    }
    match (sid, request.method()) {
        (None, _) => {
            let sid = format!("{}-{}", node.0.name, SessionId::random());
            node.0.sids.lock().unwrap().insert(sid.clone());
            Body::from(format!("0{{\"sid\":\"{sid}\",\"pingInterval\":25000}}")).into_response()
        }
        (Some(_), &Method::GET) => format!("4{}", node.0.name).into_response(),
        (Some(_), _) => {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            format!("ok {} {}", node.0.name, body.len()).into_response()
        }
    }
}
