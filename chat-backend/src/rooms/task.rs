//! The task of one live room: it opens, takes what people ask in order, follows what other nodes append, and closes.

mod asked;
mod batch;
mod deletions;
mod keeping;
mod opening;
mod settling;
mod snapshots;

pub(super) use self::opening::run;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use plenum_contract::{Caller, error::ErrorCode, limits::ROSTER_GATHER, meeting::MeetingStatus};
use plenum_service::clock;
use tokio::{sync::mpsc, time::Instant};

use self::{deletions::Deletions, snapshots::Snapshots};
use super::{
    Shared,
    act::Act,
    admission::{Admission, Written},
    delivery::{Places, Recipient},
    entry::{Command, Decision, Fact, Refusal, SocketId},
    history::History,
    inbox::{Inbound, Queued},
    log::{LogError, Opened, RoomLog},
    state::Room,
};
use crate::meetings::Meeting;

/// Things done for a room in one round: the socket library's writers, which keep 128 packets for a socket, get their
/// turn in between.
const ROUND_MAX: usize = 64;

/// A socket of this node that is somewhere in the meeting.
struct Member {
    who: Arc<Caller>,
    recipient: Arc<dyn Recipient>,
    at: Places,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
struct LiveRoom {
    shared: Arc<Shared>,
    queue: mpsc::UnboundedReceiver<Queued>,
    log: Box<dyn RoomLog>,
    room: Room,
    history: History,
    /// Whoever is in the room, in the call, or waits, on this node.
    members: HashMap<SocketId, Member>,
    /// What is to be done, in order.
    asked: VecDeque<Queued>,
    /// What the store said and the log could not take: it is done when the log is back.
    kept: VecDeque<Queued>,
    /// Whether seats may be held in the log for sockets that are not members, since the log did not answer.
    unsettled: bool,
    /// Whether an append did not answer, so that it may have been done.
    unsure: bool,
    /// Who asked something in this round.
    askers: Vec<Arc<dyn Recipient>>,
    /// Whether the members were told something in this round.
    told: bool,
    /// What sockets were told by this room, all together.
    delivered: u64,
    admission: Admission,
    snapshots: Snapshots,
    deletions: Deletions,
    /// Whether this node is the one to count the room: it appended the latest coming or going.
    counts: bool,
    /// Whether a `users:online` is due before anything but another join happens, for all who came together.
    roster_due_now: bool,
    /// When a gathered `users:online` is due.
    roster_due: Option<Instant>,
    /// When the room goes, unless somebody comes.
    closes_at: Option<Instant>,
    /// Whether its log is lost.
    lost: bool,
}

/// What was asked of a room that ended, for the one that opens after it.
type Left = (VecDeque<Queued>, mpsc::UnboundedReceiver<Queued>);

impl LiveRoom {
    /// `meeting` is the active one; none when the room is only told that it has ended.
    fn begin(
        shared: Arc<Shared>,
        meeting: Option<Meeting>,
        opened: Opened,
        queue: mpsc::UnboundedReceiver<Queued>,
    ) -> Self {
        let room = opened.snapshot;
        let mut this = Self {
            history: History::since(room.top()),
            log: opened.log,
            members: HashMap::new(),
            kept: VecDeque::new(),
            unsettled: true, // seats of ours are from a task that broke
            unsure: false,
            askers: Vec::new(),
            told: false,
            delivered: 0,
            admission: Admission::new(shared.store.clone(), room.meeting(), meeting.as_ref()),
            snapshots: Snapshots::new(room.clone()),
            deletions: Deletions::default(),
            counts: false,
            roster_due_now: false,
            roster_due: None,
            closes_at: Some(clock::instant() + shared.grace),
            lost: false,
            shared,
            room,
            asked: VecDeque::new(),
            queue,
        };
        this.recall(opened.entries);
        this.bury_the_dead();
        if let Some(meeting) = meeting {
            let rule = Inbound::Ruled {
                places: meeting.max_participants,
                rules: Box::new((&meeting).into()),
                as_of: meeting.updated_at,
            };
            this.asked.push_back(Queued { inbound: rule, place: None });
        }
        this
    }

