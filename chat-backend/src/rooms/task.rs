//! The task of one live room: it opens, takes what people ask in order, and closes.

mod asked;
mod keeping;

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, error::ErrorCode, limits::ROSTER_GATHER, meeting::MeetingStatus};
use plenum_service::clock;
use tokio::{sync::mpsc, time::Instant};

use self::asked::join_of;
use super::{
    Shared,
    admission::Admission,
    delivery::Recipient,
    entry::{Command, Refusal, SocketId},
    history::History,
    inbox::{Inbound, Queued, Sender},
    log::RoomLog,
    state::Room,
};
use crate::meetings::Meeting;

/// Things done for a room in one round: the socket library's writers, which keep 128 packets for a socket, get their
/// turn in between.
const ROUND_MAX: usize = 64;

/// Runs a room from its first join until it has been empty for a while.
pub async fn run<L: RoomLog>(
    shared: Arc<Shared<L>>,
    meeting: MeetingId,
    mut queue: mpsc::UnboundedReceiver<Queued>,
) {
    let problem = match shared.store.get(&meeting).await {
        Ok(Some(found)) if found.status == MeetingStatus::Active => {
            return LiveRoom::open(shared, found, queue).await.run().await;
        }
        Ok(Some(_)) => ErrorCode::MeetingEnded,
        Ok(None) => ErrorCode::MeetingNotFound,
        Err(error) => {
            tracing::warn!(%meeting, %error, "a room can't be opened");
            ErrorCode::StoreUnavailable
        }
    };
    while !shared.close(&meeting, &queue) {
        let Some(queued) = queue.recv().await else { return };
        queued.inbound.answer(Err(problem.into()));
    }
}

struct Member {
    user: UserId,
    recipient: Arc<dyn Recipient>,
}

struct LiveRoom<L: RoomLog> {
    shared: Arc<Shared<L>>,
    queue: mpsc::UnboundedReceiver<Queued>,
    /// Users that may be in the room at once, as the store has it.
    places: u32,
    places_as_of: Timestamp,
    room: Room,
    history: History,
    members: HashMap<SocketId, Member>,
    /// Who asked something in this round.
    askers: Vec<Arc<dyn Recipient>>,
    /// Whether the members were told something in this round.
    told: bool,
    admission: Admission,
    /// Entries and their bytes since the snapshot was renewed.
    unfolded: (usize, usize),
    /// Whether a `users:online` is due before anything but another join happens, for all who came together.
    roster_due_now: bool,
    /// When a gathered `users:online` is due.
    roster_due: Option<Instant>,
    /// When the room goes, unless somebody comes.
    closes_at: Option<Instant>,
}

impl<L: RoomLog> LiveRoom<L> {
    async fn open(shared: Arc<Shared<L>>, meeting: Meeting, queue: mpsc::UnboundedReceiver<Queued>) -> Self {
        let loaded = shared.log.open(&meeting.id).await;
        let room = loaded.snapshot.restored();
        let mut this = Self {
            history: History::since(room.top()),
            room,
            members: HashMap::new(),
            askers: Vec::new(),
            told: false,
            admission: Admission::new(shared.store.clone(), &meeting),
            unfolded: (0, 0),
            roster_due_now: false,
            roster_due: None,
            closes_at: Some(clock::instant() + shared.grace),
            shared,
            queue,
            places: meeting.max_participants,
            places_as_of: meeting.updated_at,
        };
        for entry in loaded.entries {
            if entry.seq > this.room.top() {
                this.apply(&entry);
            }
        }
        // Nobody had this room live, so whoever the log still has in it is gone.
        for (user, socket) in this.room.seats() {
            this.commit(&Command::Leave { user, socket }).await.ok();
        }
        this.say_rules(meeting.max_participants, meeting.updated_at).await;
        this
    }

