//! What is the same whichever service a request is for and wherever it runs: who calls, what goes no further, how
//! long to wait.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use plenum_contract::{
    Caller, ErrorCode,
    limits::{BACKEND_POLL_TIMEOUT, BACKEND_RESPONSE_TIMEOUT},
};
use plenum_service::{
    Lifecycle,
    net::{Answers, Connection, OnCut, ask},
    traces::Trace,
};
use tower::service_fn;

use super::{
    backend::Backend,
    hop,
    mount::Mount,
    nodes::Nodes,
    route::Way,
    sids::{Sid, names_a_session},
};
use crate::http::{
    client::{Client, FORWARDING},
    error::Failure,
    router::AppState,
    session::{has_ended, identify},
};

/// How long polls of a service in this process may go on when it stops: it tells everybody meanwhile, one after the
/// other.
const LAST_POLLS: Duration = Duration::from_secs(4);
/// An Engine.IO message with socket.io's DISCONNECT, after which a client stays away.
const SOCKET_IO_DISCONNECT: &str = "41";

/// The services behind the gateway.
#[derive(Clone)]
pub struct Gateway {
    mounts: Arc<Vec<Mount>>,
    app: AppState,
    life: Lifecycle,
}

impl Gateway {
    /// A gateway to these services.
    #[must_use]
    pub fn new(mounts: Vec<Mount>, app: AppState, life: Lifecycle) -> Self {
        Self { mounts: Arc::new(mounts), app, life }
    }

    /// What this process itself has.
    #[must_use]
    pub fn app(&self) -> &AppState {
        &self.app
    }

    /// The services.
    #[must_use]
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }
}

/// Passes what is for a mount on to it; everything else is for `rest`.
pub fn before(gateway: Gateway, rest: impl Answers) -> impl Answers {
    service_fn(move |request: Request| {
        let (gateway, rest) = (gateway.clone(), rest.clone());
        async move {
            let path = request.uri().path();
            let mount = gateway.mounts.iter().find(|mount| mount.has(path) || mount.has_socket(path));
            let Some(mount) = mount else { return Ok(ask(rest, request).await) };
            let door = Door { gateway: &gateway, nodes: &mount.nodes };
            let passed = if mount.has_socket(path) {
                pass_socket(door, request).await
            } else {
                pass(door, request).await
            };
            Ok(passed.unwrap_or_else(Failure::into_response))
        }
    })
}

/// One mount's way in.
#[derive(Clone, Copy)]
struct Door<'a> {
    gateway: &'a Gateway,
    nodes: &'a Nodes,
}

/// A plain request: without a session it goes on stamped as nobody's, so that the service itself says 404, 405
/// or 401.
async fn pass(door: Door<'_>, request: Request) -> Result<Response, Failure> {
    let (caller, why_none) = match door.identify(&request).await {
        Ok(caller) => (Some(caller), ErrorCode::NoSession),
        Err(failure) => match failure.code() {
            code @ (ErrorCode::NoSession | ErrorCode::InvalidSession | ErrorCode::InvalidBearer) => {
                (None, code)
            }
            _ => return Err(failure),
        },
    };
    let nobody = caller.is_none();
    let response = door.forward(caller, request, BACKEND_RESPONSE_TIMEOUT, &Way::Any).await?;
    if nobody && response.status() == StatusCode::UNAUTHORIZED {
        return Err(why_none.into());
    }
    Ok(response)
}

/// A request of a socket.io connection, polling or upgrade: each by itself needs a session and an Origin that
/// is allowed.
async fn pass_socket(door: Door<'_>, request: Request) -> Result<Response, Failure> {
    if !door.gateway.app.origins().allows(request.headers()) {
        return Err(ErrorCode::ForeignOrigin.into());
    }
    let upgrade = asks_for_upgrade(&request);
    let caller = match door.identify(&request).await {
        Ok(caller) => caller,
        Err(failure) => {
            let over = matches!(failure.code(), ErrorCode::InvalidSession | ErrorCode::InvalidBearer);
            let ended = over && !upgrade && has_ended(&door.gateway.app, request.headers()).await;
            return if ended { farewell(&request) } else { Err(failure) };
        }
    };
    if upgrade && let Some(connection) = request.extensions().get::<Arc<Connection>>() {
        connection.belongs_to(caller.user.shared());
    }
    // A stock client whose WebSocket is opened and closed before it hears anything waits 20 s to try again; one that
    // is refused tries again at once.
    if door.gateway.life.is_stopping() && (upgrade || !names_a_session(request.uri())) {
        return Err(ErrorCode::ShuttingDown.into());
    }
    let way = Sid::of(request.uri()).map_or(Way::Open { websocket: upgrade }, Way::Of);
    Ok(door.forward(Some(caller), request, BACKEND_POLL_TIMEOUT, &way).await?)
}

