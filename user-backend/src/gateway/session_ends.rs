//! Telling every service that a login session has ended, until each has confirmed it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::body::Body;
use http::Request;
use plenum_contract::{ErrorCode, SessionId, limits::ENDED_SESSIONS_KEPT};
use plenum_service::Lifecycle;

use super::{backend::Backend, mount::Mount};
use crate::sessions::SessionEnds;

/// How long a logout waits for the services; telling goes on behind it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The pause between attempts. They end with the time for which a service would remember the session.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells the services behind the gateway.
pub struct TellBackends {
    nodes: Vec<(&'static str, Backend)>,
    life: Lifecycle,
}

impl TellBackends {
    /// Tells all nodes of these services.
    #[must_use]
    pub fn new(mounts: &[Mount], life: Lifecycle) -> Arc<Self> {
        let nodes =
            mounts.iter().flat_map(|mount| mount.nodes.all().map(|node| (mount.name, node))).collect();
        Arc::new(Self { nodes, life })
    }
}

#[async_trait]
impl SessionEnds for TellBackends {
    async fn ended(&self, session: &SessionId) {
        let telling = self.nodes.iter().map(|(name, node)| {
            self.life.spawn(tell(name, node.clone(), session.clone(), self.life.clone()))
        });
        let told = futures_util::future::join_all(telling);
        tokio::time::timeout(PATIENCE, told).await.ok();
    }
}

async fn tell(name: &'static str, node: Backend, session: SessionId, life: Lifecycle) {
    let attempts = ENDED_SESSIONS_KEPT.as_millis() / PAUSE.as_millis();
    for _ in 0..attempts {
        match tokio::time::timeout(ATTEMPT, tell_once(&node, &session)).await {
            Ok(Ok(())) => return,
            Ok(Err(code)) => {
                tracing::debug!(service = name, code = code.as_str(), "not told of a session's end yet");
            }
            Err(_) => tracing::debug!(service = name, "not told of a session's end yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            // This process can't go on telling; it cuts the sockets that go through it in any case.
            () = life.stopping() => return,
        }
    }
    tracing::error!(service = name, %session, "a service could not be told that a session ended; its sockets may live until they disconnect");
}

async fn tell_once(node: &Backend, session: &SessionId) -> Result<(), ErrorCode> {
    let request = Request::post(format!("/internal/sessions/{session}/end"))
        .body(Body::empty())
        .map_err(|_| ErrorCode::Internal)?;
    let response = node.ask(None, request).await?;
    if response.status().is_success() { Ok(()) } else { Err(ErrorCode::BackendUnavailable) }
}
