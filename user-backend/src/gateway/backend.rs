//! A service behind the gateway, wherever it runs.

use std::sync::Arc;

use axum::body::Body;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, Response, Uri};
use plenum_contract::{Caller, ErrorCode, SessionId, caller::Stamp};
use plenum_service::{
    Lifecycle,
    net::{self, Answers},
};
use secrecy::SecretString;

use super::remote::Remote;

/// A service that answers in the name of whom the gateway has checked. Clones are the same one.
#[derive(Clone)]
pub struct Backend(Arc<dyn Node>);

type Answering = BoxFuture<'static, Result<Response<Body>, ErrorCode>>;

trait Node: Send + Sync {
    fn answer(&self, caller: Option<Caller>, request: Request<Body>) -> Answering;
}

impl Backend {
    /// A service in this process: the client's own connection is handed over, upgrades too.
    pub fn local(service: impl Answers) -> Self {
        Self(Arc::new(Local(service)))
    }

    /// A service at an address: HTTP is forwarded in streams, an upgrade becomes a byte tunnel.
    pub fn remote(
        address: Uri,
        secret: Option<SecretString>,
        life: Lifecycle,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self(Arc::new(Remote::new(address, secret, life)?)))
    }

    /// Asks in the name of a caller, or of nobody. The error is what the client is told.
    pub async fn ask(
        &self,
        caller: Option<Caller>,
        request: Request<Body>,
    ) -> Result<Response<Body>, ErrorCode> {
        self.0.answer(caller, request).await
    }
}

struct Local<S>(S);

impl<S: Answers> Node for Local<S> {
    fn answer(&self, caller: Option<Caller>, mut request: Request<Body>) -> Answering {
        request.extensions_mut().insert(caller.map_or(Stamp::Nobody, Stamp::Caller));
        Box::pin(net::ask(self.0.clone(), request).map(Ok))
    }
}

impl Node for Remote {
    fn answer(&self, caller: Option<Caller>, request: Request<Body>) -> Answering {
        let remote = self.clone();
        Box::pin(async move { remote.call(caller, request).await })
    }
}

/// The nodes of one service.
#[derive(Clone)]
pub struct Nodes(Vec<Backend>);

impl Nodes {
    /// The service runs in this process.
    #[must_use]
    pub fn local(service: impl Answers) -> Self {
        Self(vec![Backend::local(service)])
    }

    /// The service runs at these addresses, one at least.
    pub fn remote(
        addresses: &[Uri],
        secret: Option<&SecretString>,
        life: &Lifecycle,
    ) -> Result<Self, reqwest::Error> {
        let nodes =
            addresses.iter().map(|address| Backend::remote(address.clone(), secret.cloned(), life.clone()));
        nodes.collect::<Result<_, _>>().map(Self)
    }

    /// The node that serves a caller's request. There is one; this is where several will be told apart.
    #[must_use]
    pub fn choose(&self, _session: Option<&SessionId>) -> Option<Backend> {
        self.0.first().cloned()
    }

    /// Every node, for what all must be told.
    pub fn all(&self) -> impl Iterator<Item = Backend> {
        self.0.iter().cloned()
    }
}
