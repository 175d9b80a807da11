//! What a room has told, kept so that those who were away can be told what they missed.

use std::{collections::VecDeque, sync::Arc};

use plenum_contract::{
    UserId,
    events::{MissedEvent, server::CHAT_MESSAGE},
    limits::{RECENT_MESSAGES, RESUME_MAX_BYTES, ROOM_LOG_BYTES, ROOM_LOG_ENTRIES},
};

use super::delivery::{Delivery, Payload};

/// The latest deliveries that stand for log entries, oldest first.
#[derive(Debug, Default)]
pub struct History {
    told: VecDeque<Delivery>,
    bytes: usize,
    /// The highest number that is no longer held.
    lost: u64,
}

/// What one user is to be told on joining.
#[derive(Debug, Default)]
pub struct Missed {
    /// `chat:message` payloads.
    pub messages: Vec<Payload>,
    /// The others.
    pub events: Vec<MissedEvent>,
    /// Whether it is exactly what was missed.
    pub recovered: bool,
}

impl History {
    /// A history that holds nothing up to and including `lost`.
    #[must_use]
    pub fn since(lost: u64) -> Self {
        Self { lost, ..Self::default() }
    }

    /// The oldest entry that is to stay in the log, so that the latest messages can be told from it again: `top`, or
    /// an older one. They take half of what a log may hold.
    #[must_use]
    pub fn keep_from(&self, top: u64) -> u64 {
        let mut bytes = 0;
        let messages = self.told.iter().rev().filter(|told| told.event == CHAT_MESSAGE).take(RECENT_MESSAGES);
        let kept = messages.take_while(|told| {
            bytes += size(told);
            bytes <= ROOM_LOG_BYTES / 2
        });
        kept.last().and_then(|told| told.seq).unwrap_or(top).min(top)
    }

    /// Takes a message that is older than what a snapshot covers: it may be shown, and is missed by nobody.
    pub fn recall(&mut self, message: Delivery) {
        self.bytes += size(&message);
        self.told.push_back(message);
    }

    /// Keeps what was told, and lets the oldest go past the bounds.
    pub fn keep(&mut self, delivery: &Delivery) {
        if delivery.seq.is_none() {
            return;
        }
        self.bytes += size(delivery);
        self.told.push_back(delivery.clone());
        while self.told.len() > ROOM_LOG_ENTRIES || self.bytes > ROOM_LOG_BYTES {
            let Some(oldest) = self.told.pop_front() else { break };
            self.bytes -= size(&oldest);
            self.lost = oldest.seq.unwrap_or(0).max(self.lost);
        }
    }

    /// Exactly what `user` missed after `since`; none when that is no longer held, or too large.
    #[must_use]
    pub fn missed(&self, user: &UserId, since: u64) -> Option<Missed> {
        if since < self.lost {
            return None;
        }
        let first = self.told.partition_point(|told| told.seq.is_some_and(|seq| seq <= since));
        let theirs = self.told.range(first..).filter(|told| told.audience.includes(user));
        let mut missed = Missed { recovered: true, ..Missed::default() };
        let mut bytes = 0;
        for told in theirs {
            bytes += size(told);
            if bytes > RESUME_MAX_BYTES {
                return None;
            }
            if told.event == CHAT_MESSAGE {
                missed.messages.push(Arc::clone(&told.data));
            } else {
                missed.events.push(MissedEvent { event: told.event, data: Arc::clone(&told.data) });
            }
        }
        Some(missed)
    }

    /// The latest messages that `user` may see, from `visible_since` on, as many as fit.
    #[must_use]
    pub fn latest(&self, user: &UserId, visible_since: u64) -> Missed {
        let mut bytes = 0;
        let mut messages: Vec<Payload> = self
            .told
            .iter()
            .rev()
            .take_while(|told| told.seq.is_some_and(|seq| seq > visible_since))
            .filter(|told| told.event == CHAT_MESSAGE && told.audience.includes(user))
            .take(RECENT_MESSAGES)
            .take_while(|told| {
                bytes += size(told);
                bytes <= RESUME_MAX_BYTES
            })
            .map(|told| Arc::clone(&told.data))
            .collect();
        messages.reverse();
        Missed { messages, ..Missed::default() }
    }
}

/// Bytes of a delivery on the wire, near enough.
fn size(delivery: &Delivery) -> usize {
    delivery.event.len() + delivery.data.get().len() + 32
}
