//! Telling every service that an account was deleted, until it has confirmed it.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::Request;
use plenum_contract::{UserId, limits::BACKEND_RESPONSE_TIMEOUT};
use plenum_service::Lifecycle;
use tokio::{sync::Notify, time::MissedTickBehavior};

use super::{mount::Mount, nodes::Nodes};
use crate::accounts::Accounts;

/// How often deletions are looked for of which the services have not heard, beside at once.
const EVERY: Duration = Duration::from_secs(5);

/// Tells the services behind the gateway. Clones are the same.
#[derive(Clone, Default)]
pub struct AccountEnds(Arc<Notify>);

impl AccountEnds {
    /// An account was deleted: the services are told at once.
    pub fn look(&self) {
        self.0.notify_one();
    }

    /// Tells the services of what was deleted, here or by another process, until this process stops.
    pub fn keep_telling(&self, mounts: &[Mount], accounts: Accounts, life: &Lifecycle) {
        let services: Vec<_> = mounts.iter().map(|mount| (mount.name, mount.nodes.clone())).collect();
        let (told, stopping) = (self.0.clone(), life.clone());
        life.spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = told.notified() => {}
                    () = stopping.stopping() => return,
                }
                let round = tell_all(&services, &accounts);
                tokio::select! {
                    () = round => {}
                    () = stopping.stopping() => return, // another round, or another process, goes on
                }
            }
        });
    }
}

async fn tell_all(services: &[(&'static str, Nodes)], accounts: &Accounts) {
    let deleted = match accounts.untold_deletions().await {
        Ok(deleted) => deleted,
        Err(error) => {
            tracing::warn!(%error, "deleted accounts can't be read; going on when they can");
            return;
        }
    };
    for user in deleted {
        let mut all_told = true;
        for (service, nodes) in services {
            if !tell(nodes, &user).await {
                tracing::warn!(service, %user, "not told of an account's deletion yet; trying again");
                all_told = false;
            }
        }
        if all_told && let Err(error) = accounts.deletion_is_told(&user).await {
            tracing::warn!(%error, %user, "that all services know of an account's deletion can't be noted; they are told again");
        }
    }
}

/// Tells any node of a service: they share what is to be done.
async fn tell(nodes: &Nodes, user: &UserId) -> bool {
    for node in nodes.for_new(None, false) {
        let Ok(request) = Request::post(format!("/internal/users/{user}/gone")).body(Body::empty()) else {
            return false;
        };
        let answer = tokio::time::timeout(BACKEND_RESPONSE_TIMEOUT, node.backend.ask(None, request)).await;
        if matches!(answer, Ok(Ok(response)) if response.status().is_success()) {
            return true;
        }
    }
    false
}
