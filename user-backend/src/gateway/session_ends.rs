//! Telling every service that a login session has ended, until each has confirmed it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::body::Body;
use http::Request;
use plenum_contract::{SessionId, limits::ENDED_SESSIONS_KEPT};
use plenum_service::Lifecycle;

use super::{
    backend::Backend,
    mount::Mount,
    nodes::{Node, Nodes},
};
use crate::sessions::SessionEnds;

/// How long a logout waits for the services; telling goes on behind it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long an attempt may be without an answer before another node is asked to write to that one.
const HESITATION: Duration = Duration::from_millis(300);
/// The pause between attempts. They end with the time for which a service would remember the session.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells the services behind the gateway.
pub struct TellBackends {
    services: Vec<(&'static str, Nodes)>,
    life: Lifecycle,
}

impl TellBackends {
    /// Tells all nodes of these services.
    #[must_use]
    pub fn new(mounts: &[Mount], life: Lifecycle) -> Arc<Self> {
        let services = mounts.iter().map(|mount| (mount.name, mount.nodes.clone())).collect();
        Arc::new(Self { services, life })
    }
}

#[async_trait]
impl SessionEnds for TellBackends {
    async fn ended(&self, session: &SessionId) {
        let mut telling = Vec::new();
        for (name, nodes) in &self.services {
            for node in nodes.current().iter().cloned() {
                let tell = Tell { service: name, nodes: nodes.clone(), node, session: session.clone() };
                telling.push(self.life.spawn(tell.until_told(self.life.clone())));
            }
        }
        tokio::time::timeout(PATIENCE, futures_util::future::join_all(telling)).await.ok();
    }
}

/// What one node is to be told.
struct Tell {
    service: &'static str,
    nodes: Nodes,
    node: Arc<Node>,
    session: SessionId,
}

impl Tell {
    async fn until_told(self, life: Lifecycle) {
        let Self { service, nodes, node, session } = self;
        let attempts = ENDED_SESSIONS_KEPT.as_millis() / PAUSE.as_millis();
        let mut written = false;
        for _ in 0..attempts {
            let attempt = tokio::time::timeout(ATTEMPT, tell(&node.backend, &session, "end"));
            tokio::pin!(attempt);
            let told = tokio::select! {
                told = &mut attempt => told,
                // Out of reach, perhaps, of this gateway alone: the other nodes may reach it.
                () = tokio::time::sleep(HESITATION) => {
                    written = written || have_it_written(&nodes, &node, &session).await;
                    attempt.await
                }
            };
            match told {
                Ok(Ok(())) => return,
                Ok(Err(cause)) => {
                    tracing::debug!(service, node = node.name, cause, "not told of a session's end yet");
                }
                Err(_) => tracing::debug!(service, node = node.name, "not told of a session's end yet"),
            }
            written = written || have_it_written(&nodes, &node, &session).await;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                // This process can't go on telling; it cuts the sockets that go through it in any case.
                () = life.stopping() => return,
            }
            if !nodes.hold(&node) {
                return; // it is gone, and its sockets with it
            }
        }
        if written {
            tracing::warn!(service, node = node.name, %session, "a node did not confirm that a session ended; another node has written to it");
        } else {
            tracing::error!(service, node = node.name, %session, "a node could not be told that a session ended; its sockets may live until they disconnect");
        }
    }
}

/// Has another node write to all that share its rooms. False when none could.
async fn have_it_written(nodes: &Nodes, but: &Arc<Node>, session: &SessionId) -> bool {
    for other in nodes.current().iter().filter(|other| !Arc::ptr_eq(other, but) && other.is_ready()) {
        let written = tokio::time::timeout(ATTEMPT, tell(&other.backend, session, "end-elsewhere"));
        if matches!(written.await, Ok(Ok(()))) {
            return true;
        }
    }
    false
}

async fn tell(node: &Backend, session: &SessionId, what: &str) -> Result<(), String> {
    let request = Request::post(format!("/internal/sessions/{session}/{what}"))
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = node.ask(None, request).await.map_err(|unanswered| unanswered.to_string())?;
    if response.status().is_success() { Ok(()) } else { Err(response.status().to_string()) }
}
