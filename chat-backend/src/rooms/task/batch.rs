//! What is appended in one step: decisions that do not depend on each other, in the order in which they were asked.

use std::collections::HashSet;

use plenum_contract::{UserId, error::Problem};
use plenum_service::traces::Trace;

use super::super::{
    entry::{Command, Decision, Entrant, Proposed, Refusal},
    inbox::Queued,
    state::Room,
};

/// Facts appended in one step.
const FACTS_MAX: usize = 64;
/// Their bytes, near enough.
const BYTES_MAX: usize = 128 * 1024;

/// One thing that was asked, and what it comes to.
pub(super) struct Step {
    pub queued: Queued,
    pub comes_to: ComesTo,
}

impl Step {
    /// Where it belongs, if its fact is traced.
    pub fn trace(&self) -> Option<Trace> {
        let trace = &self.queued.inbound.from()?.trace;
        (matches!(self.comes_to, ComesTo::Fact) && trace.is_on()).then(|| trace.clone())
    }
}

/// What is to be done for a step when its turn comes.
pub(super) enum ComesTo {
    /// The next fact of the batch is its.
    Fact,
    /// It needs nothing of the log.
    Nothing,
    /// Its message is entry `seq` already.
    SaidBefore { seq: u64, at: i64 },
    /// It is refused.
    Refused(Problem),
    /// It is not for the log.
    Passing,
}

/// Steps whose decisions all hold as things stand, whatever of it is appended.
#[derive(Default)]
pub(super) struct Batch {
    pub steps: Vec<Step>,
    pub facts: Vec<Proposed>,
    pub guard: Option<u64>,
    bytes: usize,
    /// Users who come or go in it.
    moved: HashSet<UserId>,
    /// How many of them are new.
    coming: usize,
    /// Messages in it, by their senders' own ids.
    said: HashSet<(UserId, std::sync::Arc<str>)>,
    leaving: bool,
    /// Whether it holds what concerns everybody.
    sealed: bool,
}

impl Batch {
    /// Where what it appends belongs, as far as that is traced.
    pub fn traces(&self) -> impl Iterator<Item = Trace> {
        self.steps.iter().filter_map(Step::trace)
    }

    /// Takes what was asked, or gives it back when it must wait for what is in the batch already.
    #[expect(clippy::result_large_err, reason = "it is given back as it is, to where it came from")]
    pub fn take(
        &mut self,
        room: &Room,
        queued: Queued,
        command: Result<Option<Command>, Refusal>,
    ) -> Result<(), Queued> {
        let command = match command {
            Ok(Some(command)) => command,
            // What passes sees who is here: it waits for those who come and go before it.
            Ok(None) if !self.moved.is_empty() || self.sealed => return Err(queued),
            Ok(None) => {
                self.steps.push(Step { queued, comes_to: ComesTo::Passing });
                return Ok(());
            }
            Err(refusal) => {
                self.steps.push(Step { queued, comes_to: ComesTo::Refused(refusal.into()) });
                return Ok(());
            }
        };
        if self.facts.len() >= FACTS_MAX || self.bytes >= BYTES_MAX || self.concerns(&command) {
            return Err(queued);
        }
        let comes_to = match room.decide(&command) {
            Ok(Decision::Append { fact, guard }) => {
                if !self.note(room, &command) {
                    return Err(queued);
                }
                self.bytes += fact.size();
                let trace = queued.inbound.from().and_then(|from| from.trace.text()).map(Into::into);
                self.facts.push(Proposed { fact, trace });
                self.guard = self.guard.or(guard);
                ComesTo::Fact
            }
            Ok(Decision::Nothing) => ComesTo::Nothing,
            Ok(Decision::SaidBefore { seq, at }) => ComesTo::SaidBefore { seq, at },
            Err(Refusal::Full { .. }) if self.leaving => return Err(queued),
            Err(refusal) => ComesTo::Refused(refusal.into()),
        };
        self.steps.push(Step { queued, comes_to });
        Ok(())
    }

    /// Whether the batch holds something that a decision about this depends on.
    fn concerns(&self, command: &Command) -> bool {
        if self.sealed {
            return true;
        }
        match command {
            Command::Join(Entrant { user, .. }) | Command::Leave { user, .. } => self.moved.contains(user),
            Command::Say { user, client_message_id, reply_to, to, .. } => {
                let again = |id: &std::sync::Arc<str>| self.said.contains(&(user.clone(), id.clone()));
                self.moved.contains(user)
                    || to.as_ref().is_some_and(|to| self.moved.contains(to))
                    || (reply_to.is_some() && !self.facts.is_empty())
                    || client_message_id.as_ref().is_some_and(again)
            }
            Command::Call { .. }
            | Command::Act { .. }
            | Command::Rule { .. }
            | Command::Remove { .. }
            | Command::End { .. }
            | Command::Bury { .. } => !self.facts.is_empty(),
        }
    }

    /// Notes what will be so when the batch is appended. False when there is no place left for that.
    fn note(&mut self, room: &Room, command: &Command) -> bool {
        match command {
            Command::Join(Entrant { user, .. }) => {
                if !room.is_in(user) {
                    if room.count() + self.coming >= room.places() as usize {
                        return false;
                    }
                    self.coming += 1;
                }
                self.moved.insert(user.clone());
            }
            Command::Leave { user, .. } => {
                self.moved.insert(user.clone());
                self.leaving = true;
            }
            Command::Say { user, client_message_id: Some(id), .. } => {
                self.said.insert((user.clone(), id.clone()));
            }
            Command::Say { .. } => {}
            Command::Call { .. }
            | Command::Act { .. }
            | Command::Rule { .. }
            | Command::Remove { .. }
            | Command::End { .. }
            | Command::Bury { .. } => self.sealed = true,
        }
        true
    }
}