    /// Folds a log that was just opened; nobody is told.
    fn recall(&mut self, entries: Vec<super::entry::Entry>) {
        for entry in entries {
            if entry.seq > self.room.top() {
                self.apply(&entry, false);
                if self.snapshots.is_due() {
                    self.snapshots.next(&self.room);
                }
            } else if let Some(message) = self.room.message(&entry) {
                self.history.recall(message);
            } else {
                self.history.amend(&entry);
            }
        }
    }

    async fn run(mut self, asked: VecDeque<Queued>) -> Option<Left> {
        let life = self.shared.life.clone();
        self.carry_out().await;
        self.settle_seats().await;
        for queued in asked {
            self.take(queued).await;
        }
        self.carry_out().await;
        self.flush();
        loop {
            if self.lost {
                return Some(self.give_up());
            }
            let roster_due = self.roster_due;
            let closes_at = self.closes_at;
            tokio::select! {
                biased;
                written = self.admission.written() => self.admit(&written).await,
                heard = self.log.heard() => self.hear(heard).await,
                queued = self.queue.recv() => {
                    let queued = queued?;
                    self.round(queued).await;
                }
                () = at(roster_due) => self.tell_roster(),
                () = at(closes_at) => if self.close(true).await { return None },
                () = life.stopping(), if self.members.is_empty() && self.queue.is_empty() && !self.admission.is_busy() => {
                    if self.close(false).await { return None }
                }
            }
            self.flush();
        }
    }

    /// Does what is asked in one turn of the scheduler, so that a socket gets what all of it comes to in one write.
    async fn round(&mut self, first: Queued) {
        tokio::task::yield_now().await; // others, whose sockets can be read in the same turn, put theirs behind it
        self.take(first).await;
        for _ in 1..ROUND_MAX {
            let Ok(queued) = self.queue.try_recv() else { break };
            self.take(queued).await;
        }
        self.carry_out().await;
    }

    /// What came of storing participants: who waited for it gets their turn.
    async fn admit(&mut self, written: &Written) {
        if let Err(error) = written {
            tracing::warn!(meeting = %self.room.meeting(), %error, "participants can't be stored");
        }
        let refusal = match written {
            Ok(Some(meeting)) if meeting.status == MeetingStatus::Active => None,
            Ok(Some(_)) => Some(ErrorCode::MeetingEnded),
            Ok(None) => Some(ErrorCode::MeetingNotFound),
            Err(_) => Some(ErrorCode::StoreUnavailable),
        };
        for queued in self.admission.settle(written) {
            match refusal {
                Some(code) if queued.inbound.wants_in() => {
                    queued.inbound.answer(Err(code.into()));
                }
                _ => {
                    self.askers.extend(queued.inbound.from().map(|from| from.recipient.clone()));
                    self.asked.push_back(queued);
                }
            }
        }
        self.carry_out().await;
    }

    /// Whether the room is gone. It stays when somebody asked something just now. With `for_good` its log goes too,
    /// when nobody is in it on any node.
    async fn close(&mut self, for_good: bool) -> bool {
        if self.admission.is_busy() || !self.members.is_empty() {
            self.closes_at = self.members.is_empty().then(|| clock::instant() + ROSTER_GATHER);
            return false;
        }
        // The log goes first: a room that opens after this one must not find it.
        if for_good && self.room.is_deserted() {
            match self.log.remove().await {
                Ok(true) => {}
                Ok(false) => {
                    self.closes_at = Some(clock::instant() + self.shared.grace);
                    return false;
                }
                Err(error) => tracing::debug!(%error, "an empty room's log goes by itself"),
            }
        }
        if self.shared.close(self.room.meeting(), &self.queue) {
            return true;
        }
        self.lost = true; // what was asked just now finds it opened again
        false
    }

