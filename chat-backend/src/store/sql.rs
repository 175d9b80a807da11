//! Meetings in SQLite, PostgreSQL or MySQL.

mod adding;
mod entity;
mod migration;
mod reading;

use std::{collections::HashSet, fmt, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::MEETINGS_LISTED_MAX};
use plenum_service::database::{Database, DatabaseError};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use sea_orm_migration::MigratorTrait;

use self::{
    adding::{Adding, Addition, insert_participants},
    entity::{meeting, participant},
    reading::{Reading, participants_of},
};
use super::{MeetingStore, StoreError, gather::Gather};
use crate::meetings::{Meeting, MeetingChange};

/// Meetings in a SQL database. Clones share its connections.
#[derive(Clone)]
pub struct SqlStore {
    database: Database,
    reads: Arc<Gather<Reading>>,
    additions: Arc<Gather<Adding>>,
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("database", &self.database).finish_non_exhaustive()
    }
}

impl SqlStore {
    /// Takes a database, and makes or renews its tables.
    pub async fn open(database: Database) -> Result<Self, DatabaseError> {
        database
            .migrate(|connection| async move { migration::Migrator::up(&connection, None).await })
            .await?;
        let reads = Arc::new(Gather::new(Reading::of(database.clone())));
        let additions = Arc::new(Gather::new(Adding::to(database.clone())));
        Ok(Self { database, reads, additions })
    }
}

#[async_trait]
impl MeetingStore for SqlStore {
    async fn create(&self, meeting: &Meeting) -> Result<(), StoreError> {
        let transaction = self.database.begin().await?;
        meeting::Entity::insert(entity::row_of(meeting)).on_conflict_do_nothing().exec(&transaction).await?;
        let seats = meeting.participants.iter().enumerate();
        let seats = seats.map(|(at, user)| entity::seat_of(meeting.id.as_str(), user.as_str(), at));
        insert_participants(&transaction, seats.collect()).await?;
        Ok(transaction.commit().await?)
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        let found = self.reads.ask(id.clone()).await?;
        Ok(found.map(Arc::unwrap_or_clone))
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
            .all(self.database.read())
            .await?;
        let ids = rows.iter().map(|row| row.id.as_str());
        let mut participants = participants_of(self.database.read(), ids).await?;
        rows.into_iter()
            .map(|row| {
                let users = participants.remove(&row.id).unwrap_or_default();
                row.with(&users)
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
            .exec(self.database.write())
            .await?;
        if changed.rows_affected == 0 { Ok(None) } else { self.get(id).await }
    }

    async fn delete(&self, id: &MeetingId) -> Result<(), StoreError> {
        // The participants go with it, by their foreign key.
        meeting::Entity::delete_by_id(id.as_str()).exec(self.database.write()).await?;
        Ok(())
    }

    async fn add_participants(
        &self,
        id: &MeetingId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        self.additions.ask(Addition { meeting: id.clone(), users: users.to_vec(), now }).await
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32) -> Result<(), StoreError> {
        meeting::Entity::update_many()
            .col_expr(meeting::Column::ActiveParticipants, Expr::value(entity::count(users)))
            .filter(meeting::Column::Id.eq(id.as_str()))
            .exec(self.database.write())
            .await?;
        Ok(())
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>) -> Result<(), StoreError> {
        meeting::Entity::update_many()
            .col_expr(meeting::Column::ActiveParticipants, Expr::value(0))
            .filter(meeting::Column::ActiveParticipants.gt(0))
            .filter(meeting::Column::Id.is_not_in(live.iter().map(MeetingId::as_str)))
            .exec(self.database.write())
            .await?;
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.database.ping().await?)
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Type(what) | DbErr::Json(what) => Self::Corrupt(what),
            DbErr::TryIntoErr { .. } => Self::Corrupt(error.to_string()),
            _ => Self::unavailable(error),
        }
    }
}
