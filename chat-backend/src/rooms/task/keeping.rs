//! Keeping the log and telling what it says.

use std::time::Duration;

use plenum_contract::{
    error::ErrorCode,
    events::{self, UsersOnline},
    limits::{RESUME_MAX_BYTES, ROSTER_AT_ONCE_MAX, ROSTER_GATHER, SNAPSHOT_EVERY},
};
use plenum_service::clock;

use super::{
    super::{
        delivery::{Audience, Delivery, Packet},
        entry::{Entry, Fact},
        inbox::{Inbound, Queued},
        log::{Heard, LogError},
    },
    LiveRoom,
    asked::{command_of, passing_event},
    batch::{Batch, ComesTo, Step},
};

/// How often a decision is made again after losing its guard, before `busy`.
const GUARD_ROUNDS: u32 = 32;
/// What a round after a lost guard waits at most, so that nodes that contend don't march in step.
const GUARD_PAUSE: Duration = Duration::from_millis(4);

impl LiveRoom {
    /// Does all that was asked: decides, appends, applies, tells and answers.
    pub(super) async fn carry_out(&mut self) {
        let mut again = 0;
        while !self.asked.is_empty() && !self.lost {
            if self.unsure
                && let Err(error) = self.make_sure().await
            {
                again += 1;
                let batch = self.gather();
                self.not_appended(batch, error, again).await;
                continue;
            }
            let mut batch = self.gather();
            if batch.facts.is_empty() {
                for step in batch.steps {
                    self.finish(step, None);
                }
                continue;
            }
            let facts = std::mem::take(&mut batch.facts);
            match self.log.append(facts, batch.guard, clock::now()).await {
                Ok(appended) => {
                    again = 0;
                    self.follow_all(&appended.before);
                    let mut own = appended.own.into_iter();
                    for step in batch.steps {
                        let entry = if matches!(step.comes_to, ComesTo::Fact) { own.next() } else { None };
                        self.finish(step, entry.as_ref());
                    }
                    self.renew_when_due().await;
                }
                Err(error) => {
                    again += 1;
                    self.not_appended(batch, error, again).await;
                }
            }
        }
    }

    /// The last append did not answer: takes what came of it before anything else is decided, or a message that is sent
    /// again would be said twice.
    async fn make_sure(&mut self) -> Result<(), LogError> {
        let missed = self.log.catch_up().await?;
        self.unsure = false;
        self.follow_all(&missed);
        Ok(())
    }

    /// The next decisions that do not depend on each other.
    fn gather(&mut self) -> Batch {
        let mut batch = Batch::default();
        while let Some(queued) = self.asked.pop_front() {
            let command = command_of(&queued.inbound);
            if let Err(queued) = batch.take(&self.room, queued, command) {
                self.asked.push_front(queued);
                break;
            }
        }
        batch
    }

    async fn not_appended(&mut self, batch: Batch, error: LogError, again: u32) {
        if let LogError::GuardLost(before) = &error {
            tracing::debug!(meeting = %self.room.meeting(), again, facts = before.len(), "a guard was lost");
            self.follow_all(before);
        }
        let away = error == LogError::Away;
        if away || again > GUARD_ROUNDS {
            self.unsettled |= away;
            self.unsure |= away;
            return self.give_answers(batch.steps, error.into(), away);
        }
        for step in batch.steps.into_iter().rev() {
            self.asked.push_front(step.queued);
        }
        match error {
            LogError::GuardLost(_) if again > 1 => {
                tokio::time::sleep(GUARD_PAUSE.mul_f64(rand::random::<f64>())).await;
            }
            LogError::GuardLost(_) => {}
            LogError::Full => self.renew_now().await,
            LogError::Declared => self.begin_again().await,
            LogError::Lost | LogError::Away => self.lost = true,
        }
    }

    /// The log does not take what was decided: says so to all whose doing it was.
    fn give_answers(&mut self, steps: Vec<Step>, code: ErrorCode, away: bool) {
        for step in steps {
            match (&step.comes_to, step.queued.inbound.from()) {
                (ComesTo::Fact, None) if away => self.keep(step.queued),
                (ComesTo::Fact, _) => self.refuse(step.queued.inbound, code.into()),
                _ => self.finish(step, None),
            }
        }
    }

