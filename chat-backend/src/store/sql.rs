//! Meetings in SQLite, PostgreSQL or MySQL.

mod adding;
mod entity;
mod migration;
mod reading;
mod visits;

use std::{collections::HashSet, fmt, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    limits::{EMPTY_AFTER_END, MEETINGS_LISTED_MAX},
    meeting::MeetingStatus,
};
use plenum_service::database::{Database, DatabaseError};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, SqlErr,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};
use sea_orm_migration::MigratorTrait;

use self::{
    adding::{Adding, Addition, insert_participants},
    entity::{meeting, participant},
    reading::{Reading, participants_of},
};
use super::{Creation, MeetingStore, StoreError, gather::Gather};
use crate::meetings::{Code, Meeting, MeetingChange, VisitNote, VisitRecord};

/// Meetings of before codes that are given theirs by one question.
const CODED_AT_ONCE: u64 = 500;

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
            .migrate(|connection| async move {
                migration::First::up(&connection, None).await?;
                migration::Later::up(&connection, None).await?;
                note_codes(&connection).await
            })
            .await?;
        let reads = Arc::new(Gather::new(Reading::of(database.clone())));
        let additions = Arc::new(Gather::new(Adding::to(database.clone())));
        Ok(Self { database, reads, additions })
    }
}

