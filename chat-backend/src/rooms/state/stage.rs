//! Hands and polls.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use plenum_contract::{
    MeetingId, UserId,
    events::{self, OwnPoll, RaisedHand},
    limits::POLLS_MAX,
};
use serde::{Deserialize, Serialize};

use super::{Epoch, Room, iso};
use crate::rooms::{
    act::{self, Act},
    delivery::{Audience, Delivery},
    entry::{Entry, Refusal},
    recording::redacted,
};

/// What people show besides talking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Stage {
    /// Hands that are up and since when, in the order they were raised.
    hands: Vec<(UserId, i64)>,
    /// By the entry with which they were opened.
    polls: BTreeMap<u64, Poll>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Poll {
    question: String,
    options: Vec<String>,
    multiple: bool,
    closed: bool,
    /// What each voter chose.
    votes: HashMap<UserId, Vec<u8>>,
    /// The latest entry about it.
    latest: u64,
}

impl Poll {
    fn body(&self, meeting: &MeetingId, epoch: &Epoch, number: u64) -> events::Poll {
        let mut counts = vec![0; self.options.len()];
        for choice in self.votes.values().flatten() {
            if let Some(count) = counts.get_mut(usize::from(*choice)) {
                *count += 1;
            }
        }
        events::Poll {
            meeting_id: meeting.clone(),
            poll_id: format!("{}-{number}", epoch.0),
            question: self.question.clone(),
            options: self.options.clone(),
            multiple: self.multiple,
            counts,
            voters: u32::try_from(self.votes.len()).unwrap_or(u32::MAX),
            closed: self.closed,
            seq: self.latest,
        }
    }
}

impl Stage {
    /// A hand is not up any more. True when it was.
    pub fn lower(&mut self, user: &UserId) -> bool {
        let before = self.hands.len();
        self.hands.retain(|(up, _)| up != user);
        self.hands.len() < before
    }

    fn is_up(&self, user: &UserId) -> bool {
        self.hands.iter().any(|(up, _)| up == user)
    }

    pub fn hands(&self) -> Vec<RaisedHand> {
        let hand = |(user, since): &(UserId, i64)| RaisedHand { user_id: user.clone(), since: iso(*since) };
        self.hands.iter().map(hand).collect()
    }

    /// The polls, and what this user has chosen in each.
    pub fn polls(&self, meeting: &MeetingId, epoch: &Epoch, user: &UserId) -> Vec<OwnPoll> {
        let own = |(number, poll): (&u64, &Poll)| OwnPoll {
            poll: poll.body(meeting, epoch, *number),
            choices: poll.votes.get(user).cloned().unwrap_or_default(),
        };
        self.polls.iter().map(own).collect()
    }

    /// Takes out what was written, but for how long it was.
    pub fn redact(&mut self) {
        for poll in self.polls.values_mut() {
            for text in std::iter::once(&mut poll.question).chain(&mut poll.options) {
                *text = redacted(text);
            }
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Room {
    pub(super) fn decide_stage(&self, user: &UserId, act: &Act) -> Result<Option<Act>, Refusal> {
        let poll = |number: &u64| self.stage.polls.get(number).ok_or(Refusal::NoPoll);
        match act {
            Act::RaiseHand => Ok((!self.stage.is_up(user)).then(|| act.clone())),
            Act::LowerHand { user: whose } => {
                Ok(self.stage.is_up(whose.as_ref().unwrap_or(user)).then(|| act.clone()))
            }
            Act::OpenPoll { question, options, multiple } => {
                let (question, options) = act::poll(question, options)?;
                if self.stage.polls.len() >= POLLS_MAX {
                    return Err(Refusal::TooManyPolls);
                }
                Ok(Some(Act::OpenPoll { question, options, multiple: *multiple }))
            }
            Act::Vote { poll: number, choices } => {
                let found = poll(number)?;
                if found.closed {
                    return Err(Refusal::PollClosed);
                }
                let mut choices = choices.clone();
                choices.sort_unstable();
                let differ = choices.windows(2).all(|two| two[0] != two[1]);
                let exist = choices.iter().all(|choice| usize::from(*choice) < found.options.len());
                if !differ || !exist || (!found.multiple && choices.len() > 1) {
                    return Err(Refusal::InvalidVote);
                }
                let same = found.votes.get(user).map_or(choices.is_empty(), |before| *before == choices);
                Ok((!same).then_some(Act::Vote { poll: *number, choices }))
            }
            Act::ClosePoll { poll: number } => Ok((!poll(number)?.closed).then(|| act.clone())),
            _ => Ok(None),
        }
    }

    pub(super) fn act_on_stage(
        &mut self,
        entry: &Entry,
        user: &UserId,
        name: &Arc<str>,
        act: &Act,
    ) -> Vec<Delivery> {
        match act {
            Act::RaiseHand if self.is_in(user) => {
                self.stage.hands.push((user.clone(), entry.at));
                vec![self.hand(entry, events::server::HAND_RAISED, user.clone(), name)]
            }
            Act::LowerHand { user: whose } => {
                let whose = whose.as_ref().unwrap_or(user);
                if !self.stage.lower(whose) {
                    return Vec::new();
                }
                let name = self.name_of(whose);
                vec![self.hand(entry, events::server::HAND_LOWERED, whose.clone(), &name)]
            }
            Act::OpenPoll { question, options, multiple } => {
                let (question, options, multiple) = (question.clone(), options.clone(), *multiple);
                let votes = HashMap::new();
                let poll = Poll { question, options, multiple, closed: false, votes, latest: entry.seq };
                self.stage.polls.insert(entry.seq, poll);
                self.tell_of_poll(entry, entry.seq, events::server::POLL_OPENED)
            }
            Act::Vote { poll: number, choices } => {
                let Some(poll) = self.stage.polls.get_mut(number).filter(|poll| !poll.closed) else {
                    return Vec::new();
                };
                if choices.is_empty() {
                    poll.votes.remove(user);
                } else {
                    poll.votes.insert(user.clone(), choices.clone());
                }
                self.tell_of_poll(entry, *number, events::server::POLL_COUNTED)
            }
            Act::ClosePoll { poll: number } => {
                let Some(poll) = self.stage.polls.get_mut(number) else { return Vec::new() };
                poll.closed = true;
                self.tell_of_poll(entry, *number, events::server::POLL_CLOSED)
            }
            _ => Vec::new(),
        }
    }

    fn tell_of_poll(&mut self, entry: &Entry, number: u64, event: &'static str) -> Vec<Delivery> {
        let Some(poll) = self.stage.polls.get_mut(&number) else { return Vec::new() };
        poll.latest = entry.seq;
        let body = poll.body(&self.meeting, &self.epoch, number);
        vec![Delivery::logged(entry.seq, Audience::All, event, &body)]
    }

    fn hand(&self, entry: &Entry, event: &'static str, user_id: UserId, name: &Arc<str>) -> Delivery {
        let moved = events::HandMoved {
            meeting_id: self.meeting.clone(),
            user_id,
            username: name.to_string(),
            timestamp: iso(entry.at),
            seq: entry.seq,
        };
        Delivery::logged(entry.seq, Audience::All, event, &moved)
    }
}
