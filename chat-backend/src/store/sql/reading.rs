//! Reading single meetings, many at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use plenum_contract::MeetingId;
use plenum_service::database::{Database, Version};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

use super::entity::{meeting, participant};
use crate::{
    meetings::Meeting,
    store::{StoreError, gather::Round},
};

/// Bytes of meetings remembered, near enough.
const REMEMBERED_MAX: usize = 16 * 1024 * 1024;
/// Bytes that a meeting takes beside its texts, and one participant, near enough.
const MEETING_BYTES: usize = 512;
const PARTICIPANT_BYTES: usize = 80;

/// What is known of an id: its meeting, that there is none, or that its row can't be read.
type Found = Result<Option<Arc<Meeting>>, StoreError>;

/// Reads meetings of one database. What was read is told again as long as the database says that nothing in it
/// changed, which only SQLite can.
pub struct Reading {
    database: Database,
    /// What the database was when everything in `known` was read, or older.
    version: Option<Version>,
    known: HashMap<MeetingId, Found>,
    bytes: usize,
}

impl Reading {
    pub fn of(database: Database) -> Self {
        Self { database, version: None, known: HashMap::new(), bytes: 0 }
    }

    async fn learn(&mut self, ids: &[MeetingId]) -> Result<(), StoreError> {
        let version = self.database.version().await?;
        if version.is_none() || version != self.version || self.bytes > REMEMBERED_MAX {
            (self.version, self.known, self.bytes) = (version, HashMap::new(), 0);
        }
        let unknown: HashSet<&MeetingId> = ids.iter().filter(|id| !self.known.contains_key(*id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let mut read = read(&self.database, unknown.iter().map(|id| id.as_str()).collect()).await?;
        let learnt = unknown.into_iter().map(|id| {
            let found = read.remove(id.as_str()).transpose().map(|meeting| meeting.map(Arc::new));
            (id.clone(), found)
        });
        for (id, found) in learnt.collect::<Vec<_>>() {
            self.bytes +=
                found.as_ref().map_or(0, |meeting| meeting.as_deref().map_or(0, bytes)) + MEETING_BYTES;
            self.known.insert(id, found);
        }
        Ok(())
    }
}

#[async_trait]
impl Round for Reading {
    type Question = MeetingId;
    type Answer = Option<Arc<Meeting>>;

    async fn answer(&mut self, ids: &[MeetingId]) -> Vec<Found> {
        match self.learn(ids).await {
            Ok(()) => ids.iter().map(|id| self.known.get(id).cloned().unwrap_or(Ok(None))).collect(),
            Err(error) => ids.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

fn bytes(meeting: &Meeting) -> usize {
    let users = meeting.participants.len() + meeting.options.co_hosts.len() + meeting.options.removed.len();
    meeting.title.len() + meeting.description.len() + users * PARTICIPANT_BYTES
}

/// The meetings of these ids that there are, in two statements however many they are.
async fn read(
    database: &Database,
    mut ids: Vec<&str>,
) -> Result<HashMap<String, Result<Meeting, StoreError>>, StoreError> {
    // A few lengths only, so that the database knows the statements.
    ids.resize(ids.len().next_power_of_two(), ids[0]);
    let rows = meeting::Entity::find().filter(meeting::Column::Id.is_in(ids.iter().copied()));
    let rows = rows.all(database.read()).await?;
    let mut participants = participants_of(database.read(), ids).await?;
    let with = |row: meeting::Model| {
        let users = participants.remove(&row.id).unwrap_or_default();
        (row.id.clone(), row.with(&users))
    };
    Ok(rows.into_iter().map(with).collect())
}

/// The ids of those who ever joined these meetings, in order of arrival.
pub async fn participants_of(
    on: &impl ConnectionTrait,
    meetings: impl IntoIterator<Item = &str>,
) -> Result<HashMap<String, Vec<String>>, DbErr> {
    let seats: Vec<(String, String)> = participant::Entity::find()
        .select_only()
        .columns([participant::Column::MeetingId, participant::Column::UserId])
        .filter(participant::Column::MeetingId.is_in(meetings))
        .order_by(participant::Column::Position, Order::Asc)
        .into_tuple()
        .all(on)
        .await?;
    let mut participants: HashMap<String, Vec<String>> = HashMap::new();
    for (meeting, user) in seats {
        participants.entry(meeting).or_default().push(user);
    }
    Ok(participants)
}
