//! When a room's log gets a newer snapshot, and which one.

use plenum_contract::limits::{RESUME_MAX_BYTES, SNAPSHOT_EVERY};

use super::super::{entry::Entry, state::Room};

/// A log's next snapshot is the room as it was some entries ago, so that who opens the log finds enough of them behind
/// it to tell people what they missed.
pub(super) struct Snapshots {
    /// The room as it was then.
    base: Room,
    /// Entries since then.
    entries: usize,
    /// Their bytes, near enough.
    bytes: usize,
}

impl Snapshots {
    pub const fn new(base: Room) -> Self {
        Self { base, entries: 0, bytes: 0 }
    }

    /// Takes note of an entry that was applied.
    pub fn note(&mut self, entry: &Entry) {
        self.entries += 1;
        self.bytes += entry.fact.size();
    }

    /// Whether enough has been applied since the last one.
    pub const fn is_due(&self) -> bool {
        self.entries >= SNAPSHOT_EVERY || self.bytes >= RESUME_MAX_BYTES
    }

    /// The snapshot that is due; the one after it will be the room as it is `now`.
    pub fn next(&mut self, now: &Room) -> Room {
        (self.entries, self.bytes) = (0, 0);
        std::mem::replace(&mut self.base, now.clone())
    }
}
