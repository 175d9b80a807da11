use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use plenum_contract::{
    MeetingId, UserId,
    events::EndReason,
    limits::{PARTICIPANTS_STORED_MAX, STORE_TIMEOUT},
    meeting::MeetingStatus,
};

use plenum_service::Lifecycle;

use super::{ChangeRequest, LiveRooms, Meeting, MeetingError, NewMeeting, fields::Object};
use crate::store::{MeetingStore, StoreError};

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
    places: Places,
    life: Lifecycle,
}

impl Meetings {
    /// Meetings of this store, whose rooms are these.
    #[must_use]
    pub fn new(
        store: Arc<dyn MeetingStore>,
        rooms: Arc<dyn LiveRooms>,
        places: Places,
        life: Lifecycle,
    ) -> Self {
        Self { store, rooms, places, life }
    }

    /// Makes a meeting of what a host sent.
    pub async fn create(&self, host: UserId, sent: &Object, now: Timestamp) -> Result<Meeting, MeetingError> {
        let new = NewMeeting::read(sent, self.places).map_err(MeetingError::Invalid)?;
        let meeting = new.hosted_by(host, now);
        self.store.create(&meeting).await?;
        Ok(meeting)
    }

    /// One meeting, for anyone.
    pub async fn get(&self, id: &MeetingId) -> Result<Meeting, MeetingError> {
        self.store.get(id).await?.ok_or(MeetingError::NotFound)
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

    /// Adds the user to the stored participants, once. Places in the room are the room's matter.
    pub async fn join(&self, id: &MeetingId, user: &UserId, now: Timestamp) -> Result<Meeting, MeetingError> {
        in_time(async {
            let meeting = self.get(id).await?;
            if meeting.status != MeetingStatus::Active {
                return Err(MeetingError::Ended);
            }
            if meeting.participants.contains(user) {
                return Ok(meeting);
            }
            if meeting.participants.len() >= PARTICIPANTS_STORED_MAX {
                return Err(MeetingError::Full(PARTICIPANTS_STORED_MAX));
            }
            let users = std::slice::from_ref(user);
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
                } else if change.max_participants.is_some() {
                    this.rooms.changed(&changed);
                }
                Ok(changed)
            })
            .await
        })
        .await
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
}

/// What takes several steps has for all of them the time of one.
async fn in_time<T>(steps: impl Future<Output = Result<T, MeetingError>>) -> Result<T, MeetingError> {
    let late = || MeetingError::Store(StoreError::unavailable("the steps together took too long"));
    tokio::time::timeout(STORE_TIMEOUT, steps).await.unwrap_or_else(|_| Err(late()))
}
