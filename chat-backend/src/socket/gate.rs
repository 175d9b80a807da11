//! The gate before the socket library: who may open a session, and whose a session is.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use plenum_contract::{
    Caller, Locale,
    axum::{Failure, locale},
    error::ErrorCode,
    limits::FRAME_MAX,
};
use plenum_service::{
    Lifecycle, clock,
    net::{Connection, ConnectionIo},
};
use serde::Deserialize;
use socketioxide::socket::Sid;
use tower::ServiceExt;
use tungstenite::handshake::derive_accept_key;

use super::{Engine, WebSockets, registry::Sockets, session::Session};

/// Headers the socket library needs. A session keeps its handshake for life, so it gets no more.
const KEPT: &[HeaderName] = &[
    header::UPGRADE,
    header::CONNECTION,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
];

/// What every request to `/socket.io/` says of itself.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "EIO")]
    protocol: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Opened {
    sid: String,
}

/// The request as we have read it, so that the socket library can't read it otherwise.
fn canonical(mut request: Request, websocket: bool, sid: Option<Sid>) -> Result<Request, ErrorCode> {
    let transport = if websocket { "websocket" } else { "polling" };
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let uri = format!("/socket.io/?EIO=4&transport={transport}{sid}");
    *request.uri_mut() = uri.parse().map_err(|_| ErrorCode::BadHandshake)?;
    Ok(request)
}

/// Opens and guards sessions.
#[derive(Clone)]
pub struct Gate {
    engine: Engine,
    websockets: WebSockets,
    sockets: Arc<Sockets>,
    default_locale: Locale,
    life: Lifecycle,
}

impl Gate {
    pub(super) const fn new(
        engine: Engine,
        websockets: WebSockets,
        sockets: Arc<Sockets>,
        default_locale: Locale,
        life: Lifecycle,
    ) -> Self {
        Self { engine, websockets, sockets, default_locale, life }
    }

    /// Answers a request to `/socket.io/` whose caller the gateway has named.
    pub async fn pass(State(gate): State<Self>, caller: Caller, request: Request) -> Response {
        let locale = locale::asked(request.headers(), gate.default_locale);
        match gate.answer(caller, locale, request).await {
            Ok(response) => response,
            Err(code) => Failure::from(code).into_response(),
        }
    }

    async fn answer(&self, caller: Caller, locale: Locale, request: Request) -> Result<Response, ErrorCode> {
        let Query(asked) =
            Query::<Asked>::try_from_uri(request.uri()).map_err(|_| ErrorCode::BadHandshake)?;
        if asked.protocol.as_deref() != Some("4") {
            return Err(ErrorCode::BadHandshake);
        }
        let websocket = match asked.transport.as_deref() {
            Some("websocket") => true,
            Some("polling") => false,
            _ => return Err(ErrorCode::BadHandshake),
        };
        let sid =
            asked.sid.as_deref().map(str::parse::<Sid>).transpose().map_err(|_| ErrorCode::UnknownSid)?;
        let session = match sid {
            Some(sid) => {
                let session = self.sockets.find(sid).ok_or(ErrorCode::UnknownSid)?;
                if session.who.user != caller.user || session.who.session != caller.session {
                    return Err(ErrorCode::UnknownSid);
                }
                session
            }
            None => self.admit(caller, locale, &request)?,
        };
        let request = canonical(request, websocket, sid)?;
        if websocket {
            return self.upgrade(&session, request, sid).await;
        }
        if sid.is_none() {
            return self.open_polling(&session, request).await;
        }
        if request.method() == Method::GET {
            let response = self.pass_on(None, request).await;
            let bytes = response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
            session.polled(bytes.unwrap_or(FRAME_MAX), clock::instant());
            return Ok(response);
        }
        Ok(self.pass_on(None, request).await)
    }

