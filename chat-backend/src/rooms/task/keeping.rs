//! Keeping the log and telling what it says.

use plenum_contract::{
    error::{ErrorCode, Problem},
    events::{self, UsersOnline},
    limits::{RESUME_MAX_BYTES, ROSTER_AT_ONCE_MAX, ROSTER_GATHER, SNAPSHOT_EVERY},
};
use plenum_service::clock;

use super::{
    super::{
        delivery::{Audience, Delivery, Packet},
        entry::{Command, Decision, Entry},
        log::{AppendError, RoomLog},
    },
    LiveRoom,
};

/// How often a decision is made again after losing its guard, before `busy`.
const GUARD_ROUNDS: usize = 5;

/// What a command came to.
pub(super) enum Outcome {
    Appended(Entry, Vec<Delivery>),
    SaidBefore { seq: u64, at: i64 },
    Nothing,
}

impl<L: RoomLog> LiveRoom<L> {
    /// Decides and appends, again when the rules changed in between.
    pub(super) async fn commit(&mut self, command: &Command) -> Result<Outcome, Problem> {
        for _ in 0..GUARD_ROUNDS {
            let (fact, guard) = match self.room.decide(command).map_err(Problem::from)? {
                Decision::Nothing => return Ok(Outcome::Nothing),
                Decision::SaidBefore { seq, at } => return Ok(Outcome::SaidBefore { seq, at }),
                Decision::Append { fact, guard } => (fact, guard),
            };
            let (meeting, epoch) = (self.room.meeting().clone(), self.room.epoch().clone());
            match self.shared.log.append(&meeting, &epoch, fact, guard, clock::now()).await {
                Ok(entry) => {
                    if entry.seq > self.room.top() + 1 {
                        self.catch_up(entry.seq - 1).await;
                    }
                    let deliveries = self.apply(&entry);
                    self.renew().await;
                    return Ok(Outcome::Appended(entry, deliveries));
                }
                Err(AppendError::GuardLost) => self.catch_up(u64::MAX).await,
                Err(AppendError::Gone) => return Err(ErrorCode::Internal.into()),
            }
        }
        Err(ErrorCode::Busy.into())
    }

    /// Applies what others appended, up to and including `to`.
    async fn catch_up(&mut self, to: u64) {
        let entries = self.shared.log.after(&self.room.meeting().clone(), self.room.top()).await;
        for entry in entries.into_iter().filter(|entry| entry.seq <= to) {
            let deliveries = self.apply(&entry);
            self.tell(&deliveries);
        }
    }

    pub(super) fn apply(&mut self, entry: &Entry) -> Vec<Delivery> {
        let deliveries = self.room.apply(entry);
        for delivery in &deliveries {
            self.history.keep(delivery);
        }
        self.unfolded.0 += 1;
        self.unfolded.1 += entry.fact.size();
        deliveries
    }

    async fn renew(&mut self) {
        if self.unfolded.0 >= SNAPSHOT_EVERY || self.unfolded.1 >= RESUME_MAX_BYTES {
            self.unfolded = (0, 0);
            self.shared.log.renew(self.room.clone()).await;
        }
    }

    /// Puts events on their way; they go at the end of the round.
    pub(super) fn tell(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            let packet = Packet::from(delivery);
            for member in self.members.values().filter(|member| delivery.audience.includes(&member.user)) {
                member.recipient.deliver(&packet);
            }
            self.told = true;
        }
    }

    /// Ends a round: everybody gets at once what the round had for them.
    pub(super) fn flush(&mut self) {
        if self.roster_due_now {
            self.tell_roster();
        }
        for asker in self.askers.drain(..) {
            asker.flush();
        }
        if std::mem::take(&mut self.told) {
            for member in self.members.values() {
                member.recipient.flush();
            }
        }
    }

    /// Somebody came or went: counts it, and tells everybody, in a large room gathered over a while.
    pub(super) fn people_changed(&mut self) {
        let count = self.room.count();
        self.shared.count(self.room.meeting(), count);
        if count <= ROSTER_AT_ONCE_MAX {
            self.roster_due_now = true;
        } else if self.roster_due.is_none() {
            self.roster_due = Some(clock::instant() + ROSTER_GATHER);
        }
    }

    pub(super) fn tell_roster(&mut self) {
        (self.roster_due_now, self.roster_due) = (false, None);
        if !self.members.is_empty() {
            self.tell(&[Delivery::passing(Audience::All, events::server::USERS_ONLINE, &self.roster())]);
        }
    }

    pub(super) fn roster(&self) -> UsersOnline {
        let participants = self.room.participants();
        UsersOnline { meeting_id: self.room.meeting().clone(), count: participants.len(), participants }
    }
}
