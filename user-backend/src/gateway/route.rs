//! Which of several nodes answers a request, and when another may be asked instead.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use http::{Method, Request, Response, StatusCode, request::Parts};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use plenum_contract::{
    ApiError, Caller, ErrorCode,
    limits::{FRAME_MAX, JSON_BODY_MAX},
};
use serde_json::Value;

use super::{
    backend::{Backend, Came, Unanswered},
    nodes::{Node, Nodes},
    sids::Sid,
};

use crate::metrics;

/// Bytes of an answer that is read to know what it says.
const SAID_MAX: u64 = 4 * 1024;

/// What a request is, for choosing its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Any node does.
    Any,
    /// It opens a socket.io session, on a WebSocket or to be polled.
    Open { websocket: bool },
    /// It is of a socket.io session that one node has.
    Of(Sid),
}

impl Nodes {
    /// Passes a request to the node that is to answer it. `tried` is called with each node before it is asked.
    pub(super) async fn ask(
        &self,
        way: &Way,
        caller: Option<Caller>,
        request: Request<Body>,
        tried: impl Fn(&Backend) + Send + Sync,
    ) -> Result<Response<Body>, ErrorCode> {
        if let Some(only) = self.only() {
            tried(&only.backend);
            return only.backend.ask(caller, request).await.map_err(|unanswered| only.told(&unanswered));
        }
        let asking = Asking { nodes: self, caller, tried };
        // Large, and only where there are several nodes: in a box, so that no other request carries it.
        match way {
            Way::Any => Box::pin(asking.any(false, request)).await.map(|(_, response)| response),
            Way::Open { websocket: true } => {
                Box::pin(asking.any(self.are_here(), request)).await.map(|(_, response)| response)
            }
            Way::Open { websocket: false } => Box::pin(asking.open(request)).await,
            Way::Of(sid) => Box::pin(asking.of(sid, request)).await,
        }
    }
}

struct Asking<'a, F> {
    nodes: &'a Nodes,
    caller: Option<Caller>,
    tried: F,
}

impl<F: Fn(&Backend) + Send + Sync> Asking<'_, F> {
    async fn ask(&self, node: &Node, request: Request<Body>) -> Result<Response<Body>, Unanswered> {
        (self.tried)(&node.backend);
        node.backend.ask(self.caller.clone(), request).await
    }

    /// The first node that takes it. Another is asked only when it certainly did nothing at the one before, or may be
    /// done twice.
    async fn any(
        &self,
        here: bool,
        request: Request<Body>,
    ) -> Result<(Arc<Node>, Response<Body>), ErrorCode> {
        let nodes = self.nodes.for_new(self.caller.as_ref().map(|caller| &caller.session), here);
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        let mut request = Repeated::held(request).await?;
        let mut last = Err(ErrorCode::BackendUnavailable);
        for node in nodes {
            let Some(once) = request.once() else { break };
            match self.ask(&node, once).await {
                Ok(response) => {
                    let (response, code) = said(response, StatusCode::SERVICE_UNAVAILABLE).await;
                    let stops = code == Some(ErrorCode::ShuttingDown);
                    last = Ok((node, response));
                    if !stops {
                        break;
                    }
                }
                Err(unanswered) => {
                    let again = match unanswered.came {
                        Came::Nowhere => false,
                        Came::ToNobody => true,
                        Came::Somewhere => safe && unanswered.code != ErrorCode::BackendTimeout,
                    };
                    last = Err(node.told(&unanswered));
                    if !again {
                        break;
                    }
                }
            }
            if let Ok((node, _)) = &last {
                node.is_away();
            }
        }
        last
    }

    /// Opens a session that polls, and remembers where.
    async fn open(&self, request: Request<Body>) -> Result<Response<Body>, ErrorCode> {
        let (node, response) = self.any(false, request).await?;
        if response.status() != StatusCode::OK || !is_short(&response) {
            return Ok(response);
        }
        let (head, body) = read(response).await;
        if let (Some(sid), Some(sids)) = (opened(&body), self.nodes.sids()) {
            sids.remember(sid, node);
        }
        Ok(Response::from_parts(head, Body::from(body)))
    }

    /// The node that has the session: the one that is remembered, or whichever does not say that it has not. The others
    /// do nothing with it, so that they may all be asked.
    async fn of(&self, sid: &Sid, request: Request<Body>) -> Result<Response<Body>, ErrorCode> {
        let sids = self.nodes.sids();
        if let Some(node) = sids.and_then(|sids| sids.node_of(sid)) {
            let answered = self.ask(&node, request).await.map_err(|unanswered| node.told(&unanswered))?;
            let (response, code) = said(answered, StatusCode::BAD_REQUEST).await;
            if let (Some(ErrorCode::UnknownSid), Some(sids)) = (code, sids) {
                sids.forget(sid);
            }
            return Ok(response);
        }
        let mut request = Repeated::whole(request).await?;
        let (mut strange, mut silent) = (None, None);
        for node in self.nodes.for_old(self.caller.as_ref().map(|caller| &caller.session)) {
            let Some(once) = request.once() else { break };
            match self.ask(&node, once).await {
                Ok(response) => {
                    let (response, code) = said(response, StatusCode::BAD_REQUEST).await;
                    if code == Some(ErrorCode::UnknownSid) {
                        strange = Some(response);
                        continue;
                    }
                    let knows = response.status().is_success()
                        || response.status() == StatusCode::SWITCHING_PROTOCOLS;
                    if let (true, Some(sids)) = (knows, sids) {
                        sids.remember(sid.clone(), node);
                    }
                    return Ok(response);
                }
                Err(unanswered) => {
                    let code = node.told(&unanswered);
                    if unanswered.came == Came::Nowhere {
                        return Err(code);
                    }
                    silent = Some(code);
                }
            }
        }
        // A node that did not answer may be the one that has it.
        match (silent, strange) {
            (None, Some(response)) => Ok(response),
            (code, _) => Err(code.unwrap_or(ErrorCode::BackendUnavailable)),
        }
    }
}