    fn admit(&self, caller: Caller, locale: Locale, request: &Request) -> Result<Arc<Session>, ErrorCode> {
        if self.life.is_stopping() {
            return Err(ErrorCode::ShuttingDown);
        }
        if self.sockets.has_ended(&caller.session) {
            return Err(ErrorCode::InvalidSession);
        }
        if request.method() != Method::GET {
            return Err(ErrorCode::BadHandshake);
        }
        self.sockets.admit(caller, locale).ok_or(ErrorCode::TooManySockets)
    }

    async fn upgrade(
        &self,
        session: &Arc<Session>,
        request: Request,
        sid: Option<Sid>,
    ) -> Result<Response, ErrorCode> {
        // Only a connection that is about to be this session's alone may be taken for it: one that goes on with
        // plain requests may be a proxy's, and carry others.
        let whole = request.method() == Method::GET
            && request.extensions().get::<OnUpgrade>().is_some()
            && request
                .headers()
                .get(header::UPGRADE)
                .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
            && request.headers().contains_key(header::SEC_WEBSOCKET_KEY);
        let connection = request.extensions().get::<Arc<Connection>>().cloned().filter(|_| whole);
        let connection = connection.ok_or(ErrorCode::BadHandshake)?;
        if !session.on_websocket(&connection) {
            return Err(ErrorCode::BadHandshake);
        }
        match sid {
            Some(_) => {
                connection.becomes_websocket();
                Ok(self.pass_on(Some(session), request).await)
            }
            None => self.open_websocket(session, connection, request),
        }
    }

    /// Opens a session on a WebSocket. The library would do it as well, but it would keep the whole request, twice,
    /// for the socket's life.
    fn open_websocket(
        &self,
        session: &Arc<Session>,
        connection: Arc<Connection>,
        mut request: Request,
    ) -> Result<Response, ErrorCode> {
        let key = request.headers().get(header::SEC_WEBSOCKET_KEY).ok_or(ErrorCode::BadHandshake)?;
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
        let upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or(ErrorCode::BadHandshake)?;
        let mut kept = Request::new(());
        *kept.uri_mut() = Uri::from_static("/socket.io/?EIO=4&transport=websocket");
        kept.extensions_mut().insert(session.clone());
        let websockets = self.websockets.clone();
        self.life.spawn(async move {
            let Some(io) = upgrade.await.ok().and_then(ConnectionIo::upgraded) else { return };
            connection.becomes_websocket();
            drop(connection);
            websockets.oneshot((Box::new(io), kept)).await.ok();
        });
        let head = [
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::CONNECTION, HeaderValue::from_static("Upgrade")),
            (header::SEC_WEBSOCKET_ACCEPT, accept.map_err(|_| ErrorCode::Internal)?),
        ];
        Ok((StatusCode::SWITCHING_PROTOCOLS, head).into_response())
    }

    /// Opens a session that polls, and learns its id from the answer.
    async fn open_polling(&self, session: &Arc<Session>, request: Request) -> Result<Response, ErrorCode> {
        let (parts, body) = self.pass_on(Some(session), request).await.into_parts();
        let body = body.collect().await.map_err(|_| ErrorCode::Internal)?.to_bytes();
        let opened = body.strip_prefix(b"0").and_then(|json| serde_json::from_slice::<Opened>(json).ok());
        if let Some(sid) = opened.and_then(|opened| opened.sid.parse().ok()) {
            self.sockets.name(sid, session);
        }
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    async fn pass_on(&self, session: Option<&Arc<Session>>, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let mut fresh = Request::new(body);
        *fresh.method_mut() = parts.method;
        *fresh.uri_mut() = parts.uri;
        let mut headers = HeaderMap::with_capacity(KEPT.len());
        for name in KEPT {
            if let Some(value) = parts.headers.remove(name) {
                // A copy of its own: the original would hold the whole read buffer of the connection.
                headers.extend(HeaderValue::from_bytes(value.as_bytes()).map(|value| (name.clone(), value)));
            }
        }
        *fresh.headers_mut() = headers;
        if let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() {
            fresh.extensions_mut().insert(upgrade);
        }
        if let Some(session) = session {
            fresh.extensions_mut().insert(session.clone());
        }
        match self.engine.clone().oneshot(fresh).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
