//! How many users are in each meeting's room, as the store is told: at once, then once a second at most, and
//! always the latest in the end.

use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};

use dashmap::{DashMap, Entry};
use plenum_contract::{MeetingId, limits::LIVE_COUNT_INTERVAL};
use plenum_service::{Lifecycle, clock};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::store::MeetingStore;

/// Counts that are written at the same time.
const WRITES: usize = 32;
/// The pause after a write that failed while everything is being flushed.
const FLUSH_PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// Takes counts and writes them. Clones are the same.
#[derive(Clone)]
pub struct LiveCounts(Arc<Inner>);

struct Inner {
    store: Arc<dyn MeetingStore>,
    /// The latest count of each meeting whose count is not settled. A meeting has one task as long as it is
    /// here; there are no more of them than rooms.
    wanted: DashMap<MeetingId, u32>,
    places: Semaphore,
    settled: Notify,
    flushing: CancellationToken,
    store_is_away: AtomicBool,
    life: Lifecycle,
}

impl LiveCounts {
    /// Counts for this store.
    #[must_use]
    pub fn start(store: Arc<dyn MeetingStore>, life: &Lifecycle) -> Self {
        Self(Arc::new(Inner {
            store,
            wanted: DashMap::new(),
            places: Semaphore::new(WRITES),
            settled: Notify::new(),
            flushing: CancellationToken::new(),
            store_is_away: AtomicBool::new(false),
            life: life.clone(),
        }))
    }

    /// Notes how many users are in a meeting's room now. Never waits.
    pub fn set(&self, meeting: &MeetingId, users: u32) {
        match self.0.wanted.entry(meeting.clone()) {
            Entry::Occupied(mut wanted) => *wanted.get_mut() = users,
            Entry::Vacant(place) => {
                place.insert(users);
                self.0.life.spawn(self.0.clone().settle(meeting.clone()));
            }
        }
    }

    /// What was noted is not ours to write any more.
    pub fn forget(&self, meeting: &MeetingId) {
        if self.0.wanted.remove(meeting).is_some() {
            self.0.settled.notify_waiters();
        }
    }

    /// Writes everything that is not written yet, without the usual pauses, and waits until it is.
    pub async fn flush(&self) {
        self.0.flushing.cancel();
        loop {
            let settled = self.0.settled.notified();
            if self.0.wanted.is_empty() {
                return;
            }
            settled.await;
        }
    }
}

impl Inner {
    async fn settle(self: Arc<Self>, meeting: MeetingId) {
        loop {
            let Some(users) = self.wanted.get(&meeting).map(|wanted| *wanted) else { return };
            let written = self.write(&meeting, users).await;
            if self.flushing.is_cancelled() {
                if !written {
                    tokio::time::sleep(FLUSH_PAUSE).await;
                }
            } else {
                tokio::select! {
                    () = tokio::time::sleep(LIVE_COUNT_INTERVAL) => {}
                    () = self.flushing.cancelled() => {}
                }
            }
            if written && self.wanted.remove_if(&meeting, |_, wanted| *wanted == users).is_some() {
                self.settled.notify_waiters();
                return;
            }
        }
    }

    async fn write(&self, meeting: &MeetingId, users: u32) -> bool {
        let Ok(_place) = self.places.acquire().await else { return false };
        match self.store.set_live_count(meeting, users, clock::now()).await {
            Ok(()) => {
                self.store_is_away.store(false, Ordering::Relaxed);
                true
            }
            Err(error) => {
                if !self.store_is_away.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "live counts can't be written now; the latest are kept and written later");
                }
                false
            }
        }
    }
}