    /// Puts what is asked where it is done next, or holds it back while its socket's join waits for the store.
    async fn take(&mut self, queued: Queued) {
        let Some(from) = queued.inbound.from().cloned() else {
            return self.asked.push_back(queued);
        };
        self.askers.push(from.recipient.clone());
        if self.admission.holds(&from.socket) {
            return self.admission.hold(&from.socket, queued);
        }
        if queued.inbound.wants_in() && !self.admission.has(&from.who.user) {
            self.carry_out().await; // who comes and goes before it matters
            match self.would_admit(&queued.inbound) {
                // Who has to wait for a host is none of the meeting's participants yet.
                Ok(Decision::Append { fact: Fact::Knocked { .. }, .. }) => self.asked.push_back(queued),
                Ok(_) => self.admission.wait(&from.who.user, from.socket.clone(), queued),
                Err(refusal) => queued.inbound.answer(Err(refusal.into())),
            }
            return;
        }
        let deletes = matches!(queued.inbound, Inbound::Act { act: Act::Delete { .. }, .. });
        if deletes && self.room.is_in(&from.who.user) && !self.deletions.may(&from.who.user) {
            return queued.inbound.answer(Err(ErrorCode::RateLimited.into()));
        }
        self.asked.push_back(queued);
    }

    /// What letting somebody in comes to, if there will be a place when the store has taken the user and all who wait for that
    /// already.
    fn would_admit(&self, inbound: &Inbound) -> Result<Decision, Refusal> {
        let Some((from, command)) = inbound.from().zip(self.command_of(inbound)?) else {
            return Ok(Decision::Nothing);
        };
        self.count_tries(&command)?;
        let decision = self.room.decide(&command)?;
        if self.admission.is_full() {
            return Err(Refusal::Full { places: self.room.places() });
        }
        let known = self.room.is_in(&from.who.user) || self.admission.expects(&from.who.user);
        if known || !matches!(decision, Decision::Append { fact: Fact::Joined { .. }, .. }) {
            return Ok(decision);
        }
        let coming = self.admission.expected(|user| self.room.is_in(user));
        let places = self.room.places();
        if self.room.count() + coming < places as usize {
            Ok(decision)
        } else {
            Err(Refusal::Full { places })
        }
    }

    /// Counts a passcode that is given where one is needed.
    fn count_tries(&self, command: &Command) -> Result<(), Refusal> {
        let mut without = command.clone();
        let (Command::Join(entrant) | Command::Call { entrant, .. }) = &mut without else { return Ok(()) };
        let user = entrant.user.clone();
        if entrant.passcode.take().is_some() && self.room.decide(&without) == Err(Refusal::PasscodeRequired) {
            let tried = self.shared.passcodes.count(self.room.meeting(), &user);
            tried.map_err(|_| Refusal::TooManyTries)?;
        }
        Ok(())
    }

    /// Ends without a word to the log: what was asked and not done is for the room that opens next.
    fn give_up(mut self) -> Left {
        let mut asked = std::mem::take(&mut self.asked);
        asked.extend(std::mem::take(&mut self.kept));
        asked.extend(self.admission.give_back());
        let (_, none) = mpsc::unbounded_channel();
        (asked, std::mem::replace(&mut self.queue, none))
    }
}

impl Drop for LiveRoom {
    fn drop(&mut self) {
        // Only a room that broke, lost its log, or was cut off at the end of the process still has members: they
        // rejoin.
        for member in self.members.values() {
            member.recipient.cut();
        }
    }
}

/// Waits until then; forever when there is no then.
async fn at(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}

impl From<LogError> for ErrorCode {
    fn from(error: LogError) -> Self {
        match error {
            LogError::GuardLost(_) | LogError::Full => Self::Busy,
            LogError::Declared | LogError::Lost | LogError::Away => Self::StoreUnavailable,
        }
    }
}
