use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use plenum_contract::{
    Caller, MeetingId, UserId,
    error::ErrorCode,
    events::EndReason,
    limits::{PARTICIPANTS_STORED_MAX, STORE_TIMEOUT},
    meeting::{CallUser, MeetingReport, MeetingStatus},
};

use plenum_service::Lifecycle;

use super::{
    ChangeRequest, Code, LiveRooms, Meeting, MeetingChange, MeetingError, NewMeeting, Passcodes,
    fields::Object,
};
use crate::store::{Creation, MeetingStore, StoreError};

/// Meetings of a host who is gone that are called off by one question.
const HOSTED_AT_ONCE: u64 = 100;
/// Overdue meetings that are completed by one question.
const OVERDUE_AT_ONCE: usize = 100;
/// Codes that are tried for a new meeting. That one is taken happens less than once in a million meetings, if there are as
/// many already.
const CODES_TRIED: usize = 4;
/// Users whom hosts have removed from a meeting and who may not come back; the earliest are forgotten first.
const REMOVED_MAX: usize = 256;

/// How many users a meeting's room may have at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// `MAX_PARTICIPANTS`: of a meeting that names no number.
    pub usual: u32,
    /// `MAX_MEETING_CAPACITY`: the most a meeting may name.
    pub most: u32,
}

/// Everything that can be done with meetings, whoever asks.
#[derive(Clone)]
pub struct Meetings {
    store: Arc<dyn MeetingStore>,
    rooms: Arc<dyn LiveRooms>,
    passcodes: Passcodes,
    places: Places,
    life: Lifecycle,
}

impl Meetings {
    /// Meetings of this store, whose rooms are these.
    #[must_use]
    pub fn new(
        store: Arc<dyn MeetingStore>,
        rooms: Arc<dyn LiveRooms>,
        passcodes: Passcodes,
        places: Places,
        life: Lifecycle,
    ) -> Self {
        Self { store, rooms, passcodes, places, life }
    }

    /// Makes a meeting of what a host sent.
    pub async fn create(&self, host: UserId, sent: &Object, now: Timestamp) -> Result<Meeting, MeetingError> {
        let new = NewMeeting::read(sent, self.places).map_err(MeetingError::Invalid)?;
        let mut meeting = new.hosted_by(host, now);
        in_time(async {
            for _ in 0..CODES_TRIED {
                match self.store.create(&meeting).await? {
                    Creation::Done => return Ok(meeting),
                    Creation::CodeTaken => meeting.options.code = Code::random(),
                }
            }
            Err(StoreError::unavailable("every code that was tried is taken").into())
        })
        .await
    }

    /// One meeting, for anyone.
    pub async fn get(&self, id: &MeetingId) -> Result<Meeting, MeetingError> {
        self.find(id).await?.ok_or(MeetingError::NotFound)
    }

    /// One meeting, if there is such.
    pub async fn find(&self, id: &MeetingId) -> Result<Option<Meeting>, MeetingError> {
        Ok(self.store.get(id).await?)
    }

    /// The meeting of a link.
    pub async fn by_code(&self, code: &Code) -> Result<Meeting, MeetingError> {
        self.store.by_code(code).await?.ok_or(MeetingError::NotFound)
    }

