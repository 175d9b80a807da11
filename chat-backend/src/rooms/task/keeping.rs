//! Keeping the log and telling what it says.

use std::time::Duration;

use plenum_contract::{
    UserId,
    error::ErrorCode,
    events::{self, UsersOnline},
    limits::{ROSTER_AT_ONCE_MAX, ROSTER_GATHER},
};
use plenum_service::{
    clock,
    traces::{Span, Trace},
};

use crate::metrics;

use super::{
    super::{
        act::Act,
        delivery::{Audience, Delivery, Packet, Places, encode},
        entry::{Entry, Fact, SocketId},
        inbox::{InRoom, Queued},
        log::{Heard, LogError},
    },
    LiveRoom, Member,
    asked::passing_event,
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
                    self.finish(step, None).await;
                }
                continue;
            }
            let facts = std::mem::take(&mut batch.facts);
            let (began, count) = (clock::instant(), facts.len() as u64);
            let appended = self.log.append(facts, batch.guard, clock::now()).await;
            let outcome = match &appended {
                Ok(_) => "ok",
                Err(LogError::GuardLost(_)) => "guard_lost",
                Err(_) => "failed",
            };
            let took = clock::instant().duration_since(began);
            metrics::APPENDING.times_of(outcome).record(took);
            for trace in batch.traces() {
                trace.has_just_taken("append to the log", took, &[("outcome", outcome)]);
            }
            match appended {
                Ok(appended) => {
                    metrics::APPENDED.add(count);
                    again = 0;
                    self.follow_all(&appended.before);
                    let mut own = appended.own.into_iter();
                    for step in batch.steps {
                        let entry = if matches!(step.comes_to, ComesTo::Fact) { own.next() } else { None };
                        let telling = self.telling(&step.trace().unwrap_or_default());
                        self.finish(step, entry.as_ref()).await;
                        self.told_all(telling);
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
            let command = self.command_of(&queued.inbound);
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
            return self.give_answers(batch.steps, error.into(), away).await;
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
    async fn give_answers(&mut self, steps: Vec<Step>, code: ErrorCode, away: bool) {
        for step in steps {
            match (&step.comes_to, step.queued.inbound.from()) {
                (ComesTo::Fact, None) if away => self.keep(step.queued),
                (ComesTo::Fact, _) => self.refuse(step.queued.inbound, code.into()),
                _ => self.finish(step, None).await,
            }
        }
    }

    /// Keeps the store's word until the log is back.
    fn keep(&mut self, queued: Queued) {
        if queued.inbound.is_stores() {
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
                    let audience = but.map_or(Audience::All, Audience::Others);
                    self.tell(&[Delivery { seq: None, audience, event, data, about: None }]);
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

    /// Begins the step of a trace in which an entry takes effect here; none of what is not traced.
    fn telling(&self, trace: &Trace) -> Option<(Span, u64)> {
        trace.is_on().then(|| (trace.step("apply and deliver"), self.delivered))
    }

    /// ... and ends it.
    fn told_all(&self, telling: Option<(Span, u64)>) {
        if let Some((mut span, before)) = telling {
            span.say("deliveries", self.delivered.wrapping_sub(before).cast_signed());
        }
    }

    /// Applies what others appended.
    pub(super) fn follow_all(&mut self, entries: &[Entry]) {
        for entry in entries {
            let trace = entry.trace.as_deref().map(Trace::parse).unwrap_or_default();
            let telling = self.telling(&trace);
            self.follow(entry, false);
            self.told_all(telling);
        }
    }

    /// Applies an entry, tells it, and does what else it comes to on this node.
    pub(super) fn follow(&mut self, entry: &Entry, own: bool) {
        let deliveries = self.apply(entry, own);
        self.tell(&deliveries);
        match &entry.fact {
            Fact::Joined { .. } | Fact::Left { .. } | Fact::Gone { .. } => {
                let moved = |told: &Delivery| {
                    matches!(told.event, events::server::USER_JOINED | events::server::USER_LEFT)
                };
                if deliveries.iter().any(moved) {
                    self.people_changed(own);
                } else if !deliveries.is_empty() {
                    self.count(own);
                }
            }
            Fact::Called { user, socket, .. } => {
                // The seat is of the socket that took it last.
                self.tell_who_lost_the_seat(user, socket);
                self.move_out(
                    |at| at.call = false,
                    |other, member| other != socket && member.who.user == *user,
                );
                self.count(own);
            }
            Fact::Acted { act: Act::Admit { user: Some(user) } | Act::Deny { user }, .. } => {
                self.move_out(|at| at.waits = false, |_, member| member.who.user == *user);
            }
            Fact::Acted { act: Act::Admit { user: None }, .. } => {
                self.move_out(|at| at.waits = false, |_, _| true);
            }
            Fact::Removed { user, .. } => {
                self.move_out(|at| *at = Places::default(), |_, member| member.who.user == *user);
                self.people_changed(own);
            }
            Fact::Ended { .. } => self.end_here(own),
            _ => {}
        }
        if matches!(&entry.fact, Fact::Gone { node } if node == self.log.by()) {
            self.rejoin();
        }
    }

    /// Another socket of the user has the seat in the call: the one that had it is told, if it is here.
    fn tell_who_lost_the_seat(&mut self, user: &UserId, has: &SocketId) {
        let taken = encode(&events::SeatTaken { meeting_id: self.room.meeting().clone() });
        let packet = Packet::new(events::server::CALL_SEAT_TAKEN, &taken);
        for (socket, member) in &self.members {
            if member.at.call && member.who.user == *user && socket != has {
                member.recipient.deliver(&packet);
                self.told = true;
            }
        }
    }

    /// Sockets of which this holds are out of something, and gone when they are nowhere any more, with all that they were told.
    fn move_out(&mut self, out: impl Fn(&mut Places), which: impl Fn(&SocketId, &Member) -> bool) {
        self.flush_told();
        for (socket, member) in &mut self.members {
            if which(socket, member) {
                out(&mut member.at);
            }
        }
        self.let_go(|_, _| false);
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

    /// Applies an entry; `own` for one that this node appended.
    pub(super) fn apply(&mut self, entry: &Entry, own: bool) -> Vec<Delivery> {
        let here = if own { self.may_go(&entry.fact) } else { Vec::new() };
        let deliveries = self.room.apply(entry);
        if own {
            self.attend(entry, &here);
        }
        self.history.amend(entry);
        for delivery in &deliveries {
            self.history.keep(delivery);
        }
        self.snapshots.note(entry);
        deliveries
    }

    /// Who is in the room and may not be after this, with the entry with which they came.
    fn may_go(&self, fact: &Fact) -> Vec<(UserId, u64)> {
        match fact {
            Fact::Left { user, .. } | Fact::Removed { user, .. } => {
                self.room.visit_of(user).map(|visit| (user.clone(), visit)).into_iter().collect()
            }
            Fact::Gone { .. } | Fact::Ended { .. } => {
                self.room.visits().map(|(user, visit)| (user.clone(), visit)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Notes for the report who came with an entry, and who of those that were here went.
    fn attend(&self, entry: &Entry, here: &[(UserId, u64)]) {
        let (meeting, attendance) = (self.room.meeting(), &self.shared.attendance);
        let at = clock::from_millis(entry.at);
        if let Fact::Joined { user, name, guest, .. } = &entry.fact
            && self.room.visit_of(user) == Some(entry.seq)
        {
            attendance.came(meeting, &self.room.message_id(entry.seq), user, name, *guest, at);
        }
        for (_, visit) in here.iter().filter(|(user, _)| !self.room.is_in(user)) {
            attendance.went(meeting, &self.room.message_id(*visit), at);
        }
    }

    /// After enough entries the log gets a newer snapshot.
    async fn renew_when_due(&mut self) {
        if self.snapshots.is_due() {
            let snapshot = self.snapshots.next(&self.room);
            let keep_from = self.history.keep_from(snapshot.top());
            self.log.renew(snapshot, keep_from).await.ok(); // it is tried again, and the log has its own bound
        }
    }

    /// The log is full: whatever is held in it must be let go at once.
    async fn renew_now(&mut self) {
        let room = self.room.clone();
        self.log.renew(room, self.history.keep_from(self.room.top())).await.ok();
    }

    /// Puts events on their way; they go at the end of the round.
    pub(super) fn tell(&mut self, deliveries: &[Delivery]) {
        let mut delivered = 0;
        for delivery in deliveries {
            let packet = Packet::from(delivery);
            let told = |member: &&Member| delivery.audience.includes(&member.who.user, member.at);
            for member in self.members.values().filter(told) {
                member.recipient.deliver(&packet);
                delivered += 1;
            }
            self.told = true;
        }
        self.delivered = self.delivered.wrapping_add(delivered);
        metrics::DELIVERIES.add(delivered);
    }

    /// Ends a round: everybody gets at once what the round had for them.
    pub(super) fn flush(&mut self) {
        if self.roster_due_now {
            self.tell_roster();
        }
        for asker in self.askers.drain(..) {
            asker.flush();
        }
        self.flush_told();
    }

    /// Everybody gets what the round had for them so far.
    fn flush_told(&mut self) {
        if std::mem::take(&mut self.told) {
            for member in self.members.values() {
                member.recipient.flush();
            }
        }
    }

    /// Somebody came or went, by our doing or another node's: counts it, and tells everybody, in a large room
    /// gathered over a while.
    pub(super) fn people_changed(&mut self, own: bool) {
        self.count(own);
        if self.room.count() <= ROSTER_AT_ONCE_MAX {
            self.roster_due_now = true;
        } else if self.roster_due.is_none() {
            self.roster_due = Some(clock::instant() + ROSTER_GATHER);
        }
    }

    /// Counts who is here, where that is this node's to do.
    fn count(&mut self, own: bool) {
        if own {
            let now = InRoom { users: self.room.count(), callers: self.room.callers_count() };
            self.shared.count(self.room.meeting(), now);
        } else if self.counts {
            self.shared.count_no_more(self.room.meeting());
        }
        self.counts = own;
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
