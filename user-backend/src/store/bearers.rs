//! Sessions of trusted issuers' tokens, and the table of those tokens whose sessions were ended.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{Condition, DatabaseTransaction, IntoActiveModel as _, SqlErr, entity::prelude::*};

use super::{SqlStore, away, in_time, sessions};
use crate::{error::StoreUnavailable, sessions::Session, tokens::TokenHash, trusted::BearerStore};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_bearers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that this token opens no session any more.
pub(super) async fn has_ended(
    transaction: &DatabaseTransaction,
    token_hash: &str,
    expires_at: i64,
) -> Result<(), DbErr> {
    let row = Model { token_hash: token_hash.to_owned(), expires_at };
    let insert = Entity::insert(row.into_active_model()).on_conflict_do_nothing();
    insert.exec_without_returning(transaction).await.map(drop)
}

#[async_trait]
impl BearerStore for SqlStore {
    async fn bearer_has_ended(&self, hash: &TokenHash) -> Result<bool, StoreUnavailable> {
        let found = Entity::find_by_id(hash.to_text()).one(self.database.read());
        Ok(in_time(found).await.map_err(away)?.is_some())
    }

    async fn add_bearer(&self, session: &Session, hash: &TokenHash) -> Result<bool, StoreUnavailable> {
        let row = sessions::row_of(session, hash, Some(sessions::TRUSTED));
        let adding = async {
            let transaction = self.database.begin().await?;
            // Before the look: whoever ends this session at the same time is waited for here, and is seen then.
            let insert = sessions::Entity::insert(row.into_active_model());
            insert.exec_without_returning(&transaction).await?;
            if Entity::find_by_id(hash.to_text()).one(&transaction).await?.is_some() {
                transaction.rollback().await?;
                return Ok(false);
            }
            transaction.commit().await?;
            Ok(true)
        };
        match in_time(adding).await {
            // Another request with the same token has just begun it.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(true),
            added => added.map_err(away),
        }
    }

    async fn remove_ended_bearers(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let over = Condition::all().add(Column::ExpiresAt.lte(before.as_millisecond()));
        self.remove_some::<Entity>(Column::TokenHash, over, most).await
    }
}
