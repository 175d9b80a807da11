//! Finds the connections whose readers are behind by age.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use super::connection::Connection;
use crate::{Lifecycle, clock};

/// How often every connection is looked at: the rule's precision.
const LOOK: Duration = Duration::from_secs(1);

/// When a reader is behind.
#[derive(Debug, Clone, Copy)]
pub struct Behind {
    /// Unsent bytes, ours and the kernel's.
    pub bytes: usize,
    /// Age of the oldest unsent byte.
    pub age: Duration,
}

/// All connections of one listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Vec<Weak<Connection>>>>);

impl Watch {
    pub(super) fn add(&self, connection: &Arc<Connection>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(connection));
    }

    pub(super) fn start(&self, life: &Lifecycle) {
        let (watch, stopping) = (self.clone(), life.clone());
        life.spawn(async move {
            let mut tick = tokio::time::interval(LOOK);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let stop = stopping.stopping();
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    _ = tick.tick() => watch.look(),
                    () = &mut stop => break,
                }
            }
        });
    }

    fn look(&self) {
        let mut live = Vec::new();
        {
            let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            connections.retain(|weak| weak.upgrade().map(|connection| live.push(connection)).is_some());
            if connections.capacity() > 4 * connections.len().max(64) {
                connections.shrink_to_fit();
            }
        }
        let now = clock::instant();
        for connection in live {
            connection.look(now);
        }
    }
}
