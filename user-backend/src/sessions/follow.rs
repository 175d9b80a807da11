//! Learning of sessions that ended in another process on the same store.

use std::{collections::VecDeque, time::Duration};

use jiff::{SignedDuration, Timestamp};
use plenum_service::clock;
use tokio::time::{Instant, MissedTickBehavior};

use super::{End, Sessions};
use crate::error::StoreUnavailable;

/// How often ends are read.
const EVERY: Duration = Duration::from_millis(500);
/// How long before its start a process begins to read: what a chat node may still have to be told.
const BEFORE_START: SignedDuration = SignedDuration::from_mins(2);
/// How long a number is read again: of two ends that are added at once, the later number may be seen first. No store
/// takes longer over a transaction than [`plenum_contract::limits::STORE_TIMEOUT`].
const AGAIN: Duration = Duration::from_secs(10);
/// Rows read at once.
const ROWS: u64 = 1_000;

/// From where on ends are read: the highest number that was seen [`AGAIN`] ago. It moves with what was read only, so
/// nothing is passed over while the store is away.
#[derive(Debug)]
pub(super) struct Place {
    from: i64,
    highest: i64,
    reads: VecDeque<(Instant, i64)>,
}

impl Place {
    fn after(number: i64) -> Self {
        Self { from: number, highest: number, reads: VecDeque::new() }
    }

    /// Notes what one read has shown.
    fn has_read(&mut self, highest: i64, now: Instant) {
        self.highest = self.highest.max(highest);
        self.reads.push_back((now, self.highest));
        while self.reads.front().is_some_and(|(at, _)| now.duration_since(*at) >= AGAIN) {
            self.from = self.reads.pop_front().map_or(self.from, |(_, highest)| highest);
        }
    }
}

impl Sessions {
    /// Reads the ends of sessions until the process is told to stop.
    pub fn keep_following(&self) {
        let sessions = self.clone();
        let since = clock::now().saturating_sub(BEFORE_START).unwrap_or(Timestamp::MIN);
        self.0.life.spawn(async move {
            let (mut place, mut away) = (None, false);
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = sessions.0.life.stopping() => return,
                    _ = tick.tick() => {}
                }
                let read = sessions.follow(&mut place, since).await;
                if let (Err(error), false) = (&read, away) {
                    tracing::warn!(%error, "ended sessions can't be read; going on when they can");
                }
                away = read.is_err();
            }
        });
    }

    /// Reads what is new, forgets those sessions and has the others told.
    async fn follow(&self, place: &mut Option<Place>, since: Timestamp) -> Result<(), StoreUnavailable> {
        let store = &self.0.store;
        let place = match place {
            Some(place) => place,
            none => none.insert(Place::after(store.ends_before(since).await?)),
        };
        let began = clock::instant();
        let mut last = place.from;
        loop {
            let ends = store.ends_after(last, ROWS).await?;
            let full = ends.len() as u64 == ROWS;
            last = ends.last().map_or(last, |end| end.number);
            for end in ends {
                self.has_ended_elsewhere(end).await;
            }
            if !full {
                break;
            }
        }
        place.has_read(last, began);
        Ok(())
    }

    async fn has_ended_elsewhere(&self, end: End) {
        if self.0.known.has_ended(&end.token) {
            return; // read before, or ended here
        }
        self.0.known.forget(end.token, Some(&end.session)).await;
        let (ends, session) = (self.0.ends.clone(), end.session);
        self.0.life.spawn(async move { ends.ended(&session).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_again_until_ten_seconds_after_a_higher_one_was_seen() {
        let start = clock::instant();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut place = Place::after(100);
        place.has_read(105, at(0));
        place.has_read(105, at(9));
        assert_eq!(place.from, 100, "103 may still turn up");
        place.has_read(110, at(10));
        assert_eq!(place.from, 105);
        // The store was away for an hour: what was seen right before is read again all the same.
        place.has_read(110, at(3_610));
        assert_eq!(place.from, 110);
    }

    #[test]
    fn what_is_not_read_moves_nothing() {
        let mut place = Place::after(0);
        let start = clock::instant();
        place.has_read(0, start);
        // The next read that succeeds is an hour later and shows a row at once.
        place.has_read(7, start + Duration::from_secs(3_600));
        assert_eq!(place.from, 0, "6 may turn up behind 7");
    }
}
