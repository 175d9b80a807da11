//! The table of what went wrong for whom, in every process on this database.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use plenum_service::{clock, incidents::Incident};
use sea_orm::{
    ActiveValue::Set, Condition, PaginatorTrait as _, QueryOrder as _, QuerySelect as _, entity::prelude::*,
};

use super::{SqlStore, away, in_time, sessions, users};
use crate::{
    admin::{Happened, IncidentStore},
    error::StoreUnavailable,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incidents")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub process: String,
    pub first_at: i64,
    pub last_at: i64,
    pub times: i64,
    pub kind: String,
    pub code: String,
    pub user_id: Option<String>,
    pub about: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn row(process: &str, incident: &Incident) -> ActiveModel {
    ActiveModel {
        process: Set(process.to_owned()),
        first_at: Set(incident.first.as_millisecond()),
        last_at: Set(incident.last.as_millisecond()),
        times: Set(incident.count.into()),
        kind: Set(incident.kind.as_str().to_owned()),
        code: Set(incident.code.to_owned()),
        user_id: Set(incident.user.as_deref().map(str::to_owned)),
        about: Set(incident.about.clone()),
        ..Default::default()
    }
}

impl Model {
    fn into_happened(self) -> Happened {
        Happened {
            first: clock::from_millis(self.first_at),
            last: clock::from_millis(self.last_at),
            count: u32::try_from(self.times).unwrap_or(u32::MAX),
            kind: self.kind,
            code: self.code,
            user: self.user_id.and_then(|id| UserId::parse(&id).ok()),
            about: self.about,
            process: self.process,
        }
    }
}

#[async_trait]
impl IncidentStore for SqlStore {
    async fn keep(&self, process: &str, incidents: &[Incident]) -> Result<(), StoreUnavailable> {
        let rows = incidents.iter().map(|incident| row(process, incident));
        let insert = Entity::insert_many(rows).exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(away)
    }

    async fn latest(
        &self,
        user: Option<&UserId>,
        kind: Option<&str>,
        most: u64,
    ) -> Result<Vec<Happened>, StoreUnavailable> {
        let mut wanted = Condition::all();
        if let Some(user) = user {
            wanted = wanted.add(Column::UserId.eq(user.as_str()));
        }
        if let Some(kind) = kind {
            wanted = wanted.add(Column::Kind.eq(kind));
        }
        let query = Entity::find()
            .filter(wanted)
            .order_by_desc(Column::LastAt)
            .order_by_desc(Column::Number)
            .limit(most);
        let rows = in_time(query.all(self.database.read())).await.map_err(away)?;
        Ok(rows.into_iter().map(Model::into_happened).collect())
    }

    async fn forget(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let over = || Column::LastAt.lt(before.as_millisecond());
        let removing = async {
            let keys: Vec<i64> = Entity::find()
                .select_only()
                .column(Column::Number)
                .filter(over())
                .limit(most)
                .into_tuple()
                .all(self.database.read())
                .await?;
            if keys.is_empty() {
                return Ok(0);
            }
            let delete = Entity::delete_many().filter(Column::Number.is_in(keys));
            Ok(delete.exec(self.database.write()).await?.rows_affected)
        };
        in_time(removing).await.map_err(away)
    }

    async fn counts(&self, now: Timestamp) -> Result<(u64, u64), StoreUnavailable> {
        let counting = async {
            let accounts = users::Entity::find().count(self.database.read()).await?;
            let live = sessions::Column::ExpiresAt.gt(now.as_millisecond());
            let sessions = sessions::Entity::find().filter(live).count(self.database.read()).await?;
            Ok((accounts, sessions))
        };
        in_time(counting).await.map_err(away)
    }
}
