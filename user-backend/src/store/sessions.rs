//! The table of sessions.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{IntoActiveModel, QuerySelect, entity::prelude::*};

use super::{SqlStore, away, in_time, session_ends, users};
use crate::{
    error::StoreUnavailable,
    sessions::{End, NamedSession, Session, SessionStore},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub token_hash: String,
    pub user_id: String,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "users::Entity", from = "Column::UserId", to = "users::Column::Id")]
    User,
}

impl Related<users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

#[async_trait]
impl SessionStore for SqlStore {
    async fn add(&self, session: &Session, hash: &TokenHash) -> Result<(), StoreUnavailable> {
        let row = Model {
            id: session.id.as_str().to_owned(),
            token_hash: hash.to_text(),
            user_id: session.user.as_str().to_owned(),
            created_at: session.created_at.as_millisecond(),
            expires_at: session.expires_at.as_millisecond(),
        };
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        in_time(insert).await.map_err(away)?;
        Ok(())
    }

    async fn find(&self, hash: &TokenHash) -> Result<Option<NamedSession>, StoreUnavailable> {
        let query = Entity::find()
            .filter(Column::TokenHash.eq(hash.to_text()))
            .find_also_related(users::Entity)
            .one(self.database.read());
        let Some((row, Some(user))) = in_time(query).await.map_err(away)? else {
            return Ok(None);
        };
        let session = Session {
            id: SessionId::parse(&row.id).map_err(away)?,
            user: UserId::parse(&row.user_id).map_err(away)?,
            created_at: clock::from_millis(row.created_at),
            expires_at: clock::from_millis(row.expires_at),
        };
        let name = user.into_user()?.user.display_name();
        Ok(Some(NamedSession { session, token_hash: row.token_hash, name }))
    }

    async fn end(
        &self,
        hash: &TokenHash,
        session: &SessionId,
        at: Timestamp,
    ) -> Result<(), StoreUnavailable> {
        let ending = async {
            let transaction = self.database.begin().await?;
            let delete = Entity::delete_many().filter(Column::TokenHash.eq(hash.to_text()));
            delete.exec(&transaction).await?;
            session_ends::add(&transaction, hash, session, at).await?;
            transaction.commit().await
        };
        in_time(ending).await.map_err(away)
    }

    async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable> {
        Self::ends_before(self, since).await
    }

    async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable> {
        Self::ends_after(self, number, most).await
    }

    async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        Self::remove_ends(self, before, most).await
    }

    async fn remove_expired(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let expired = Column::ExpiresAt.lte(now.as_millisecond());
        let ids: Vec<String> = in_time(
            Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(expired)
                .limit(most)
                .into_tuple()
                .all(self.database.read()),
        )
        .await
        .map_err(away)?;
        if ids.is_empty() {
            return Ok(0);
        }
        let delete = Entity::delete_many().filter(Column::Id.is_in(ids));
        Ok(in_time(delete.exec(self.database.write())).await.map_err(away)?.rows_affected)
    }
}
