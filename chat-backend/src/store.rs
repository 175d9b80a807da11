//! Where meetings are kept: a small trait, and the two that keep it.

mod bounded;
pub mod firestore;
mod gather;
pub mod sql;

use std::{collections::HashSet, error::Error, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId};

use plenum_service::{database::Database, process::StartError};

pub use self::bounded::Bounded;
use crate::{
    Config,
    meetings::{Code, Meeting, MeetingChange, VisitNote, VisitRecord},
};

/// Visits that are kept of one meeting.
pub const VISITS_MAX: usize = 10_000;

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It did not answer, or said to try again. What was asked may have been done or not.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// It holds something that can't be read.
    #[error("the store holds something that can't be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// It is not available, for this reason.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into().into())
    }
}

/// What came of keeping a new meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// It is kept.
    Done,
    /// It is not: another meeting has its code.
    CodeTaken,
}

/// Keeps meetings. Everything here may be done twice with the same outcome, so what did not answer can be
/// asked again.
#[async_trait]
pub trait MeetingStore: Send + Sync + 'static {
    /// Keeps a new meeting.
    async fn create(&self, meeting: &Meeting) -> Result<Creation, StoreError>;

    /// One meeting, if there is such.
    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError>;

    /// The meeting with this code, if there is such.
    async fn by_code(&self, code: &Code) -> Result<Option<Meeting>, StoreError>;

    /// What the user hosts or ever joined, newest first by creation, `limits::MEETINGS_LISTED_MAX` at most.
    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError>;

    /// Meetings that the user hosts and that are active, `most` of them, in no order.
    async fn active_of_host(&self, host: &UserId, most: u64) -> Result<Vec<MeetingId>, StoreError>;

    /// Changes these fields and no others; none when there is no such meeting.
    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError>;

    /// There is no such meeting afterwards, whether or not there was one.
    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError>;

    /// Adds those who are not there yet behind those who are, in this order, whatever else happens at the
    /// same time; none when there is no such meeting.
    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError>;

    /// Notes that a user may not come back, or, where `removed` is false, may again, whoever else is removed at the same
    /// time; none when there is no such meeting.
    async fn set_removed(
        &self,
        id: &MeetingId,
        user: &UserId,
        removed: bool,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError>;

    /// Notes how many users are in the meeting's room now, and with nobody in it, since when. A meeting that was deleted
    /// stays deleted.
    async fn set_live_count(&self, id: &MeetingId, users: u32, now: Timestamp) -> Result<(), StoreError>;

    /// Notes that nobody is in any room but these.
    async fn reset_live_counts(&self, live: &HashSet<MeetingId>, now: Timestamp) -> Result<(), StoreError>;

    /// Meetings that are [overdue](Meeting::is_overdue), `most` of them, in no order.
    async fn overdue(&self, now: Timestamp, most: usize) -> Result<Vec<MeetingId>, StoreError>;

    /// Completes a meeting that is still overdue; whether it did.
    async fn complete_overdue(&self, id: &MeetingId, now: Timestamp) -> Result<bool, StoreError>;

    /// Notes who came and went. Of a meeting that was deleted nothing is noted, and of one with [`VISITS_MAX`] visits no more
    /// that begin.
    async fn note_visits(&self, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError>;

    /// Who came and went, in the order they came, [`VISITS_MAX`] at most.
    async fn visits(&self, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Opens the store that the variables name: Firestore with a project id, else SQL. `database` is one that is open
/// already, if the process has one.
pub async fn open(config: &Config, database: Option<Database>) -> Result<Arc<dyn MeetingStore>, StartError> {
    if let Some(config) = &config.firestore {
        return Ok(Arc::new(Bounded(firestore::FirestoreStore::new(config)?)));
    }
    let database = match database {
        Some(database) => database,
        None => Database::open(config.database_url()).await?,
    };
    Ok(Arc::new(Bounded(sql::SqlStore::open(database).await?)))
}
