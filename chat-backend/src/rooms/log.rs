//! Where a room's log is kept.

use std::{collections::VecDeque, future::Future, sync::Arc};

use dashmap::DashMap;
use jiff::Timestamp;
use plenum_contract::{
    MeetingId,
    limits::{RECENT_MESSAGES, ROOM_LOG_BYTES, ROOM_LOG_ENTRIES},
};

use super::{
    entry::{ENTRY_VERSION, Entry, Fact},
    state::{Epoch, Room},
};

/// A log as it stands: the room as of some entry, and entries, of which those after it are still to be applied.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The fold of everything up to its top.
    pub snapshot: Room,
    /// Oldest first; some may be older than the snapshot.
    pub entries: Vec<Entry>,
}

/// Why a fact was not appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The room's rules changed since the decision: catch up and decide again.
    #[error("the guard was lost")]
    GuardLost,
    /// There is no such log, or it has another epoch.
    #[error("the log is gone")]
    Gone,
}

/// A place for the logs of all rooms. One step checks the guard, numbers and stores.
pub trait RoomLog: Send + Sync + 'static {
    /// The room's log, a new one when there is none.
    fn open(&self, meeting: &MeetingId) -> impl Future<Output = Loaded> + Send;

    /// Numbers and stores a fact, if the room's rules are still those of `guard`.
    fn append(
        &self,
        meeting: &MeetingId,
        epoch: &Epoch,
        fact: Fact,
        guard: Option<u64>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Entry, AppendError>> + Send;

    /// The entries after `seq`, oldest first.
    fn after(&self, meeting: &MeetingId, seq: u64) -> impl Future<Output = Vec<Entry>> + Send;

    /// Renews the snapshot and lets go what is older than it and than the latest messages.
    fn renew(&self, snapshot: Room) -> impl Future<Output = ()> + Send;

    /// Lets the whole log go.
    fn remove(&self, meeting: &MeetingId) -> impl Future<Output = ()> + Send;
}

/// Logs in this process's memory: they survive nothing.
#[derive(Debug, Default, Clone)]
pub struct MemoryLog(Arc<DashMap<MeetingId, Kept>>);

#[derive(Debug)]
struct Kept {
    snapshot: Room,
    entries: VecDeque<Entry>,
    bytes: usize,
    top: u64,
    rules: u64,
}

impl RoomLog for MemoryLog {
    async fn open(&self, meeting: &MeetingId) -> Loaded {
        let kept = self.0.entry(meeting.clone()).or_insert_with(|| Kept {
            snapshot: Room::new(meeting.clone(), Epoch::random()),
            entries: VecDeque::new(),
            bytes: 0,
            top: 0,
            rules: 0,
        });
        Loaded { snapshot: kept.snapshot.clone(), entries: kept.entries.iter().cloned().collect() }
    }

    async fn append(
        &self,
        meeting: &MeetingId,
        epoch: &Epoch,
        fact: Fact,
        guard: Option<u64>,
        at: Timestamp,
    ) -> Result<Entry, AppendError> {
        let mut kept = self.0.get_mut(meeting).ok_or(AppendError::Gone)?;
        if kept.snapshot.epoch() != epoch {
            return Err(AppendError::Gone);
        }
        if guard.is_some_and(|rules| rules != kept.rules) {
            return Err(AppendError::GuardLost);
        }
        kept.top += 1;
        if fact.rules() {
            kept.rules = kept.top;
        }
        let entry = Entry { seq: kept.top, at: at.as_millisecond(), version: ENTRY_VERSION, fact };
        kept.bytes += entry.fact.size();
        kept.entries.push_back(entry.clone());
        Ok(entry)
    }

    async fn after(&self, meeting: &MeetingId, seq: u64) -> Vec<Entry> {
        self.0.get(meeting).map_or_else(Vec::new, |kept| {
            kept.entries.iter().filter(|entry| entry.seq > seq).cloned().collect()
        })
    }

    async fn renew(&self, snapshot: Room) {
        let Some(mut kept) = self.0.get_mut(snapshot.meeting()) else { return };
        if kept.snapshot.epoch() != snapshot.epoch() || kept.snapshot.top() > snapshot.top() {
            return;
        }
        let messages = kept.entries.iter().rev().filter(|entry| matches!(entry.fact, Fact::Said { .. }));
        let oldest_recent = messages.take(RECENT_MESSAGES).last().map_or(u64::MAX, |entry| entry.seq);
        let keep_from = oldest_recent.min(snapshot.top() + 1);
        while let Some(oldest) = kept.entries.front() {
            let past_bounds = kept.entries.len() > ROOM_LOG_ENTRIES || kept.bytes > ROOM_LOG_BYTES;
            if oldest.seq > snapshot.top() || !(oldest.seq < keep_from || past_bounds) {
                break;
            }
            kept.bytes -= oldest.fact.size();
            kept.entries.pop_front();
        }
        kept.snapshot = snapshot;
    }

    async fn remove(&self, meeting: &MeetingId) {
        self.0.remove(meeting);
    }
}