fn asks_for_upgrade(request: &Request) -> bool {
    request.method() == Method::GET && hop::asks_for_websocket(request.headers())
}

/// Answers a connection that polls and whose session was just ended: it may have been between two polls when it
/// was told to stay away. Without this its client would take the refusal for a broken line and try for ever.
fn farewell(request: &Request) -> Result<Response, Failure> {
    let polls = names_a_session(request.uri());
    match *request.method() {
        Method::GET if polls => Ok(Response::new(Body::from(SOCKET_IO_DISCONNECT))),
        Method::POST if polls => Ok(Response::new(Body::from("ok"))),
        _ => Err(ErrorCode::InvalidSession.into()),
    }
}

impl Door<'_> {
    /// Who sends this request. Its head alone is held meanwhile: its body can't be shared among threads.
    fn identify<'a>(
        &'a self,
        request: &'a Request,
    ) -> impl Future<Output = Result<Caller, Failure>> + Send + use<'a> {
        let client = Client::of(request.extensions());
        identify(&self.gateway.app, client, request.method(), request.uri().path(), request.headers())
    }

    /// Ends a polling session when the connection that carried its last answer was cut: the service believes that
    /// answer was read, and nobody else knows better.
    fn ends_polling(&self, node: &Backend, uri: Uri, caller: Caller) -> OnCut {
        let (node, life) = (node.clone(), self.gateway.life.clone());
        Box::new(move || {
            life.spawn(async move {
                let mut close = Request::new(Body::from(ENGINE_IO_CLOSE));
                *close.method_mut() = Method::POST;
                *close.uri_mut() = uri;
                let plain = http::HeaderValue::from_static("text/plain;charset=UTF-8");
                close.headers_mut().insert(header::CONTENT_TYPE, plain);
                let closing = node.ask(Some(caller), close);
                tokio::time::timeout(BACKEND_RESPONSE_TIMEOUT, closing).await.map(drop).ok();
            });
        })
    }

    async fn forward(
        &self,
        caller: Option<Caller>,
        mut request: Request,
        patience: Duration,
        way: &Way,
    ) -> Result<Response, ErrorCode> {
        let upgrade = *way != Way::Any && asks_for_upgrade(&request);
        let polls = *way != Way::Any && !upgrade && request.method() == Method::GET;
        let connection = request.extensions().get::<Arc<Connection>>().cloned();
        let (lost, uri) = (caller.clone().filter(|_| polls), request.uri().clone());
        let tried = |node: &Backend| {
            if let Some(connection) = &connection {
                connection.on_cut(lost.clone().map(|caller| self.ends_polling(node, uri.clone(), caller)));
            }
        };
        clean(request.headers_mut(), upgrade);
        let trace = request.extensions().get::<Trace>().cloned().unwrap_or_default();
        let asking = trace.step("ask a node");
        asking.trace().write(request.headers_mut());
        tokio::select! {
            answered = tokio::time::timeout(patience, self.nodes.ask(way, caller, request, tried)) => {
                answered.map_err(|_| ErrorCode::BackendTimeout)?
            }
            // A poll may wait for a minute, which this process no longer has.
            () = self.last_poll(), if patience > BACKEND_RESPONSE_TIMEOUT => Err(ErrorCode::ShuttingDown),
        }
    }

    /// When a poll is given up because the process stops.
    async fn last_poll(&self) {
        let life = &self.gateway.life;
        if self.nodes.are_here() {
            life.stopping().await;
            tokio::time::sleep(LAST_POLLS).await;
        } else {
            life.turn_to_leave().await;
        }
    }
}

/// What a polling client sends to end its session: Engine.IO's CLOSE.
const ENGINE_IO_CLOSE: &str = "1";

/// Credentials and what concerns one connection stay here; an upgrade is asked for in our words.
fn clean(headers: &mut HeaderMap, upgrade: bool) {
    hop::strip(headers);
    headers.remove(header::COOKIE);
    headers.remove(header::AUTHORIZATION);
    headers.remove(header::EXPECT);
    for name in FORWARDING {
        headers.remove(name);
    }
    if upgrade {
        hop::ask_for_websocket(headers);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn cleaned(upgrade: bool) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade, X-Only-This-Hop"),
            ("upgrade", "websocket"),
            ("x-only-this-hop", "1"),
            ("cookie", "session=a"),
            ("authorization", "Bearer a"),
            ("expect", "100-continue"),
            ("accept", "*/*"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        clean(&mut headers, upgrade);
        let mut left: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        left.sort();
        left
    }

    #[test]
    fn credentials_and_one_connections_headers_go_no_further_upgrade_or_not() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(cleaned(false), [pair("accept", "*/*")]);
        let upgrade = [pair("accept", "*/*"), pair("connection", "Upgrade"), pair("upgrade", "websocket")];
        assert_eq!(cleaned(true), upgrade);
    }
}
