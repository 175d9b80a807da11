//! What may still be done with the latest messages. Their texts are in the log alone.

use std::collections::VecDeque;

use plenum_contract::{
    UserId, events,
    limits::{MESSAGE_MAX, MESSAGES_CHANGEABLE, REACTIONS_KEPT, REACTIONS_PER_MESSAGE},
};
use serde::{Deserialize, Serialize};

use super::{Room, iso};
use crate::rooms::{
    act::{self, Act},
    delivery::{Audience, Delivery},
    entry::{Command, Decision, Entry, Fact, Refusal},
};

/// The latest messages, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Messages(VecDeque<Message>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    seq: u64,
    by: UserId,
    /// For whom alone it is, beside its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<UserId>,
    /// Who reacted, and how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<(String, UserId)>,
}

impl Message {
    fn is_seen_by(&self, user: &UserId) -> bool {
        self.to.as_ref().is_none_or(|to| to == user || self.by == *user)
    }

    fn audience(&self) -> Audience {
        audience(&self.by, self.to.as_ref())
    }
}

/// Who gets a message.
fn audience(by: &UserId, to: Option<&UserId>) -> Audience {
    to.map_or(Audience::All, |to| Audience::Users(vec![by.clone(), to.clone()]))
}

impl Messages {
    /// There is another one.
    pub fn note(&mut self, seq: u64, by: &UserId, to: Option<&UserId>) {
        if self.0.len() >= MESSAGES_CHANGEABLE {
            self.0.pop_front();
        }
        self.0.push_back(Message { seq, by: by.clone(), to: to.cloned(), reactions: Vec::new() });
    }

    fn at(&self, seq: u64) -> Option<usize> {
        self.0.binary_search_by_key(&seq, |message| message.seq).ok()
    }

    fn get(&self, seq: u64) -> Option<&Message> {
        self.0.get(self.at(seq)?)
    }

    fn reactions(&self) -> usize {
        self.0.iter().map(|message| message.reactions.len()).sum()
    }
}

/// A message's text as it goes into the log, or why it does not.
fn text_of(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::EmptyMessage);
    }
    if text.chars().count() > MESSAGE_MAX {
        return Err(Refusal::MessageTooLong);
    }
    Ok(text)
}

impl Room {
    pub(super) fn decide_say(&self, command: &Command) -> Result<Decision, Refusal> {
        let Command::Say { user, name, text, client_message_id, reply_to, to } = command else {
            return Ok(Decision::Nothing);
        };
        let text = text_of(text)?;
        if !self.is_in(user) {
            return Err(Refusal::NotInRoom);
        }
        if let Some(before) = client_message_id.as_deref().and_then(|id| self.said_before(user, id)) {
            return Ok(Decision::SaidBefore { seq: before.seq, at: before.at });
        }
        if to.as_ref().is_some_and(|to| !self.is_in(to)) {
            return Err(Refusal::NobodyThere);
        }
        let reply_to = match reply_to {
            Some(id) => Some(self.message_for(user, self.number_of(id).ok_or(Refusal::NoMessage)?)?.seq),
            None => None,
        };
        Ok(self.append(Fact::Said {
            user: user.clone(),
            name: name.clone(),
            text: text.into(),
            client_message_id: client_message_id.clone(),
            reply_to,
            to: to.clone(),
        }))
    }

    fn message_for(&self, user: &UserId, seq: u64) -> Result<&Message, Refusal> {
        let theirs = |message: &&Message| {
            message.is_seen_by(user) && self.visible_since(user).is_some_and(|since| message.seq > since)
        };
        self.messages.get(seq).filter(theirs).ok_or(Refusal::NoMessage)
    }