impl Node {
    /// Notes that there was no answer; what the client is told.
    fn told(&self, unanswered: &Unanswered) -> ErrorCode {
        if unanswered.came == Came::ToNobody {
            self.is_away();
        }
        if unanswered.code == ErrorCode::BackendUnavailable {
            tracing::warn!(
                node = self.name,
                cause = unanswered.cause,
                "a backend can't be reached; is it running, and is CHAT_BACKEND_URL right?"
            );
        }
        metrics::BACKEND_FAILED.count_of(unanswered.code.as_str());
        unanswered.code
    }
}

/// A request that can be sent more than once, if its body was short enough to be held.
struct Repeated {
    parts: Parts,
    body: Held,
}

enum Held {
    Bytes(Bytes),
    Stream(Option<Body>),
}

impl Repeated {
    /// Holds a body that says that it is short; another is passed on as it comes, once.
    async fn held(request: Request<Body>) -> Result<Self, ErrorCode> {
        let length = request.body().size_hint().exact();
        if length.is_some_and(|length| length <= JSON_BODY_MAX as u64) {
            return Self::whole(request).await;
        }
        let (parts, body) = request.into_parts();
        Ok(Self { parts, body: Held::Stream(Some(body)) })
    }

    /// Holds the body, which must be no larger than a socket.io client's may be.
    async fn whole(request: Request<Body>) -> Result<Self, ErrorCode> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, FRAME_MAX).collect().await.map_err(|error| {
            // What broke off has nobody left who reads an answer.
            if error.is::<LengthLimitError>() { ErrorCode::BodyTooLarge } else { ErrorCode::InvalidJson }
        })?;
        Ok(Self { parts, body: Held::Bytes(body.to_bytes()) })
    }

    fn once(&mut self) -> Option<Request<Body>> {
        let body = match &mut self.body {
            Held::Bytes(bytes) => Body::from(bytes.clone()),
            Held::Stream(body) => body.take()?,
        };
        Some(Request::from_parts(self.parts.clone(), body))
    }
}

/// The code of a failure with this status; the answer is as it was.
async fn said(response: Response<Body>, status: StatusCode) -> (Response<Body>, Option<ErrorCode>) {
    if response.status() != status || !is_short(&response) {
        return (response, None);
    }
    let (head, body) = read(response).await;
    let failure = serde_json::from_slice::<ApiError>(&body).ok();
    (Response::from_parts(head, Body::from(body)), failure.map(|failure| failure.error.code))
}

fn is_short(response: &Response<Body>) -> bool {
    response.body().size_hint().exact().is_some_and(|length| length <= SAID_MAX)
}

/// An answer whose body is short. One that breaks off is empty.
async fn read(response: Response<Body>) -> (http::response::Parts, Bytes) {
    let (head, body) = response.into_parts();
    (head, body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default())
}

/// The session that an Engine.IO OPEN packet names.
fn opened(body: &[u8]) -> Option<Sid> {
    let open: Value = serde_json::from_slice(body.strip_prefix(b"0")?).ok()?;
    Sid::parse(open["sid"].as_str()?)
}
