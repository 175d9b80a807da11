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
    meetings::{Meeting, MeetingChange},
};

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

/// Keeps meetings. Everything here may be done twice with the same outcome, so what did not answer can be
/// asked again.
#[async_trait]
pub trait MeetingStore: Send + Sync + 'static {
    /// Keeps a new meeting.
    async fn create(&self, meeting: &Meeting) -> Result<(), StoreError>;

    /// One meeting, if there is such.
    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError>;

    /// What the user hosts or ever joined, newest first by creation, `limits::MEETINGS_LISTED_MAX` at most.
    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError>;

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

    /// Notes how many users are in the meeting's room now. A meeting that was deleted stays deleted.
    async fn set_live_count(&self, id: &MeetingId, users: u32) -> Result<(), StoreError>;

    /// Notes that nobody is in any room but these.
    async fn reset_live_counts(&self, live: &HashSet<MeetingId>) -> Result<(), StoreError>;

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
