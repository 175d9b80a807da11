//! The table of deleted accounts of which the services have not heard.

use jiff::Timestamp;
use plenum_contract::UserId;
use sea_orm::{
    DatabaseTransaction, DbErr, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, entity::prelude::*,
};

use super::{SqlStore, away, in_time};
use crate::error::StoreUnavailable;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub deleted_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that an account was deleted.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    user: &UserId,
    at: Timestamp,
) -> Result<(), DbErr> {
    let row = Model { user_id: user.as_str().to_owned(), deleted_at: at.as_millisecond() };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

impl SqlStore {
    /// Those of which the services have not heard, oldest first.
    pub(super) async fn untold_deletions(&self, most: u64) -> Result<Vec<UserId>, StoreUnavailable> {
        let rows = Entity::find().order_by_asc(Column::DeletedAt).limit(most).all(self.database.read());
        let rows = in_time(rows).await.map_err(away)?;
        rows.iter().map(|row| UserId::parse(&row.user_id).map_err(away)).collect()
    }

    /// The services have heard of it.
    pub(super) async fn deletion_is_told(&self, user: &UserId) -> Result<(), StoreUnavailable> {
        let delete = Entity::delete_by_id(user.as_str()).exec(self.database.write());
        in_time(delete).await.map(drop).map_err(away)
    }
}
