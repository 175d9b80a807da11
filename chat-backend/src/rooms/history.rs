//! What a room has told, kept so that those who were away can be told what they missed.

use std::{collections::VecDeque, sync::Arc};

use plenum_contract::{
    UserId,
    events::{ChatMessage, MissedEvent, Reactions, server::CHAT_MESSAGE},
    limits::{RECENT_MESSAGES, RESUME_MAX_BYTES, ROOM_LOG_BYTES, ROOM_LOG_ENTRIES},
};

use plenum_service::clock;

use super::{
    act::Act,
    delivery::{Delivery, Payload, Places, encode},
    entry::{Entry, Fact},
};

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
        if delivery.seq.is_none() || !delivery.audience.is_of_room() {
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

    /// Takes what an entry changes of an older message: whoever is told of it later is told how it stands, and nothing of one that
    /// was deleted.
    pub fn amend(&mut self, entry: &Entry) {
        let Fact::Acted { user, act, .. } = &entry.fact else { return };
        match act {
            Act::Edit { message, text } if !text.is_empty() => self.change(*message, |told| {
                told.message.clone_from(text);
                told.edited_at = Some(clock::iso(clock::from_millis(entry.at)));
            }),
            Act::React { message, reaction, on } => {
                self.change(*message, |told| react(told, reaction, user, *on));
            }
            Act::Delete { message } => self.forget(*message),
            _ => {}
        }
    }

    fn change(&mut self, message: u64, change: impl FnOnce(&mut ChatMessage)) {
        let at = self.told.partition_point(|told| told.seq.is_some_and(|seq| seq < message));
        let Some(told) = self.told.get_mut(at) else { return };
        if told.seq != Some(message) || told.event != CHAT_MESSAGE {
            return;
        }
        let Ok(mut read) = serde_json::from_str::<ChatMessage>(told.data.get()) else { return };
        let before = size(told);
        change(&mut read);
        told.data = encode(&read);
        let now = size(told);
        self.bytes = self.bytes - before + now;
    }

    fn forget(&mut self, message: u64) {
        let bytes = &mut self.bytes;
        self.told.retain(|told| {
            let goes =
                (told.seq == Some(message) && told.event == CHAT_MESSAGE) || told.about == Some(message);
            if goes {
                *bytes -= size(told);
            }
            !goes
        });
    }

    /// Exactly what `user` missed after `since`; none when that is no longer held, or too large.
    #[must_use]
    pub fn missed(&self, user: &UserId, since: u64) -> Option<Missed> {
        if since < self.lost {
            return None;
        }
        let first = self.told.partition_point(|told| told.seq.is_some_and(|seq| seq <= since));
        let theirs = self.told.range(first..).filter(|told| told.audience.includes(user, Places::ROOM));
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
            .filter(|told| told.event == CHAT_MESSAGE && told.audience.includes(user, Places::ROOM))
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

/// Sets or takes back a reaction among those of a message.
fn react(told: &mut ChatMessage, reaction: &str, user: &UserId, on: bool) {
    let all = told.reactions.get_or_insert_default();
    let same = all.iter_mut().find(|one| one.reaction == reaction);
    match (same, on) {
        (Some(one), true) if !one.user_ids.contains(user) => one.user_ids.push(user.clone()),
        (Some(one), false) => one.user_ids.retain(|other| other != user),
        (None, true) => all.push(Reactions { reaction: reaction.to_owned(), user_ids: vec![user.clone()] }),
        _ => {}
    }
    all.retain(|one| !one.user_ids.is_empty());
    if all.is_empty() {
        told.reactions = None;
    }
}

/// Bytes of a delivery on the wire, near enough.
fn size(delivery: &Delivery) -> usize {
    delivery.event.len() + delivery.data.get().len() + 32
}
