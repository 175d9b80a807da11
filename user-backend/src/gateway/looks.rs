//! Looking at nodes: whether each is ready, and whether it shares its rooms with the others.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use plenum_contract::http::Ready;
use plenum_service::Lifecycle;
use serde_json::Value;
use tokio::time::MissedTickBehavior;

use super::{backend::Backend, nodes::Node};

/// How often a node is looked at. A node that stops serves for a second after it has said so, so that everybody has
/// looked by then.
const EVERY: Duration = Duration::from_millis(300);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of the largest answer that is read.
const ANSWER: usize = 16 * 1024;

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It takes what is new.
    Ready(Rooms),
    /// It would, but its store is away.
    WithoutStore(Rooms),
    /// It answers, and says that it does not.
    NotReady(Rooms),
    /// Nobody answered.
    Nothing,
}

/// Whose a node's rooms are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rooms {
    /// All nodes'.
    Shared,
    /// The node's alone.
    Own,
    /// It is not told.
    Unknown,
}

/// Looks at a node again and again, for as long as it is anybody's or until the process stops.
pub(super) fn keep_looking(node: &Arc<Node>, life: &Lifecycle) {
    let (node, stopping) = (Arc::downgrade(node), life.clone());
    life.spawn(async move {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopping.stopping() => return,
            }
            let Some(node) = node.upgrade() else { return };
            look_at(&node).await;
        }
    });
}

/// Looks at a node once, and keeps what that shows.
pub(super) async fn look_at(node: &Node) {
    node.was_seen(look(&node.backend).await);
}

/// Looks at a backend once.
pub(super) async fn look(backend: &Backend) -> Seen {
    tokio::time::timeout(PATIENCE, ask(backend)).await.ok().flatten().unwrap_or(Seen::Nothing)
}

async fn ask(backend: &Backend) -> Option<Seen> {
    let request = Request::get("/ready").body(Body::empty()).ok()?;
    let (head, body) = backend.ask(None, request).await.ok()?.into_parts();
    let said = Limited::new(body, ANSWER).collect().await.ok();
    let answer = said.and_then(|body| serde_json::from_slice(&body.to_bytes()).ok()).unwrap_or_default();
    let rooms = rooms_in(&answer);
    Some(match head.status.is_success() {
        true => Seen::Ready(rooms),
        false if lacks_only_its_store(&answer) => Seen::WithoutStore(rooms),
        false => Seen::NotReady(rooms),
    })
}

fn lacks_only_its_store(answer: &Value) -> bool {
    let away = answer["parts"].as_object().into_iter().flatten().filter(|(_, state)| *state != Ready::WELL);
    answer["status"] == Ready::NOT_READY && away.map(|(part, _)| part).eq([Ready::STORE])
}

/// A node that says how its parts are, but nothing of its rooms, is of a release that knew only its own.
fn rooms_in(answer: &Value) -> Rooms {
    match answer["rooms"].as_str() {
        Some(Ready::SHARED_ROOMS) => Rooms::Shared,
        Some(Ready::OWN_ROOMS) => Rooms::Own,
        None if answer["parts"].is_object() => Rooms::Own,
        _ => Rooms::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_whose_its_rooms_are_and_one_of_an_earlier_release_by_saying_nothing() {
        let said = |shared: Option<bool>| {
            let mut ready = Ready::new(false);
            ready.part(Ready::STORE, true);
            if let Some(shared) = shared {
                ready.rooms(shared);
            }
            rooms_in(&serde_json::to_value(&ready).unwrap())
        };
        assert_eq!(
            [said(Some(true)), said(Some(false)), said(None)],
            [Rooms::Shared, Rooms::Own, Rooms::Own]
        );
        for other in ["null", "[]", "\"ready\"", "{\"rooms\":1}"] {
            assert_eq!(rooms_in(&serde_json::from_str(other).unwrap()), Rooms::Unknown, "{other}");
        }
    }

    #[test]
    fn a_node_without_its_store_alone_is_told_from_one_that_lacks_more_or_stops() {
        let lacks_only = |stopping, away: &[&str]| {
            let mut ready = Ready::new(stopping);
            for part in [Ready::STORE, "redis"] {
                ready.part(part, !away.contains(&part));
            }
            lacks_only_its_store(&serde_json::to_value(&ready).unwrap())
        };
        assert!(lacks_only(false, &["store"]));
        for (stopping, away) in
            [(true, &["store"][..]), (false, &["redis"]), (false, &["store", "redis"]), (false, &[])]
        {
            assert!(!lacks_only(stopping, away), "{stopping} {away:?}");
        }
        assert!(!lacks_only_its_store(&Value::Null));
    }
}
