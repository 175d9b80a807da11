//! A room's log, taken out of it so that what happened can be looked at elsewhere.

use plenum_contract::MeetingId;
use serde::{Deserialize, Serialize};

use super::{
    entry::{ENTRY_VERSION, Entry},
    state::Room,
};

/// The form of recordings that this release writes.
const FORMAT: u8 = 1;

/// What one room's log held: its latest snapshot and what came after it, oldest first, and before them the messages that
/// may still be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    format: u8,
    /// When it was taken, ISO 8601.
    pub taken_at: String,
    /// Whether what people wrote is in it.
    pub texts: bool,
    pub(super) snapshot: Room,
    pub(super) entries: Vec<Entry>,
}

/// Why something is no recording.
#[derive(Debug, thiserror::Error)]
pub enum NotARecording {
    /// It is something else, or broken off.
    #[error("it is not a room's recording: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It has another form.
    #[error(
        "it was recorded by a newer release (its form is {found}; this release reads {FORMAT}): replay it with that one"
    )]
    Newer {
        /// Its form.
        found: u8,
    },
}

/// The beginning of any form.
#[derive(Deserialize)]
struct Head {
    format: u8,
}

impl Recording {
    /// Takes one. What admits people (the passcode, the code of the link) is never in it; what they wrote only with `texts`,
    /// else how long it was.
    #[must_use]
    pub fn take(mut snapshot: Room, mut entries: Vec<Entry>, taken_at: String, texts: bool) -> Self {
        snapshot.redact(texts);
        for entry in &mut entries {
            entry.fact.redact_for_recording(texts);
        }
        Self { format: FORMAT, taken_at, texts, snapshot, entries }
    }

    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, NotARecording> {
        let Head { format } = serde_json::from_str(text)?;
        if format > FORMAT {
            return Err(NotARecording::Newer { found: format });
        }
        let recording: Self = serde_json::from_str(text)?;
        match recording.entries.iter().map(|entry| entry.version).max() {
            Some(found) if found > ENTRY_VERSION => Err(NotARecording::Newer { found }),
            _ => Ok(recording),
        }
    }

    /// The meeting whose room it is of.
    #[must_use]
    pub const fn meeting(&self) -> &MeetingId {
        self.snapshot.meeting()
    }

    /// The numbers of the first and the last entry of which it can be told what people saw; none when there are none.
    #[must_use]
    pub fn span(&self) -> Option<(u64, u64)> {
        let mut told = self.entries.iter().map(|entry| entry.seq).filter(|seq| *seq > self.snapshot.top());
        let first = told.next()?;
        Some((first, told.next_back().unwrap_or(first)))
    }
}

/// What stands in the place of a text. One that is gone stays so.
pub(super) fn redacted(text: &str) -> String {
    match text.chars().count() {
        0 => String::new(),
        1 => "[1 character]".to_owned(),
        n => format!("[{n} characters]"),
    }
}
