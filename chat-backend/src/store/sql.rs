//! Meetings in SQLite, PostgreSQL or MySQL.

mod entity;
mod migration;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::MEETINGS_LISTED_MAX};
use plenum_service::database::{Database, DatabaseError};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};
use sea_orm_migration::MigratorTrait;

use self::entity::{meeting, participant};
use super::{MeetingStore, StoreError};
use crate::meetings::{Meeting, MeetingChange};

/// Participants inserted by one statement, so that no database's number of parameters is passed.
const INSERTED_AT_ONCE: usize = 1_000;

/// Meetings in a SQL database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct SqlStore(Database);

impl SqlStore {
    /// Takes a database, and makes or renews its tables.
    pub async fn open(database: Database) -> Result<Self, DatabaseError> {
        database
            .migrate(|connection| async move { migration::Migrator::up(&connection, None).await })
            .await?;
        Ok(Self(database))
    }
}

#[async_trait]
impl MeetingStore for SqlStore {
    async fn create(&self, meeting: &Meeting) -> Result<(), StoreError> {
        let transaction = self.0.begin().await?;
        meeting::Entity::insert(entity::row_of(meeting)).on_conflict_do_nothing().exec(&transaction).await?;
        insert_participants(&transaction, &meeting.id, 0, &meeting.participants).await?;
        Ok(transaction.commit().await?)
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        let Some(row) = meeting::Entity::find_by_id(id.as_str()).one(self.0.read()).await? else {
            return Ok(None);
        };
        row.with(participants_of(self.0.read(), id).await?).map(Some)
    }

    async fn of_user(&self, user: &UserId) -> Result<Vec<Meeting>, StoreError> {
        let joined = participant::Entity::find()
            .select_only()
            .column(participant::Column::MeetingId)
            .filter(participant::Column::UserId.eq(user.as_str()))
            .into_query();
        let rows = meeting::Entity::find()
            .filter(meeting::Column::Id.in_subquery(joined))
            .order_by(meeting::Column::CreatedAt, Order::Desc)
            .order_by(meeting::Column::Id, Order::Desc)
            .limit(MEETINGS_LISTED_MAX as u64)
            .all(self.0.read())
            .await?;
        let ids = rows.iter().map(|row| row.id.as_str());
        let seats = participant::Entity::find()
            .filter(participant::Column::MeetingId.is_in(ids))
            .order_by(participant::Column::Position, Order::Asc)
            .all(self.0.read())
            .await?;
        let mut participants: HashMap<String, Vec<UserId>> = HashMap::new();
        for seat in seats {
            let user = entity::user(&seat.user_id)?;
            participants.entry(seat.meeting_id).or_default().push(user);
        }
        rows.into_iter()
            .map(|row| {
                let users = participants.remove(&row.id).unwrap_or_default();
                row.with(users)
            })
            .collect()
    }

    async fn update(
        &self,
        id: &MeetingId,
        change: &MeetingChange,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let changed = meeting::Entity::update_many()
            .set(entity::row_of_change(change, now))
            .filter(meeting::Column::Id.eq(id.as_str()))
            .exec(self.0.write())
            .await?;
        if changed.rows_affected == 0 { Ok(None) } else { self.get(id).await }
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        // The participants go with it, by their foreign key.
        meeting::Entity::delete_by_id(id.as_str()).exec(self.0.write()).await?;
        Ok(())
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let transaction = self.0.begin().await?;
        // Holding the meeting's row, nobody else can add to the list in between.
        let row = meeting::Entity::find_by_id(id.as_str()).lock_exclusive().one(&transaction).await?;
        let Some(mut row) = row else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let mut participants = participants_of(&transaction, id).await?;
        let before = participants.len();
        let mut known: HashSet<UserId> = participants.iter().cloned().collect();
        participants.extend(users.iter().filter(|user| known.insert((*user).clone())).cloned());
        if participants.len() > before {
            insert_participants(&transaction, id, before, &participants[before..]).await?;
            row.updated_at = now.as_millisecond();
            let renewed = meeting::ActiveModel { updated_at: Set(row.updated_at), ..Default::default() };
            meeting::Entity::update_many()
                .set(renewed)
                .filter(meeting::Column::Id.eq(id.as_str()))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
        row.with(participants).map(Some)
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32) -> Result<(), StoreError> {
        meeting::Entity::update_many()
            .col_expr(meeting::Column::ActiveParticipants, Expr::value(entity::count(users)))
            .filter(meeting::Column::Id.eq(id.as_str()))
            .exec(self.0.write())
            .await?;
        Ok(())
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>) -> Result<(), StoreError> {
        meeting::Entity::update_many()
            .col_expr(meeting::Column::ActiveParticipants, Expr::value(0))
            .filter(meeting::Column::ActiveParticipants.gt(0))
            .filter(meeting::Column::Id.is_not_in(live.iter().map(MeetingId::as_str)))
            .exec(self.0.write())
            .await?;
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.ping().await?)
    }
}

async fn participants_of(on: &impl ConnectionTrait, id: &MeetingId) -> Result<Vec<UserId>, StoreError> {
    let users: Vec<String> = participant::Entity::find()
        .select_only()
        .column(participant::Column::UserId)
        .filter(participant::Column::MeetingId.eq(id.as_str()))
        .order_by(participant::Column::Position, Order::Asc)
        .into_tuple()
        .all(on)
        .await?;
    users.iter().map(|user| entity::user(user)).collect()
}

/// Inserts `users` behind the `before` that are there.
async fn insert_participants(
    on: &impl ConnectionTrait,
    id: &MeetingId,
    before: usize,
    users: &[UserId],
) -> Result<(), DbErr> {
    let rows: Vec<_> = users.iter().zip(before..).map(|(user, at)| entity::seat_of(id, user, at)).collect();
    for some in rows.chunks(INSERTED_AT_ONCE) {
        participant::Entity::insert_many(some.to_vec()).on_conflict_do_nothing().exec(on).await?;
    }
    Ok(())
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Type(what) | DbErr::Json(what) => Self::Corrupt(what),
            DbErr::TryIntoErr { .. } => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.into()),
        }
    }
}
