//! What went wrong in this process lately, for an operator who asks why: connections that were cut, requests that were refused for
//! their number, answers that were our fault.
//!
//! Metrics say how often; this says to whom. It holds no texts of people and no secrets.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock;

/// How many are remembered; the oldest are forgotten first.
const REMEMBERED: usize = 1_000;
/// How many of the latest are looked at for one that is the same again.
const LOOKED_AT: usize = 32;
/// Bytes of what one is about.
const ABOUT_MAX: usize = 200;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A connection was cut from our side.
    Cut,
    /// Somebody asked for more than they may.
    Refused,
    /// It was our fault.
    Failed,
}

impl Kind {
    /// Its name, in stores and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One thing, or the same several times in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Rising in this process.
    pub number: u64,
    /// When it happened first.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
    /// How often.
    pub count: u32,
    /// What.
    pub kind: Kind,
    /// Why: a reason of a cut, or an error's code.
    pub code: &'static str,
    /// To whom, where that is known.
    pub user: Option<Arc<str>>,
    /// Where, in a few words.
    pub about: String,
}

#[derive(Default)]
struct Ring {
    latest: VecDeque<Incident>,
    number: u64,
    /// Those up to here are not counted on any more: somebody has them.
    taken: u64,
}

static RING: LazyLock<Mutex<Ring>> = LazyLock::new(Mutex::default);
static ANY: Notify = Notify::const_new();

fn ring() -> MutexGuard<'static, Ring> {
    RING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers one.
pub fn note(kind: Kind, code: &'static str, user: Option<&Arc<str>>, about: &str) {
    ring().note(kind, code, user, about, clock::now());
    ANY.notify_one();
}

/// The latest, newest first.
#[must_use]
pub fn latest() -> Vec<Incident> {
    ring().latest.iter().rev().cloned().collect()
}

/// Takes those that nobody has taken, oldest first.
#[must_use]
pub fn take_now() -> Vec<Incident> {
    ring().take()
}

/// Waits until there are some that nobody has taken, and takes them, oldest first. For one task that keeps them.
pub async fn take() -> Vec<Incident> {
    loop {
        let taken = take_now();
        if !taken.is_empty() {
            return taken;
        }
        ANY.notified().await;
    }
}

impl Ring {
    fn note(&mut self, kind: Kind, code: &'static str, user: Option<&Arc<str>>, about: &str, at: Timestamp) {
        let about = &about[..about.floor_char_boundary(ABOUT_MAX)];
        let taken = self.taken;
        let mut open = self.latest.iter_mut().rev().take(LOOKED_AT).take_while(|one| one.number > taken);
        let same = open.find(|one| {
            one.kind == kind && one.code == code && one.user.as_ref() == user && one.about == about
        });
        if let Some(same) = same {
            (same.last, same.count) = (at, same.count.saturating_add(1));
            return;
        }
        if self.latest.len() >= REMEMBERED {
            self.latest.pop_front();
        }
        self.number += 1;
        let (number, user, about) = (self.number, user.cloned(), about.to_owned());
        self.latest.push_back(Incident { number, first: at, last: at, count: 1, kind, code, user, about });
    }

    fn take(&mut self) -> Vec<Incident> {
        let taken: Vec<_> = self.latest.iter().filter(|one| one.number > self.taken).cloned().collect();
        self.taken = self.number;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(ring: &mut Ring, code: &'static str, user: &str, second: i64) {
        ring.note(Kind::Cut, code, Some(&user.into()), "here", Timestamp::from_second(second).unwrap());
    }

    #[test]
    fn the_same_again_is_counted_until_it_was_taken() {
        let mut ring = Ring::default();
        for second in 0..3 {
            noted(&mut ring, "too_old", "ana", second);
            noted(&mut ring, "too_old", "ben", second);
        }
        let taken = ring.take();
        assert_eq!(taken.iter().map(|one| one.count).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(taken[0].last.as_second(), 2);
        assert!(ring.take().is_empty());
        noted(&mut ring, "too_old", "ana", 9);
        assert_eq!(ring.take().len(), 1, "what was taken is not changed any more");
    }

    #[test]
    fn only_so_many_are_remembered_and_what_they_are_about_is_short() {
        let mut ring = Ring::default();
        for n in 0..REMEMBERED + 10 {
            noted(&mut ring, "draining", &n.to_string(), 0);
        }
        assert_eq!((ring.latest.len(), ring.latest[0].number), (REMEMBERED, 11));
        ring.note(Kind::Failed, "internal", None, &"ñ".repeat(ABOUT_MAX), Timestamp::UNIX_EPOCH);
        assert_eq!(ring.latest.back().unwrap().about.len(), ABOUT_MAX);
    }
}