    pub(super) fn decide_change(&self, user: &UserId, act: &Act) -> Result<Option<Act>, Refusal> {
        match act {
            Act::Edit { message, text } => {
                let text = text_of(text)?.to_owned();
                if self.message_for(user, *message)?.by != *user {
                    return Err(Refusal::NotAuthor);
                }
                Ok(Some(Act::Edit { message: *message, text }))
            }
            Act::Delete { message } => {
                if self.message_for(user, *message)?.by != *user && !self.is_moderator(user) {
                    return Err(Refusal::NotAuthor);
                }
                Ok(Some(act.clone()))
            }
            Act::React { message, reaction, on } => {
                let reaction = act::reaction(reaction)?.to_owned();
                let found = self.message_for(user, *message)?;
                let is_on = found.reactions.iter().any(|(same, by)| *same == reaction && by == user);
                if is_on == *on {
                    return Ok(None);
                }
                if *on {
                    let mut different: Vec<_> = found.reactions.iter().map(|(one, _)| one).collect();
                    different.sort_unstable();
                    different.dedup();
                    let is_new = !different.contains(&&reaction);
                    if (is_new && different.len() >= REACTIONS_PER_MESSAGE)
                        || self.messages.reactions() >= REACTIONS_KEPT
                    {
                        return Err(Refusal::TooManyReactions);
                    }
                }
                Ok(Some(Act::React { message: *message, reaction, on: *on }))
            }
            _ => Ok(None),
        }
    }

    /// What is told of an entry that is a message. It needs nothing of the room's state, so that messages older
    /// than a snapshot can still be told; nothing of one whose text is gone.
    #[must_use]
    pub fn message(&self, entry: &Entry) -> Option<Delivery> {
        let Fact::Said { user, name, text, client_message_id, reply_to, to } = &entry.fact else {
            return None;
        };
        if text.is_empty() {
            return None;
        }
        let message = events::ChatMessage {
            message_id: self.message_id(entry.seq),
            meeting_id: self.meeting.clone(),
            user_id: user.clone(),
            username: name.to_string(),
            message: text.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
            client_message_id: client_message_id.as_deref().map(str::to_owned),
            reply_to: reply_to.map(|seq| self.message_id(seq)),
            to_user_id: to.clone(),
            edited_at: None,
            reactions: None,
        };
        let audience = audience(user, to.as_ref());
        Some(Delivery::logged(entry.seq, audience, events::server::CHAT_MESSAGE, &message))
    }

    pub(super) fn change(&mut self, entry: &Entry, user: &UserId, act: &Act) -> Vec<Delivery> {
        let (meeting_id, seq) = (self.meeting.clone(), entry.seq);
        let (Act::Edit { message, .. } | Act::Delete { message } | Act::React { message, .. }) = act else {
            return Vec::new();
        };
        let Some(at) = self.messages.at(*message) else { return Vec::new() };
        let (message_id, user_id) = (self.message_id(*message), user.clone());
        let Some(found) = self.messages.0.get_mut(at) else { return Vec::new() };
        let audience = found.audience();
        let told = match act {
            Act::Edit { text, .. } if !text.is_empty() => {
                let edited_at = iso(entry.at);
                let edited =
                    events::MessageEdited { meeting_id, message_id, message: text.clone(), edited_at, seq };
                Delivery::logged(seq, audience, events::server::CHAT_EDITED, &edited)
            }
            Act::React { reaction, on, .. } => {
                if *on {
                    found.reactions.push((reaction.clone(), user.clone()));
                } else {
                    found.reactions.retain(|(same, by)| same != reaction || by != user);
                }
                let (reaction, on) = (reaction.clone(), *on);
                let reacted = events::MessageReacted { meeting_id, message_id, user_id, reaction, on, seq };
                Delivery::logged(seq, audience, events::server::CHAT_REACTED, &reacted)
            }
            Act::Delete { .. } => {
                self.messages.0.remove(at);
                let timestamp = iso(entry.at);
                let deleted = events::MessageDeleted { meeting_id, message_id, user_id, timestamp, seq };
                return vec![Delivery::logged(seq, audience, events::server::CHAT_DELETED, &deleted)];
            }
            _ => return Vec::new(),
        };
        vec![told.about(*message)]
    }
}
