//! The table of browsers that have signed in before.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use sea_orm::{
    DatabaseTransaction, DbErr, IntoActiveModel as _, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{OnConflict, Query},
};

use super::{SqlStore, away, in_time, users};
use crate::{
    devices::{DEVICES_MAX, DeviceStore},
    error::StoreUnavailable,
    rules::Email,
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "devices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Deletes a user's.
pub(super) async fn remove_all(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::UserId.eq(user.as_str())).exec(transaction).await.map(drop)
}

#[async_trait]
impl DeviceStore for SqlStore {
    async fn signed_in(
        &self,
        user: &UserId,
        device: &TokenHash,
        at: Timestamp,
    ) -> Result<(), StoreUnavailable> {
        let row = Model {
            user_id: user.as_str().to_owned(),
            token_hash: device.to_text(),
            used_at: at.as_millisecond(),
        };
        let noting = async {
            let transaction = self.database.begin().await?;
            let again = OnConflict::columns([Column::UserId, Column::TokenHash])
                .update_column(Column::UsedAt)
                .to_owned();
            Entity::insert(row.into_active_model())
                .on_conflict(again)
                .exec_without_returning(&transaction)
                .await?;
            let theirs = Entity::find().filter(Column::UserId.eq(user.as_str()));
            let too_many = theirs
                .order_by_desc(Column::UsedAt)
                .order_by_asc(Column::TokenHash)
                .offset(DEVICES_MAX)
                .limit(DEVICES_MAX)
                .all(&transaction)
                .await?;
            for device in too_many {
                Entity::delete_by_id((device.user_id, device.token_hash)).exec(&transaction).await?;
            }
            transaction.commit().await
        };
        in_time(noting).await.map_err(away)
    }

    async fn knows(
        &self,
        email: &Email,
        device: &TokenHash,
        since: Timestamp,
    ) -> Result<bool, StoreUnavailable> {
        let account = Query::select()
            .column(users::Column::Id)
            .from(users::Entity)
            .and_where(users::Column::Email.eq(email.as_str()))
            .take();
        let query = Entity::find()
            .filter(Column::TokenHash.eq(device.to_text()))
            .filter(Column::UsedAt.gte(since.as_millisecond()))
            .filter(Column::UserId.in_subquery(account))
            .one(self.database.read());
        Ok(in_time(query).await.map_err(away)?.is_some())
    }

    async fn remove_unused(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let removing = async {
            let old = Entity::find()
                .filter(Column::UsedAt.lt(before.as_millisecond()))
                .limit(most)
                .all(self.database.read())
                .await?;
            let mut gone = 0;
            for device in old {
                let deleted = Entity::delete_by_id((device.user_id, device.token_hash))
                    .exec(self.database.write())
                    .await?;
                gone += deleted.rows_affected;
            }
            Ok(gone)
        };
        in_time(removing).await.map_err(away)
    }
}