/// Meetings of a release before codes have their [own](Code::of), which is noted here so that they are found by it.
async fn note_codes(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let mut after = String::new();
    loop {
        let ids: Vec<String> = meeting::Entity::find()
            .select_only()
            .column(meeting::Column::Id)
            .filter(meeting::Column::Code.is_null())
            .filter(meeting::Column::Id.gt(after.as_str()))
            .order_by(meeting::Column::Id, Order::Asc)
            .limit(CODED_AT_ONCE)
            .into_tuple()
            .all(connection)
            .await?;
        let Some(last) = ids.last() else { return Ok(()) };
        after.clone_from(last);
        for id in ids.iter().filter_map(|id| MeetingId::parse(id).ok()) {
            let noted = meeting::Entity::update_many()
                .col_expr(meeting::Column::Code, Expr::value(Code::of(&id).as_str()))
                .filter(meeting::Column::Id.eq(id.as_str()))
                .exec(connection)
                .await;
            match noted {
                Ok(_) => {}
                // Another meeting's: this one is not found by a code, and by its id as ever.
                Err(error) if is_taken(&error) => tracing::warn!(meeting = %id, "a meeting's code is taken"),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What [`Meeting::is_overdue`] says, of rows.
fn overdue(now: Timestamp) -> Option<Condition> {
    use meeting::Column::{
        ActiveParticipants, CreatedAt, EmptiedAt, EstimatedDuration, StartsAt, Status, UpdatedAt,
    };
    let quiet_since = now.checked_sub(EMPTY_AFTER_END).ok()?.as_millisecond();
    let planned_end = Expr::col(StartsAt).add(Expr::col(EstimatedDuration).mul(60_000));
    Some(
        Condition::all()
            .add(Status.eq(MeetingStatus::Active.as_str()))
            .add(StartsAt.lte(quiet_since)) // says what the next does, in terms of an index
            .add(planned_end.lte(quiet_since))
            .add(ActiveParticipants.eq(0))
            .add(CreatedAt.lte(quiet_since))
            .add(UpdatedAt.lte(quiet_since))
            .add(EmptiedAt.is_null().or(EmptiedAt.lte(quiet_since))),
    )
}

fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[async_trait]
impl MeetingStore for SqlStore {
    async fn create(&self, meeting: &Meeting) -> Result<Creation, StoreError> {
        let transaction = self.database.begin().await?;
        let any = OnConflict::new().do_nothing_on([meeting::Column::Id]).to_owned();
        let insert = meeting::Entity::insert(entity::row_of(meeting)).on_conflict(any);
        insert.exec_without_returning(&transaction).await?;
        // What was in its way is itself, of an attempt whose answer was lost, or has its code.
        let kept = meeting::Entity::find_by_id(meeting.id.as_str()).select_only().column(meeting::Column::Id);
        if kept.into_tuple::<String>().one(&transaction).await?.is_none() {
            transaction.rollback().await?;
            return Ok(Creation::CodeTaken);
        }
        let seats = meeting.participants.iter().enumerate();
        let seats = seats.map(|(at, user)| entity::seat_of(meeting.id.as_str(), user.as_str(), at));
        insert_participants(&transaction, seats.collect()).await?;
        transaction.commit().await?;
        Ok(Creation::Done)
    }

    async fn get(&self, id: &MeetingId) -> Result<Option<Meeting>, StoreError> {
        let found = self.reads.ask(id.clone()).await?;
        Ok(found.map(Arc::unwrap_or_clone))
    }

    async fn by_code(&self, code: &Code) -> Result<Option<Meeting>, StoreError> {
        let id: Option<String> = meeting::Entity::find()
            .select_only()
            .column(meeting::Column::Id)
            .filter(meeting::Column::Code.eq(code.as_str()))
            .into_tuple()
            .one(self.database.read())
            .await?;
        let Some(id) = id else { return Ok(None) };
        self.get(&MeetingId::parse(&id).map_err(|error| StoreError::Corrupt(error.to_string()))?).await
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

    async fn active_of_host(&self, host: &UserId, most: u64) -> Result<Vec<MeetingId>, StoreError> {
        let ids: Vec<String> = meeting::Entity::find()
            .select_only()
            .column(meeting::Column::Id)
            .filter(meeting::Column::HostId.eq(host.as_str()))
            .filter(meeting::Column::Status.eq(MeetingStatus::Active.as_str()))
            .limit(most)
            .into_tuple()
            .all(self.database.read())
            .await?;
        let parsed = ids.iter().map(|id| MeetingId::parse(id));
        parsed.collect::<Result<_, _>>().map_err(|error| StoreError::Corrupt(error.to_string()))
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
        // The participants and their visits go with it, by their foreign keys.
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

    async fn set_removed(
        &self,
        id: &MeetingId,
        user: &UserId,
        removed: bool,
        now: Timestamp,
    ) -> Result<Option<Meeting>, StoreError> {
        let transaction = self.database.begin().await?;
        // Holding the row, nobody else changes the list in between.
        let row = meeting::Entity::find_by_id(id.as_str()).lock_exclusive().one(&transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let mut users = row.with(&[])?.options.removed;
        if users.contains(user) != removed {
            if removed {
                users.push(user.clone());
            } else {
                users.retain(|known| known != user);
            }
            let changed = meeting::ActiveModel {
                removed: Set(entity::list(&users)),
                updated_at: Set(now.as_millisecond()),
                ..Default::default()
            };
            let of = meeting::Column::Id.eq(id.as_str());
            meeting::Entity::update_many().set(changed).filter(of).exec(&transaction).await?;
        }
        transaction.commit().await?;
        self.get(id).await
    }

    async fn set_live_count(&self, id: &MeetingId, users: u32, now: Timestamp) -> Result<(), StoreError> {
        let counted = meeting::ActiveModel {
            active_participants: Set(entity::count(users)),
            emptied_at: if users == 0 { Set(Some(now.as_millisecond())) } else { NotSet },
            ..Default::default()
        };
        let of = meeting::Column::Id.eq(id.as_str());
        meeting::Entity::update_many().set(counted).filter(of).exec(self.database.write()).await?;
        Ok(())
    }

    async fn reset_live_counts(&self, live: &HashSet<MeetingId>, now: Timestamp) -> Result<(), StoreError> {
        meeting::Entity::update_many()
            .col_expr(meeting::Column::ActiveParticipants, Expr::value(0))
            .col_expr(meeting::Column::EmptiedAt, Expr::value(now.as_millisecond()))
            .filter(meeting::Column::ActiveParticipants.gt(0))
            .filter(meeting::Column::Id.is_not_in(live.iter().map(MeetingId::as_str)))
            .exec(self.database.write())
            .await?;
        Ok(())
    }

    async fn overdue(&self, now: Timestamp, most: usize) -> Result<Vec<MeetingId>, StoreError> {
        let Some(overdue) = overdue(now) else { return Ok(Vec::new()) };
        let ids: Vec<String> = meeting::Entity::find()
            .select_only()
            .column(meeting::Column::Id)
            .filter(overdue)
            .limit(most as u64)
            .into_tuple()
            .all(self.database.read())
            .await?;
        let parsed = ids.iter().map(|id| MeetingId::parse(id));
        parsed.collect::<Result<_, _>>().map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    async fn complete_overdue(&self, id: &MeetingId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(overdue) = overdue(now) else { return Ok(false) };
        let over = MeetingChange { status: Some(MeetingStatus::Completed), ..MeetingChange::default() };
        let completed = meeting::Entity::update_many()
            .set(entity::row_of_change(&over, now))
            .filter(meeting::Column::Id.eq(id.as_str()))
            .filter(overdue)
            .exec(self.database.write())
            .await?;
        Ok(completed.rows_affected > 0)
    }

    async fn note_visits(&self, id: &MeetingId, notes: &[VisitNote]) -> Result<(), StoreError> {
        visits::note(&self.database, id, notes).await
    }

    async fn visits(&self, id: &MeetingId) -> Result<Vec<VisitRecord>, StoreError> {
        visits::of(&self.database, id).await
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