    /// What the user hosts or ever joined, newest first.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, MeetingError> {
        Ok(self.store.of_user(user).await?)
    }

    /// The UTC day of `now`, and what of the user's begins in it, by time.
    pub async fn today(&self, user: &UserId, now: Timestamp) -> Result<(Date, Vec<Meeting>), MeetingError> {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let today = day(now);
        let mut meetings = self.store.of_user(user).await?;
        meetings.retain(|meeting| day(meeting.schedule.starts_at) == today);
        meetings.sort_by_key(|meeting| meeting.schedule.starts_at);
        Ok((today, meetings))
    }

    /// Adds who asks to the stored participants, once, if the meeting and its live room let them in. Places in the room are
    /// the room's matter.
    pub async fn join(
        &self,
        id: &MeetingId,
        who: &Caller,
        passcode: Option<&str>,
        now: Timestamp,
    ) -> Result<Meeting, MeetingError> {
        in_time(async {
            let meeting = self.get(id).await?;
            self.passcodes.check(&meeting, who, passcode).map_err(MeetingError::Refused)?;
            self.rooms.admits(&meeting, &who.user).await.map_err(MeetingError::Refused)?;
            if meeting.participants.contains(&who.user) {
                return Ok(meeting);
            }
            if meeting.participants.len() >= PARTICIPANTS_STORED_MAX {
                return Err(MeetingError::Full(PARTICIPANTS_STORED_MAX));
            }
            let users = std::slice::from_ref(&who.user);
            self.store.add_participants(id, users, now).await?.ok_or(MeetingError::NotFound)
        })
        .await
    }

    /// Leaves. The stored participants are everyone who ever joined, so nobody is taken off.
    pub async fn leave(&self, id: &MeetingId) -> Result<Meeting, MeetingError> {
        self.get(id).await
    }

    /// Changes what the host sent, then tells the room.
    pub async fn update(
        &self,
        id: &MeetingId,
        user: &UserId,
        sent: &Object,
        now: Timestamp,
    ) -> Result<Meeting, MeetingError> {
        in_time(async {
            let request = ChangeRequest::read(sent, self.places).map_err(MeetingError::Invalid)?;
            let meeting = self.get(id).await?;
            if meeting.host != *user {
                return Err(MeetingError::MayNotUpdate);
            }
            let change = request.of(&meeting)?;
            if change.is_empty() {
                return Ok(meeting);
            }
            let (this, id) = (self.clone(), id.clone());
            self.to_the_end(async move {
                let changed = this.store.update(&id, &change, now).await?.ok_or(MeetingError::NotFound)?;
                if let Some(reason) = change.ends() {
                    this.rooms.ended(&id, reason);
                } else if change.rules() {
                    this.rooms.changed(&changed);
                }
                Ok(changed)
            })
            .await
        })
        .await
    }

    /// Ends a meeting for one of its hosts. One that has ended stays as it is.
    pub async fn end(&self, id: &MeetingId, user: &UserId, now: Timestamp) -> Result<Meeting, MeetingError> {
        in_time(async {
            let meeting = self.moderated(id, user).await?;
            if meeting.status != MeetingStatus::Active {
                return Ok(meeting);
            }
            let over = MeetingChange { status: Some(MeetingStatus::Completed), ..MeetingChange::default() };
            let (this, id) = (self.clone(), id.clone());
            self.to_the_end(async move {
                let ended = this.store.update(&id, &over, now).await?.ok_or(MeetingError::NotFound)?;
                this.rooms.ended(&id, EndReason::Completed);
                Ok(ended)
            })
            .await
        })
        .await
    }

    /// Ends a meeting for an admin. One that has ended stays as it is.
    pub async fn end_for_admin(&self, id: &MeetingId, now: Timestamp) -> Result<(), MeetingError> {
        in_time(async {
            let host = self.get(id).await?.host;
            self.end(id, &host, now).await.map(drop)
        })
        .await
    }

    /// Removes a user for one of the hosts: they go, and may not come back. The host stays.
    pub async fn remove(
        &self,
        id: &MeetingId,
        moderator: &UserId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Meeting, MeetingError> {
        in_time(async {
            let meeting = self.moderated(id, moderator).await?;
            if meeting.host == *user {
                return Err(MeetingError::Refused(ErrorCode::NotModerator));
            }
            let forgotten = meeting
                .options
                .removed
                .first()
                .filter(|_| meeting.options.removed.len() >= REMOVED_MAX && !meeting.has_removed(user));
            let (this, id, user, forgotten) = (self.clone(), id.clone(), user.clone(), forgotten.cloned());
            self.to_the_end(async move {
                if let Some(forgotten) = forgotten {
                    this.store.set_removed(&id, &forgotten, false, now).await?;
                }
                let removed = this.store.set_removed(&id, &user, true, now).await?;
                let removed = removed.ok_or(MeetingError::NotFound)?;
                this.rooms.removed(&removed, &user);
                Ok(removed)
            })
            .await
        })
        .await
    }

    /// Lets a user come back for one of the hosts.
    pub async fn readmit(
        &self,
        id: &MeetingId,
        moderator: &UserId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Meeting, MeetingError> {
        in_time(async {
            let meeting = self.moderated(id, moderator).await?;
            if !meeting.has_removed(user) {
                return Ok(meeting);
            }
            let (this, id, user) = (self.clone(), id.clone(), user.clone());
            self.to_the_end(async move {
                let readmitted = this.store.set_removed(&id, &user, false, now).await?;
                let readmitted = readmitted.ok_or(MeetingError::NotFound)?;
                this.rooms.changed(&readmitted);
                Ok(readmitted)
            })
            .await
        })
        .await
    }

    /// A meeting, for one of its hosts.
    async fn moderated(&self, id: &MeetingId, user: &UserId) -> Result<Meeting, MeetingError> {
        let meeting = self.get(id).await?;
        if meeting.is_moderator(user) {
            Ok(meeting)
        } else {
            Err(MeetingError::Refused(ErrorCode::NotModerator))
        }
    }

    /// Deletes for the host, then ends the room.
    pub async fn delete(&self, id: &MeetingId, user: &UserId) -> Result<(), MeetingError> {
        in_time(async {
            let Some(meeting) = self.store.get(id).await? else {
                // Deleted by a request that never heard so: its room may not have either.
                self.rooms.ended(id, EndReason::Deleted);
                return Err(MeetingError::NotFound);
            };
            if meeting.host != *user {
                return Err(MeetingError::MayNotDelete);
            }
            let (this, id) = (self.clone(), id.clone());
            self.to_the_end(async move {
                this.store.delete(&id).await?;
                this.rooms.ended(&id, EndReason::Deleted);
                Ok(())
            })
            .await
        })
        .await
    }

    /// The account of a user is gone: what they host is called off. May be asked again until it says that all is done.
    pub async fn host_is_gone(&self, host: &UserId, now: Timestamp) -> Result<(), MeetingError> {
        let over = MeetingChange { status: Some(MeetingStatus::Cancelled), ..MeetingChange::default() };
        loop {
            let active = self.store.active_of_host(host, HOSTED_AT_ONCE).await?;
            if active.is_empty() {
                return Ok(());
            }
            for id in active {
                let (this, over) = (self.clone(), over.clone());
                self.to_the_end(async move {
                    // One that was deleted meanwhile is none.
                    this.store.update(&id, &over, now).await?;
                    this.rooms.ended(&id, EndReason::Cancelled);
                    Ok(())
                })
                .await?;
            }
        }
    }

    /// Completes meetings that are [overdue](Meeting::is_overdue), some at a time; how many. May be asked on every node.
    pub async fn complete_overdue(&self, now: Timestamp) -> Result<usize, MeetingError> {
        let overdue = self.store.overdue(now, OVERDUE_AT_ONCE).await?;
        if overdue.is_empty() {
            return Ok(0);
        }
        // The store may not have heard yet who came just now.
        let Some(live) = self.rooms.live_meetings().await else { return Ok(0) };
        let mut completed = 0;
        for id in overdue.into_iter().filter(|id| !live.contains(id)) {
            let this = self.clone();
            let done = self.to_the_end(async move {
                let done = this.store.complete_overdue(&id, now).await?;
                if done {
                    this.rooms.ended(&id, EndReason::Completed);
                }
                Ok(done)
            });
            completed += usize::from(done.await?);
        }
        Ok(completed)
    }

    /// Who was there, for one of the hosts.
    pub async fn report(
        &self,
        id: &MeetingId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<MeetingReport, MeetingError> {
        in_time(async {
            let meeting = self.moderated(id, user).await?;
            Ok(meeting.report(self.store.visits(id).await?, now))
        })
        .await
    }

    /// Does what the store and the room must both have, whether or not whoever asked still waits for it.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, MeetingError>> + Send + 'static,
    ) -> Result<T, MeetingError> {
        let cut_off = || MeetingError::Store(StoreError::unavailable("the process ends"));
        self.life.spawn(work).await.ok().flatten().unwrap_or_else(|| Err(cut_off()))
    }

    /// How many rooms have somebody in them, and how many users these are.
    pub async fn live(&self) -> (usize, usize) {
        self.rooms.stats().await
    }

    /// How many calls have somebody in them, and how many users these are.
    pub async fn calls(&self) -> (usize, usize) {
        self.rooms.call_stats().await
    }

    /// Who is in a meeting's call; none while nobody is.
    pub async fn call(&self, id: &MeetingId) -> Result<Option<Vec<CallUser>>, MeetingError> {
        let meeting = self.get(id).await?;
        Ok(self.rooms.call(&meeting.id).await)
    }
}

/// What takes several steps has for all of them the time of one.
async fn in_time<T>(steps: impl Future<Output = Result<T, MeetingError>>) -> Result<T, MeetingError> {
    let late = || MeetingError::Store(StoreError::unavailable("the steps together took too long"));
    tokio::time::timeout(STORE_TIMEOUT, steps).await.unwrap_or_else(|_| Err(late()))
}
