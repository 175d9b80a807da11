//! What nodes are asked of themselves.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Limited};
use plenum_contract::{ApiError, ErrorCode};
use serde::{Deserialize, de::DeserializeOwned};

use super::{nodes::Node, proxy::Gateway};

/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer: a room's recording is the largest.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

#[derive(Deserialize)]
struct Answered<T> {
    data: T,
}

impl Gateway {
    /// What each node of the service that has rooms answers to a question, by the node's name; none from one that does not.
    pub async fn each_node<T: DeserializeOwned>(&self, path: &str) -> Vec<(String, Option<T>)> {
        let nodes = self.with_rooms();
        join_all(nodes.iter().map(|node| async move {
            let read = |body: Bytes| serde_json::from_slice::<Answered<T>>(&body).ok();
            let answered = ask(node, Method::GET, path).await.ok().and_then(read);
            (node.name.clone(), answered.map(|answered| answered.data))
        }))
        .await
    }

    /// The same of nodes that share no process with a gateway: what such a one knows, nobody else does.
    pub async fn each_node_apart<T: DeserializeOwned>(&self, path: &str) -> Vec<(String, Option<T>)> {
        let here = self.mounts().iter().any(|mount| mount.socket.is_some() && mount.nodes.are_here());
        if here { Vec::new() } else { self.each_node(path).await }
    }

    /// What one of the nodes does, whichever it is: each can.
    pub async fn any_node(&self, method: Method, path: &str) -> Result<Bytes, ErrorCode> {
        self.first_that(method, path, |code| code != ErrorCode::BackendUnavailable).await
    }

    /// What the one node does that can: the others don't know what is meant.
    pub async fn the_node(&self, method: Method, path: &str) -> Result<Bytes, ErrorCode> {
        self.first_that(method, path, |_| false).await
    }

    async fn first_that(
        &self,
        method: Method,
        path: &str,
        is_final: impl Fn(ErrorCode) -> bool,
    ) -> Result<Bytes, ErrorCode> {
        let mut refused = ErrorCode::BackendUnavailable;
        for node in self.with_rooms() {
            match ask(&node, method.clone(), path).await {
                Ok(body) => return Ok(body),
                Err(code) if is_final(code) => return Err(code),
                Err(code) => refused = code,
            }
        }
        Err(refused)
    }

    fn with_rooms(&self) -> Vec<std::sync::Arc<Node>> {
        let mounts = self.mounts().iter().filter(|mount| mount.socket.is_some());
        mounts.flat_map(|mount| mount.nodes.current().iter().cloned().collect::<Vec<_>>()).collect()
    }
}

async fn ask(node: &Node, method: Method, path: &str) -> Result<Bytes, ErrorCode> {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    let request = request.map_err(|_| ErrorCode::NotFound)?;
    let asking = async {
        let response = node.backend.ask(None, request).await.map_err(|_| ErrorCode::BackendUnavailable)?;
        let (head, body) = response.into_parts();
        let read = Limited::new(body, ANSWER_MAX).collect().await;
        let body = read.map_err(|_| ErrorCode::BackendUnavailable)?.to_bytes();
        if head.status.is_success() {
            return Ok(body);
        }
        let refused = serde_json::from_slice::<ApiError>(&body);
        Err(refused.map_or(ErrorCode::BackendUnavailable, |refused| refused.error.code))
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(ErrorCode::BackendTimeout))
}