    async fn run(mut self) {
        let life = self.shared.life.clone();
        loop {
            let roster_due = self.roster_due;
            let closes_at = self.closes_at;
            tokio::select! {
                biased;
                written = self.admission.written() => {
                    if let Err(error) = &written {
                        tracing::warn!(meeting = %self.room.meeting(), %error, "participants can't be stored");
                    }
                    let refusal = match &written {
                        Ok(Some(meeting)) if meeting.status == MeetingStatus::Active => None,
                        Ok(Some(_)) => Some(ErrorCode::MeetingEnded),
                        Ok(None) => Some(ErrorCode::MeetingNotFound),
                        Err(_) => Some(ErrorCode::StoreUnavailable),
                    };
                    for queued in self.admission.settle(&written) {
                        match (refusal, queued.inbound) {
                            (Some(code), join @ Inbound::Join { .. }) => join.answer(Err(code.into())),
                            (_, inbound) => {
                                self.askers.extend(inbound.from().map(|from| from.recipient.clone()));
                                self.handle(inbound).await;
                            }
                        }
                    }
                }
                queued = self.queue.recv() => {
                    let Some(queued) = queued else { return };
                    self.round(queued).await;
                }
                () = at(roster_due) => self.tell_roster(),
                () = at(closes_at) => if self.close().await { return },
                () = life.stopping(), if self.members.is_empty() && self.queue.is_empty() && !self.admission.is_busy() => {
                    if self.close().await { return }
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
            let Ok(queued) = self.queue.try_recv() else { return };
            self.take(queued).await;
        }
    }

    /// Whether the room is gone. It stays when somebody asked something just now.
    async fn close(&mut self) -> bool {
        if self.admission.is_busy() {
            self.closes_at = Some(clock::instant() + ROSTER_GATHER);
            return false;
        }
        // The log goes first: a room that opens after this one must not find it.
        self.shared.log.remove(self.room.meeting()).await;
        if self.shared.close(self.room.meeting(), &self.queue) {
            return true;
        }
        let ended = self.room.has_ended();
        let fresh = self.shared.log.open(self.room.meeting()).await;
        if !ended {
            self.room = fresh.snapshot.restored();
            self.history = History::since(self.room.top());
            self.say_rules(self.places, self.places_as_of).await;
        }
        self.closes_at = Some(clock::instant() + if ended { Duration::ZERO } else { self.shared.grace });
        false
    }

    /// Does what is asked, or holds it back while its socket's join waits for the store.
    async fn take(&mut self, queued: Queued) {
        let Some(from) = queued.inbound.from().cloned() else {
            return self.handle(queued.inbound).await;
        };
        self.askers.push(from.recipient.clone());
        if self.admission.holds(&from.socket) {
            return self.admission.hold(&from.socket, queued);
        }
        if matches!(queued.inbound, Inbound::Join { .. }) && !self.admission.has(&from.who.user) {
            match self.would_admit(&from) {
                Ok(()) => self.admission.wait(&from.who.user, from.socket.clone(), queued),
                Err(refusal) => queued.inbound.answer(Err(refusal.into())),
            }
            return;
        }
        self.handle(queued.inbound).await;
    }

    /// Whether there will be a place when the store has taken the user and all who wait already.
    fn would_admit(&self, from: &Sender) -> Result<(), Refusal> {
        self.room.decide(&join_of(from))?;
        if self.admission.is_full() {
            return Err(Refusal::Full { places: self.room.places() });
        }
        let coming = self.admission.expected(|user| self.room.is_in(user));
        let places = self.room.places();
        let known = self.room.is_in(&from.who.user) || self.admission.expects(&from.who.user);
        if known || self.room.count() + coming < places as usize {
            Ok(())
        } else {
            Err(Refusal::Full { places })
        }
    }
}

impl<L: RoomLog> Drop for LiveRoom<L> {
    fn drop(&mut self) {
        // Only a room that broke, or was cut off at the end of the process, still has members: they rejoin.
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
