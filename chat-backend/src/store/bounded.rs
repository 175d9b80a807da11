use std::{collections::HashSet, future::Future, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::STORE_TIMEOUT};
use plenum_service::clock;
use tokio::time::{sleep, timeout};

use super::{Creation, MeetingStore, StoreError};
use crate::{
    meetings::{Code, Meeting, MeetingChange, VisitNote, VisitRecord},
    metrics,
};

/// How often something is asked before it counts as not available.
const ATTEMPTS: u32 = 6;
/// The longest wait before asking again for the first time; it doubles from time to time.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// A store that answers within [`STORE_TIMEOUT`], whatever the one behind it does. What did not work is asked
/// again a few times within that.
#[derive(Debug, Clone)]
pub struct Bounded<S>(pub S);

/// No answer within [`STORE_TIMEOUT`].
#[derive(Debug, thiserror::Error)]
#[error("no answer within {STORE_TIMEOUT:?}")]
struct TooLate;

async fn bounded<T, F>(question: &'static str, ask: impl Fn() -> F + Send) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>> + Send,
{
    let work = async {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match ask().await {
                Err(StoreError::Unavailable(_)) => {}
                done => return done,
            }
            // By chance, so that those who were in each other's way don't meet again.
            sleep(pause.mul_f64(rand::random())).await;
            pause *= 2;
        }
        ask().await
    };
    let began = clock::instant();
    let answer = timeout(STORE_TIMEOUT, work).await.unwrap_or_else(|_| Err(StoreError::unavailable(TooLate)));
    metrics::STORE.times_of(question).record(clock::instant().duration_since(began));
    if matches!(answer, Err(StoreError::Unavailable(_))) {
        metrics::STORE_FAILED.count_of(question);
    }
    answer
}

#[async_trait]
impl<S: MeetingStore> MeetingStore for Bounded<S> {
    async fn create(&self, meeting: &Meeting) -> Result<Creation, StoreError> {
        bounded("create", || self.0.create(meeting)).await
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        bounded("get", || self.0.get(id)).await
    }

    async fn by_code(&self, code: &Code) -> Result<Option<Meeting>, StoreError> {
        bounded("by_code", || self.0.by_code(code)).await
    }

    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError> {
        bounded("of_user", || self.0.of_user(user)).await
    }

    async fn active_of_host(&self, host: &UserId, most: u64) -> Result<Vec<MeetingId>, StoreError> {
        bounded("active_of_host", || self.0.active_of_host(host, most)).await
    }

    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        bounded("update", || self.0.update(id, change, now)).await
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        bounded("delete", || self.0.delete(id)).await
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        bounded("add_participants", || self.0.add_participants(id, users, now)).await
    }

    async fn set_removed(
        &self,
        id: &MeetingId,
        user: &UserId,
        removed: bool,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        bounded("set_removed", || self.0.set_removed(id, user, removed, now)).await
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32, now: Timestamp) -> Result<(), StoreError> {
        bounded("set_live_count", || self.0.set_live_count(id, users, now)).await
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>, now: Timestamp) -> Result<(), StoreError> {
        bounded("reset_live_counts", || self.0.reset_live_counts(live, now)).await
    }

    async fn overdue(&self, now: Timestamp, most: usize) -> Result<Vec<MeetingId>, StoreError> {
        bounded("overdue", || self.0.overdue(now, most)).await
    }

    async fn complete_overdue(&self, id: &MeetingId, now: Timestamp) -> Result<bool, StoreError> {
        bounded("complete_overdue", || self.0.complete_overdue(id, now)).await
    }

    async fn note_visits(&self, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
        bounded("note_visits", || self.0.note_visits(id, notes)).await
    }

    async fn visits(&self, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
        bounded("visits", || self.0.visits(id)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        bounded("ping", || self.0.ping()).await
    }
}
