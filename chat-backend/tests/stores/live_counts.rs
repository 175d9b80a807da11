//! Live counts on their way into the store.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use chat_backend::{
    live_counts::LiveCounts,
    meetings::{Code, Meeting, MeetingChange, VisitNote, VisitRecord},
    store::{Creation, MeetingStore, StoreError},
};
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::LIVE_COUNT_INTERVAL};
use plenum_service::{Lifecycle, clock};
use tokio::{sync::watch, time::Instant};

use crate::{place::Place, promises::a_meeting};

/// A store whose writes of counts are watched.
struct Watched {
    store: Arc<dyn MeetingStore>,
    written: watch::Sender<Vec<(Instant, u32)>>,
}

impl Watched {
    fn before(store: Arc<dyn MeetingStore>) -> Arc<Self> {
        Arc::new(Self { store, written: watch::Sender::new(Vec::new()) })
    }

    /// Waits until this count is the last one written; all writes.
    async fn until(&self, users: u32) -> Vec<(Instant, u32)> {
        let mut written = self.written.subscribe();
        written.wait_for(|all| all.last().is_some_and(|(_, last)| *last == users)).await.unwrap().clone()
    }
}

pub async fn counts_are_written_at_once_then_once_a_second_and_end_with_the_latest(place: &Place) {
    let watched = Watched::before(place.open().await);
    let (meeting, life) = (a_meeting(&*watched.store).await, Lifecycle::new());
    let counts = LiveCounts::start(watched.clone(), &life);
    let asked = clock::instant();
    counts.set(&meeting.id, 1);
    let first = watched.until(1).await[0].0;
    assert!(first - asked < LIVE_COUNT_INTERVAL, "the first is written at once");
    for users in (2..500).rev() {
        counts.set(&meeting.id, users);
        tokio::task::yield_now().await;
    }
    let written = watched.until(2).await;
    for pair in written.windows(2) {
        let pause = pair[1].0 - pair[0].0;
        assert!(pause >= LIVE_COUNT_INTERVAL, "{pause:?} between two writes");
    }
    assert_eq!(watched.store.get(&meeting.id).await.unwrap().unwrap().active_participants, 2);
}

pub async fn a_flush_writes_everything_that_waits(place: &Place) {
    let watched = Watched::before(place.open().await);
    let life = Lifecycle::new();
    let counts = LiveCounts::start(watched.clone(), &life);
    let mut meetings = Vec::new();
    for _ in 0..60 {
        meetings.push(a_meeting(&*watched.store).await);
    }
    for meeting in &meetings {
        counts.set(&meeting.id, 5);
    }
    watched.until(5).await;
    for meeting in &meetings {
        counts.set(&meeting.id, 0);
    }
    let since = clock::instant();
    counts.flush().await;
    // One pause for each of them would be three times as much.
    assert!(since.elapsed() < LIVE_COUNT_INTERVAL * 20, "a flush does not wait for pauses");
    for meeting in &meetings {
        assert_eq!(watched.store.get(&meeting.id).await.unwrap().unwrap().active_participants, 0);
    }
    counts.flush().await;
}

#[async_trait]
impl MeetingStore for Watched {
    async fn set_live_count(&self, id: &MeetingId, users: u32, now: Timestamp) -> Result<(), StoreError> {
        self.store.set_live_count(id, users, now).await?;
        self.written.send_modify(|all| all.push((clock::instant(), users)));
        Ok(())
    }

    async fn create(&self, meeting: &Meeting) -> Result<Creation, StoreError> {
        self.store.create(meeting).await
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        self.store.get(id).await
    }

    async fn by_code(&self, code: &Code) -> Result<Option<Meeting>, StoreError> {
        self.store.by_code(code).await
    }

    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError> {
        self.store.of_user(user).await
    }

    async fn active_of_host(&self, host: &UserId, most: u64) -> Result<Vec<MeetingId>, StoreError> {
        self.store.active_of_host(host, most).await
    }

    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        self.store.update(id, change, now).await
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        self.store.delete(id).await
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        self.store.add_participants(id, users, now).await
    }

    async fn set_removed(
        &self,
        id: &MeetingId,
        user: &UserId,
        removed: bool,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        self.store.set_removed(id, user, removed, now).await
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>, now: Timestamp) -> Result<(), StoreError> {
        self.store.reset_live_counts(live, now).await
    }

    async fn overdue(&self, now: Timestamp, most: usize) -> Result<Vec<MeetingId>, StoreError> {
        self.store.overdue(now, most).await
    }

    async fn complete_overdue(&self, id: &MeetingId, now: Timestamp) -> Result<bool, StoreError> {
        self.store.complete_overdue(id, now).await
    }

    async fn note_visits(&self, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
        self.store.note_visits(id, notes).await
    }

    async fn visits(&self, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
        self.store.visits(id).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}