    /// Keeps the store's word until the log is back.
    fn keep(&mut self, queued: Queued) {
        if matches!(queued.inbound, Inbound::Ruled { .. } | Inbound::End { .. }) {
            self.kept.push_back(queued); // HTTP bounds how many there are
        }
    }

    /// Something came from elsewhere.
    pub(super) async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Entries(entries) => {
                self.follow_all(&entries);
                self.carry_out().await;
            }
            Heard::Passing { but, event, data } => {
                if let Some(event) = passing_event(&event) {
                    self.tell(&[Delivery { seq: None, audience: Audience::Others(but), event, data }]);
                }
            }
            Heard::Behind => self.catch_up().await,
            Heard::NodeGone(node) => {
                self.bury(|seat| seat.node() == node);
                self.carry_out().await;
            }
        }
    }

    /// Takes what was missed, and then does what had to wait for the log.
    async fn catch_up(&mut self) {
        match self.log.catch_up().await {
            Ok(missed) => {
                self.unsure = false;
                self.follow_all(&missed);
                let kept = std::mem::take(&mut self.kept);
                self.asked.extend(kept);
                self.carry_out().await;
                self.settle_seats().await;
            }
            Err(LogError::Away) => {} // it is said again when it is back
            Err(LogError::Declared) => {
                self.begin_again().await;
                self.carry_out().await;
            }
            Err(error) => {
                tracing::warn!(meeting = %self.room.meeting(), %error, "a room goes on in another epoch");
                self.lost = true;
            }
        }
    }

    /// Applies what others appended.
    pub(super) fn follow_all(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.follow(entry, false);
        }
    }

    /// Applies an entry that nobody here waits for, and tells it.
    pub(super) fn follow(&mut self, entry: &Entry, own: bool) {
        let deliveries = self.apply(entry);
        self.tell(&deliveries);
        match &entry.fact {
            Fact::Joined { .. } | Fact::Left { .. } | Fact::Gone { .. } if !deliveries.is_empty() => {
                self.people_changed(own);
            }
            Fact::Ended { .. } => self.end_here(own),
            _ => {}
        }
        if matches!(&entry.fact, Fact::Gone { node } if node == self.log.by()) {
            self.rejoin();
        }
    }

    /// The meeting is over: who is here is let out.
    fn end_here(&mut self, own: bool) {
        for (_, member) in self.members.drain() {
            member.recipient.flush();
            member.recipient.is_out_of(self.room.meeting());
        }
        self.people_changed(own);
        (self.roster_due_now, self.roster_due) = (false, None);
        self.closes_at = Some(clock::instant());
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

    /// After enough entries the snapshot is renewed: with the room as it was that many entries before, so that who
    /// opens the log finds enough of them to tell people what they missed.
    async fn renew_when_due(&mut self) {
        if self.unfolded.0 < SNAPSHOT_EVERY && self.unfolded.1 < RESUME_MAX_BYTES {
            return;
        }
        self.unfolded = (0, 0);
        if let Some(base) = self.base.replace(self.room.clone()) {
            let keep_from = self.history.keep_from(base.top());
            self.log.renew(base, keep_from).await.ok(); // it is tried again, and the log has its own bound
        }
    }

    /// The log is full: whatever is held in it must be let go at once.
    async fn renew_now(&mut self) {
        let room = self.room.clone();
        self.log.renew(room, self.history.keep_from(self.room.top())).await.ok();
    }

    /// Puts events on their way; they go at the end of the round.
    pub(super) fn tell(&mut self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            let packet = Packet::from(delivery);
            for member in self.members.values().filter(|member| delivery.audience.includes(&member.who.user))
            {
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

    /// Somebody came or went, by our doing or another node's: counts it, and tells everybody, in a large room
    /// gathered over a while.
    pub(super) fn people_changed(&mut self, own: bool) {
        let count = self.room.count();
        if own {
            self.shared.count(self.room.meeting(), count);
        } else if self.counts {
            self.shared.count_no_more(self.room.meeting());
        }
        self.counts = own;
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
