//! Who came to which meeting and went, on its way into the store: several at a time, and again while the store is away.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use dashmap::{DashMap, Entry};
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId};
use plenum_service::Lifecycle;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{
    meetings::{Coming, VisitNote},
    store::{MeetingStore, StoreError},
};

/// How long notes of one meeting are gathered before they are written, and the pause after a write that failed.
const GATHER: Duration = Duration::from_secs(1);
/// The pause after a write that failed while everything is being flushed.
const FLUSH_PAUSE: Duration = Duration::from_millis(200);
/// Notes that are written at once.
const WRITTEN_AT_ONCE: usize = 100;
/// Meetings that are written at the same time.
const WRITES: usize = 8;
/// Notes that may wait, of all meetings. Further ones are lost: a report lacks them.
const WAITING_MAX: usize = 100_000;

/// Takes notes and writes them. Clones are the same.
#[derive(Clone)]
pub struct Attendance(Arc<Inner>);

struct Inner {
    store: Arc<dyn MeetingStore>,
    /// What is to be written of each meeting, in order. A meeting has one task as long as it is here.
    waiting: DashMap<MeetingId, VecDeque<VisitNote>>,
    waiting_in_all: AtomicUsize,
    loses: AtomicBool,
    places: Semaphore,
    settled: Notify,
    flushing: CancellationToken,
    life: Lifecycle,
}

impl Attendance {
    /// Attendance for this store.
    #[must_use]
    pub fn start(store: Arc<dyn MeetingStore>, life: &Lifecycle) -> Self {
        Self(Arc::new(Inner {
            store,
            waiting: DashMap::new(),
            waiting_in_all: AtomicUsize::new(0),
            loses: AtomicBool::new(false),
            places: Semaphore::new(WRITES),
            settled: Notify::new(),
            flushing: CancellationToken::new(),
            life: life.clone(),
        }))
    }

    /// Notes that somebody came. `visit` names this stay, once in its meeting. Never waits.
    pub fn came(
        &self,
        meeting: &MeetingId,
        visit: &str,
        user: &UserId,
        name: &str,
        guest: bool,
        at: Timestamp,
    ) {
        let came = Coming { user: user.clone(), name: name.into(), guest, at };
        self.note(meeting, VisitNote { id: visit.into(), came: Some(came), left_at: None });
    }

    /// Notes that a stay has ended, whichever node noted that it began. Never waits.
    pub fn went(&self, meeting: &MeetingId, visit: &str, at: Timestamp) {
        self.note(meeting, VisitNote { id: visit.into(), came: None, left_at: Some(at) });
    }

    fn note(&self, meeting: &MeetingId, note: VisitNote) {
        if self.0.waiting_in_all.load(Ordering::Relaxed) >= WAITING_MAX {
            if !self.0.loses.swap(true, Ordering::Relaxed) {
                tracing::warn!("so much attendance waits for the store that some is lost");
            }
            return;
        }
        self.0.loses.store(false, Ordering::Relaxed);
        self.0.waiting_in_all.fetch_add(1, Ordering::Relaxed);
        match self.0.waiting.entry(meeting.clone()) {
            Entry::Occupied(mut waiting) => waiting.get_mut().push_back(note),
            Entry::Vacant(place) => {
                place.insert(VecDeque::from([note]));
                self.0.life.spawn(self.0.clone().settle(meeting.clone()));
            }
        }
    }

    /// Writes everything that is not written yet, without the usual pauses, and waits until it is.
    pub async fn flush(&self) {
        self.0.flushing.cancel();
        loop {
            let settled = self.0.settled.notified();
            if self.0.waiting.is_empty() {
                return;
            }
            settled.await;
        }
    }
}

impl Inner {
    async fn settle(self: Arc<Self>, meeting: MeetingId) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = self.flushing.cancelled() => {}
            }
            let Some((taken, batch)) = self.batch(&meeting) else { return };
            if !self.write(&meeting, &batch).await {
                if self.flushing.is_cancelled() {
                    tokio::time::sleep(FLUSH_PAUSE).await;
                }
                continue;
            }
            self.waiting_in_all.fetch_sub(taken, Ordering::Relaxed);
            if let Some(mut waiting) = self.waiting.get_mut(&meeting) {
                waiting.drain(..taken);
            }
            if self.waiting.remove_if(&meeting, |_, waiting| waiting.is_empty()).is_some() {
                self.settled.notify_waiters();
                return;
            }
        }
    }

    /// What is written next, each visit once, and of how many notes that is.
    fn batch(&self, meeting: &MeetingId) -> Option<(usize, Vec<VisitNote>)> {
        let waiting = self.waiting.get(meeting)?;
        let taken = waiting.len().min(WRITTEN_AT_ONCE);
        let mut batch: Vec<VisitNote> = Vec::with_capacity(taken);
        for note in waiting.iter().take(taken) {
            match batch.iter_mut().find(|known| known.id == note.id) {
                Some(known) => {
                    known.came = known.came.take().or_else(|| note.came.clone());
                    known.left_at = known.left_at.max(note.left_at);
                }
                None => batch.push(note.clone()),
            }
        }
        Some((taken, batch))
    }

    /// Whether it is done, for better or worse.
    async fn write(&self, meeting: &MeetingId, batch: &[VisitNote]) -> bool {
        let Ok(_place) = self.places.acquire().await else { return false };
        match self.store.note_visits(meeting, batch).await {
            Ok(()) => true,
            Err(error @ StoreError::Unavailable(_)) => {
                tracing::debug!(%meeting, %error, "attendance is kept and written later");
                false
            }
            Err(error) => {
                tracing::warn!(%meeting, %error, "attendance can't be written");
                true
            }
        }
    }
}
