//! A service behind the gateway, wherever it runs.

use axum::body::Body;
use http::{Request, Response, Uri};
use plenum_contract::{ErrorCode, SessionId};
use plenum_service::{Lifecycle, net::Answers};
use secrecy::SecretString;
use tower::{ServiceExt, service_fn, util::BoxCloneSyncService};

use super::remote::Remote;

/// From request to response; the error is what the client is told.
pub type Backend = BoxCloneSyncService<Request<Body>, Response<Body>, ErrorCode>;

/// A service in this process: the client's own connection is handed over, upgrades too.
pub fn local(service: impl Answers) -> Backend {
    BoxCloneSyncService::new(ServiceExt::<Request<Body>>::map_err(service, |never| match never {}))
}

/// A service at an address: HTTP is forwarded in streams, an upgrade becomes a byte tunnel.
pub fn remote(
    address: Uri,
    secret: Option<SecretString>,
    life: Lifecycle,
) -> Result<Backend, reqwest::Error> {
    let remote = Remote::new(address, secret, life)?;
    Ok(BoxCloneSyncService::new(service_fn(move |request| {
        let remote = remote.clone();
        async move { remote.call(request).await }
    })))
}

/// The nodes of one service.
#[derive(Clone)]
pub struct Nodes(Vec<Backend>);

impl Nodes {
    /// The service runs in this process.
    #[must_use]
    pub fn local(service: impl Answers) -> Self {
        Self(vec![local(service)])
    }

    /// The service runs at these addresses, one at least.
    pub fn remote(
        addresses: &[Uri],
        secret: Option<&SecretString>,
        life: &Lifecycle,
    ) -> Result<Self, reqwest::Error> {
        let nodes = addresses.iter().map(|address| remote(address.clone(), secret.cloned(), life.clone()));
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
