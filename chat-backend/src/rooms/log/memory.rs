//! Logs in this process's memory: they survive nothing.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use dashmap::DashMap;
use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    limits::{ROOM_LOG_BYTES, ROOM_LOG_ENTRIES},
};
use tokio::sync::watch;

use super::{
    super::{
        delivery::Payload,
        entry::{ENTRY_VERSION, Entry, Fact, Incarnation, Proposed},
        state::{Epoch, Room, Seat},
    },
    Appended, Counts, Heard, LogError, Opened, RoomLog, RoomLogs, Standing, fold,
};

/// The only node there is.
const NODE: &str = "here";

/// The logs of all rooms. Clones are the same.
#[derive(Debug, Default, Clone)]
pub struct MemoryLogs {
    kept: Arc<DashMap<MeetingId, Kept>>,
    turns: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Kept {
    snapshot: Room,
    epoch: Epoch,
    entries: VecDeque<Entry>,
    bytes: usize,
    top: u64,
    rules: u64,
}

#[async_trait]
impl RoomLogs for MemoryLogs {
    async fn open(&self, meeting: &MeetingId, create: bool) -> Result<Option<Opened>, LogError> {
        if !create && !self.kept.contains_key(meeting) {
            return Ok(None);
        }
        let kept = self.kept.entry(meeting.clone()).or_insert_with(|| {
            let epoch = Epoch::random();
            Kept {
                snapshot: Room::new(meeting.clone(), epoch.clone()),
                epoch,
                entries: VecDeque::new(),
                bytes: 0,
                top: 0,
                rules: 0,
            }
        });
        let log = MemoryLog {
            logs: self.clone(),
            meeting: meeting.clone(),
            epoch: kept.epoch.clone(),
            known: kept.top,
            by: Incarnation::new(NODE, 0),
        };
        let entries = kept.entries.iter().cloned().collect();
        Ok(Some(Opened { log: Box::new(log), snapshot: kept.snapshot.clone(), entries }))
    }

    async fn seats_of_the_dead(&self, _: &MeetingId) -> Result<Vec<Incarnation>, LogError> {
        Ok(Vec::new())
    }

    fn standing(&self, _: &Incarnation) -> Standing {
        Standing::There
    }

    fn deaths(&self) -> watch::Receiver<()> {
        watch::channel(()).1
    }

    async fn look(&self, meeting: &MeetingId) -> Result<Option<Room>, LogError> {
        let folded = |kept: dashmap::mapref::one::Ref<'_, MeetingId, Kept>| {
            fold(kept.snapshot.clone(), kept.entries.iter())
        };
        Ok(self.kept.get(meeting).map(folded))
    }

    async fn read(&self, meeting: &MeetingId) -> Result<Option<(Room, Vec<Entry>)>, LogError> {
        let kept = self.kept.get(meeting);
        Ok(kept.map(|kept| (kept.snapshot.clone(), kept.entries.iter().cloned().collect())))
    }

    async fn reachable(&self) {}

    fn count(&self, _: Counts) {}

    async fn counted_elsewhere(&self) -> Counts {
        Counts::default()
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn meetings(&self) -> Result<HashSet<MeetingId>, LogError> {
        Ok(self.kept.iter().map(|kept| kept.key().clone()).collect())
    }
}

struct MemoryLog {
    logs: MemoryLogs,
    meeting: MeetingId,
    epoch: Epoch,
    known: u64,
    by: Incarnation,
}

impl MemoryLog {
    fn kept(&self) -> Result<dashmap::mapref::one::RefMut<'_, MeetingId, Kept>, LogError> {
        self.logs.kept.get_mut(&self.meeting).filter(|kept| kept.epoch == self.epoch).ok_or(LogError::Lost)
    }
}

impl Kept {
    /// Takes the texts of a message away.
    fn redact(&mut self, message: u64) {
        for entry in &mut self.entries {
            let before = entry.fact.size();
            entry.fact.redact(entry.seq, message);
            self.bytes -= before - entry.fact.size();
        }
    }

    fn after(&self, known: u64) -> Vec<Entry> {
        if known == self.top {
            return Vec::new();
        }
        self.entries.iter().filter(|entry| entry.seq > known).cloned().collect()
    }
}

#[async_trait]
impl RoomLog for MemoryLog {
    fn by(&self) -> &Incarnation {
        &self.by
    }

    async fn append(
        &mut self,
        facts: Vec<Proposed>,
        guard: Option<u64>,
        now: Timestamp,
    ) -> Result<Appended, LogError> {
        let turn = self.logs.turns.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.kept()?;
        let before = kept.after(self.known);
        let top = kept.top;
        let taken = |fact: &Fact| {
            fact.once().is_some_and(|once| before.iter().any(|entry| entry.fact.once() == Some(once)))
        };
        if guard.is_some_and(|rules| rules != kept.rules) || facts.iter().any(|new| taken(&new.fact)) {
            drop(kept);
            self.known = top;
            return Err(LogError::GuardLost(before));
        }
        if kept.entries.len() + facts.len() > ROOM_LOG_ENTRIES || kept.bytes > ROOM_LOG_BYTES {
            return Err(LogError::Full);
        }
        let latest = kept.entries.back().map_or(i64::MIN, |entry| entry.at);
        let at = now.as_millisecond().max(latest);
        let mut own = Vec::with_capacity(facts.len());
        for Proposed { fact, trace } in facts {
            kept.top += 1;
            if fact.rules() {
                kept.rules = kept.top;
            }
            if let Some(message) = fact.redacts() {
                kept.redact(message);
            }
            let by = self.by.clone();
            let entry = Entry { seq: kept.top, at, by, turn, version: ENTRY_VERSION, trace, fact };
            kept.bytes += entry.fact.size();
            kept.entries.push_back(entry.clone());
            own.push(entry);
        }
        let top = kept.top;
        drop(kept);
        self.known = top;
        Ok(Appended { before, own })
    }

    async fn catch_up(&mut self) -> Result<Vec<Entry>, LogError> {
        let (missed, top) = {
            let kept = self.kept()?;
            (kept.after(self.known), kept.top)
        };
        self.known = top;
        Ok(missed)
    }

    async fn heard(&mut self) -> Heard {
        std::future::pending().await
    }

    fn pass(&self, _: Option<&UserId>, _: &'static str, _: &Payload) {}

    async fn hand(&self, _: &Seat, _: &'static str, _: &Payload) -> Result<(), LogError> {
        Err(LogError::Lost) // there is no other node that could hold a seat
    }

    async fn renew(&mut self, snapshot: Room, keep_from: u64) -> Result<(), LogError> {
        let mut kept = self.kept()?;
        if kept.snapshot.top() >= snapshot.top() {
            return Ok(());
        }
        let keep_from = keep_from.min(snapshot.top());
        while kept.entries.front().is_some_and(|oldest| oldest.seq < keep_from) {
            if let Some(oldest) = kept.entries.pop_front() {
                kept.bytes -= oldest.fact.size();
            }
        }
        kept.snapshot = snapshot;
        Ok(())
    }

    async fn remove(&mut self) -> Result<bool, LogError> {
        let (epoch, known) = (&self.epoch, self.known);
        let removed =
            self.logs.kept.remove_if(&self.meeting, |_, kept| kept.epoch != *epoch || kept.top == known);
        Ok(removed.is_some() || !self.logs.kept.contains_key(&self.meeting))
    }

    fn begin_again(&mut self) {}
}
