//! A service behind the gateway, wherever it runs.

use std::sync::Arc;

use axum::body::Body;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, Response};
use plenum_contract::{Caller, ErrorCode, caller::Stamp};
use plenum_service::net::{self, Answers};

use super::remote::Remote;

/// A service that answers in the name of whom the gateway has checked. Clones are the same one.
#[derive(Clone)]
pub struct Backend(Arc<dyn Makes>);

/// Why a service gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {cause}", code.as_str())]
pub struct Unanswered {
    /// What the client is told.
    pub code: ErrorCode,
    /// How far the request came.
    pub came: Came,
    /// For the log.
    pub cause: String,
}

/// How far a request came that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was refused here: nobody else would take it either.
    Nowhere,
    /// The service could not be reached: certainly nothing of it was seen there.
    ToNobody,
    /// Nobody knows.
    Somewhere,
}

type Answering = BoxFuture<'static, Result<Response<Body>, Unanswered>>;

trait Makes: Send + Sync {
    fn answer(&self, caller: Option<Caller>, request: Request<Body>) -> Answering;
}

impl Backend {
    /// A service in this process: the client's own connection is handed over, upgrades too.
    pub(super) fn local(service: impl Answers) -> Self {
        Self(Arc::new(Local(service)))
    }

    /// A service at an address: HTTP is forwarded in streams, an upgrade becomes a byte tunnel.
    pub(super) fn remote(remote: Remote) -> Self {
        Self(Arc::new(remote))
    }

    /// Asks in the name of a caller, or of nobody.
    pub async fn ask(
        &self,
        caller: Option<Caller>,
        request: Request<Body>,
    ) -> Result<Response<Body>, Unanswered> {
        self.0.answer(caller, request).await
    }
}

struct Local<S>(S);

impl<S: Answers> Makes for Local<S> {
    fn answer(&self, caller: Option<Caller>, mut request: Request<Body>) -> Answering {
        request.extensions_mut().insert(caller.map_or(Stamp::Nobody, Stamp::Caller));
        Box::pin(net::ask(self.0.clone(), request).map(Ok))
    }
}

impl Makes for Remote {
    fn answer(&self, caller: Option<Caller>, request: Request<Body>) -> Answering {
        let remote = self.clone();
        Box::pin(async move { remote.call(caller, request).await })
    }
}

impl Unanswered {
    /// Refused here.
    pub(super) fn refused(code: ErrorCode) -> Self {
        Self { code, came: Came::Nowhere, cause: "refused by the gateway".to_owned() }
    }

    /// The service can't be reached, or broke off.
    pub(super) fn away(came: Came, cause: impl std::fmt::Display) -> Self {
        Self { code: ErrorCode::BackendUnavailable, came, cause: cause.to_string() }
    }
}
