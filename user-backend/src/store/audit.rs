//! The table of what admins and operators did. Rows are added and finished, and never deleted.

use async_trait::async_trait;
use plenum_contract::UserId;
use plenum_service::clock;
use sea_orm::{ActiveValue::Set, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::Expr};

use super::{SqlStore, away, in_time};
use crate::{
    admin::{AuditStore, Deed, Recorded},
    error::StoreUnavailable,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub at: i64,
    pub actor_id: Option<String>,
    pub actor: String,
    pub address: String,
    pub act: String,
    pub target: String,
    pub reason: String,
    pub outcome: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn into_recorded(self) -> Result<Recorded, StoreUnavailable> {
        Ok(Recorded {
            number: self.number,
            outcome: self.outcome,
            deed: Deed {
                at: clock::from_millis(self.at),
                actor: self.actor_id.map(|id| UserId::parse(&id)).transpose().map_err(away)?,
                name: self.actor,
                address: self.address,
                act: self.act,
                target: self.target,
                reason: self.reason,
            },
        })
    }
}

#[async_trait]
impl AuditStore for SqlStore {
    async fn begin(&self, deed: &Deed, outcome: &str) -> Result<i64, StoreUnavailable> {
        let row = ActiveModel {
            at: Set(deed.at.as_millisecond()),
            actor_id: Set(deed.actor.as_ref().map(|id| id.as_str().to_owned())),
            actor: Set(deed.name.clone()),
            address: Set(deed.address.clone()),
            act: Set(deed.act.clone()),
            target: Set(deed.target.clone()),
            reason: Set(deed.reason.clone()),
            outcome: Set(outcome.to_owned()),
            ..Default::default()
        };
        let added = in_time(Entity::insert(row).exec(self.database.write())).await.map_err(away)?;
        Ok(added.last_insert_id)
    }

    async fn finish(&self, number: i64, outcome: &str) -> Result<(), StoreUnavailable> {
        let change = Entity::update_many()
            .col_expr(Column::Outcome, Expr::val(outcome))
            .filter(Column::Number.eq(number))
            .exec(self.database.write());
        in_time(change).await.map(drop).map_err(away)
    }

    async fn before(&self, number: Option<i64>, most: u64) -> Result<Vec<Recorded>, StoreUnavailable> {
        let mut query = Entity::find().order_by_desc(Column::Number).limit(most);
        if let Some(number) = number {
            query = query.filter(Column::Number.lt(number));
        }
        let rows = in_time(query.all(self.database.read())).await.map_err(away)?;
        rows.into_iter().map(Model::into_recorded).collect()
    }

    async fn after(&self, number: i64, most: u64) -> Result<Vec<Recorded>, StoreUnavailable> {
        let query = Entity::find().filter(Column::Number.gt(number)).order_by_asc(Column::Number).limit(most);
        let rows = in_time(query.all(self.database.read())).await.map_err(away)?;
        rows.into_iter().map(Model::into_recorded).collect()
    }
}
