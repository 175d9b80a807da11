//! The table of personal tokens.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{
    Condition, DatabaseTransaction, DbErr, IntoActiveModel as _, PaginatorTrait as _, QueryOrder as _,
    QuerySelect as _, entity::prelude::*,
};

use super::{SqlStore, away, in_time, session_ends, users};
use crate::{
    error::StoreUnavailable,
    personal_tokens::{PersonalToken, PersonalTokenStore},
    scopes::Scopes,
    sessions::{Ended, NamedSession, Session},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub token_hash: String,
    pub user_id: String,
    pub name: String,
    pub scopes: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn into_token(self) -> Result<PersonalToken, StoreUnavailable> {
        Ok(PersonalToken {
            id: SessionId::parse(&self.id).map_err(away)?,
            user: UserId::parse(&self.user_id).map_err(away)?,
            name: self.name,
            scopes: Scopes::read(&self.scopes),
            created_at: clock::from_millis(self.created_at),
            expires_at: clock::from_millis(self.expires_at),
            used_at: self.used_at.map(clock::from_millis),
        })
    }
}

impl SqlStore {
    /// A personal token as a session of its own.
    pub(super) async fn find_personal(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, StoreUnavailable> {
        let token = Entity::find().filter(Column::TokenHash.eq(hash.to_text())).one(self.database.read());
        let Some(token) = in_time(token).await.map_err(away)? else { return Ok(None) };
        let user = users::Entity::find_by_id(token.user_id.as_str()).one(self.database.read());
        let Some(user) = in_time(user).await.map_err(away)? else { return Ok(None) };
        let user = user.into_user()?.user;
        if user.disabled_at.is_some() {
            return Ok(None);
        }
        let token_hash = token.token_hash.clone();
        let token = token.into_token()?;
        Ok(Some(NamedSession {
            name: user.display_name(),
            token_hash,
            token_expires_at: token.expires_at,
            scopes: Some(token.scopes),
            roles: user.roles.clone(),
            has_second_factor: user.has_second_factor,
            guest: None,
            session: Session {
                id: token.id,
                user: token.user,
                created_at: token.created_at,
                expires_at: token.expires_at,
                device: None,
                used_at: token.used_at.unwrap_or(token.created_at),
            },
        }))
    }

    /// Notes that a personal token is used.
    pub(super) async fn personal_is_used(
        &self,
        id: &SessionId,
        at: Timestamp,
    ) -> Result<(), StoreUnavailable> {
        let note = Entity::update_many()
            .col_expr(Column::UsedAt, at.as_millisecond().into())
            .filter(Column::Id.eq(id.as_str()))
            .exec(self.database.write());
        in_time(note).await.map(drop).map_err(away)
    }
}

/// Deletes all personal tokens of a user, and adds the ends of their sessions.
pub(super) async fn remove_all(
    transaction: &DatabaseTransaction,
    user: &UserId,
    at: Timestamp,
) -> Result<Vec<Ended>, DbErr> {
    let theirs = Column::UserId.eq(user.as_str());
    let rows = Entity::find().filter(theirs.clone()).all(transaction).await?;
    Entity::delete_many().filter(theirs).exec(transaction).await?;
    end_each(transaction, rows, at).await
}

async fn end_each(
    transaction: &DatabaseTransaction,
    rows: Vec<Model>,
    at: Timestamp,
) -> Result<Vec<Ended>, DbErr> {
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        let (Ok(session), Some(token)) = (SessionId::parse(&row.id), TokenHash::parse(&row.token_hash))
        else {
            continue;
        };
        session_ends::add(transaction, &token, &session, at).await?;
        ended.push(Ended { session, token });
    }
    Ok(ended)
}

#[async_trait]
impl PersonalTokenStore for SqlStore {
    async fn add_personal(
        &self,
        token: &PersonalToken,
        hash: &TokenHash,
        most: usize,
    ) -> Result<bool, StoreUnavailable> {
        let row = Model {
            id: token.id.as_str().to_owned(),
            token_hash: hash.to_text(),
            user_id: token.user.as_str().to_owned(),
            name: token.name.clone(),
            scopes: token.scopes.to_string(),
            created_at: token.created_at.as_millisecond(),
            expires_at: token.expires_at.as_millisecond(),
            used_at: None,
        };
        let adding = async {
            let transaction = self.database.begin().await?;
            // Held until the end, so that of many at once none is one too many.
            users::Entity::find_by_id(token.user.as_str()).lock_exclusive().one(&transaction).await?;
            let theirs = Entity::find().filter(Column::UserId.eq(token.user.as_str()));
            if theirs.count(&transaction).await? >= most as u64 {
                transaction.rollback().await?;
                return Ok(false);
            }
            Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
            transaction.commit().await?;
            Ok(true)
        };
        in_time(adding).await.map_err(away)
    }

    async fn personal_of_user(&self, user: &UserId) -> Result<Vec<PersonalToken>, StoreUnavailable> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .order_by_desc(Column::CreatedAt)
            .all(self.database.read());
        in_time(rows).await.map_err(away)?.into_iter().map(Model::into_token).collect()
    }

    async fn remove_personal(
        &self,
        user: &UserId,
        id: &SessionId,
        at: Timestamp,
    ) -> Result<Vec<Ended>, StoreUnavailable> {
        let removing = async {
            let transaction = self.database.begin().await?;
            let theirs = Entity::find_by_id(id.as_str())
                .filter(Column::UserId.eq(user.as_str()))
                .all(&transaction)
                .await?;
            if !theirs.is_empty() {
                Entity::delete_by_id(id.as_str()).exec(&transaction).await?;
            }
            let ended = end_each(&transaction, theirs, at).await?;
            transaction.commit().await?;
            Ok(ended)
        };
        in_time(removing).await.map_err(away)
    }

    async fn remove_expired_personal(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let over = Condition::all().add(Column::ExpiresAt.lte(now.as_millisecond()));
        self.remove_some::<Entity>(Column::Id, over, most).await
    }
}
