//! Finds the connections whose readers are behind by age.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use super::connection::Connection;
use crate::{Lifecycle, clock, memory};

/// How often every connection is looked at: the rule's precision.
const LOOK: Duration = Duration::from_secs(1);

/// When more than half of the connections have gone, and so many, their memory is given back.
const MANY: usize = 500;
/// How many looks after that: what they held goes after them, some of it when its time is over.
const SETTLED: [u32; 3] = [3, 15, 95];

/// Many connections that came, and went.
#[derive(Debug, Default)]
struct Wave {
    most: usize,
    looks: u32,
}

impl Wave {
    /// Takes how many are open now. True a few times after most of many have gone.
    fn is_over(&mut self, open: usize) -> bool {
        self.most = self.most.max(open);
        let gone = open < self.most / 2 && self.most - open >= MANY;
        self.looks = if gone { self.looks + 1 } else { 0 };
        let over = SETTLED.contains(&self.looks);
        if SETTLED.last() == Some(&self.looks) {
            *self = Self { most: open, looks: 0 };
        }
        over
    }
}

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
            let mut wave = Wave::default();
            let mut tick = tokio::time::interval(LOOK);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let stop = stopping.stopping();
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    _ = tick.tick() => {
                        if wave.is_over(watch.look()) {
                            tokio::task::spawn_blocking(memory::give_back).await.ok();
                        }
                    }
                    () = &mut stop => break,
                }
            }
        });
    }

    /// Looks at all connections, and says how many are open.
    fn look(&self) -> usize {
        let mut live = Vec::new();
        {
            let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            connections.retain(|weak| weak.upgrade().map(|connection| live.push(connection)).is_some());
            if connections.capacity() > 4 * connections.len().max(64) {
                connections.shrink_to_fit();
            }
        }
        let now = clock::instant();
        for connection in &live {
            connection.look(now);
        }
        live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_most_of_many_have_gone_memory_is_given_back_a_few_times() {
        let mut wave = Wave::default();
        let before = [100, 2_000, 2_000, 900, 900, 1_100];
        assert!(!before.iter().any(|open| wave.is_over(*open)), "they came, and half of them are there");
        let over: Vec<u32> = (1..=300).filter(|_| wave.is_over(100)).collect();
        assert_eq!(over, SETTLED);
        assert!(!(0..300).any(|_| wave.is_over(60)), "few have gone");
    }
}
