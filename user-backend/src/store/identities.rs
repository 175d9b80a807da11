//! The table of identities.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use plenum_service::clock;
use sea_orm::{
    DatabaseTransaction, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, SqlErr, entity::prelude::*,
};

use super::{SqlStore, away, in_time, users};
use crate::{
    accounts::User,
    error::StoreUnavailable,
    identities::{ISSUER, Identity, IdentityStore, Linked, Linking, Unlinking},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub user_id: String,
    pub email: Option<String>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an identity. False when it is an account's already.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    user: &UserId,
    identity: &Identity,
    at: Timestamp,
) -> Result<bool, DbErr> {
    let row = Model {
        provider: identity.provider.clone(),
        subject: identity.subject.clone(),
        user_id: user.as_str().to_owned(),
        email: identity.email.clone(),
        created_at: at.as_millisecond(),
    };
    let added = Entity::insert(row.into_active_model()).exec_without_returning(transaction).await;
    match added {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes a user's identities.
pub(super) async fn remove_all(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    let theirs = Column::UserId.eq(user.as_str());
    Entity::delete_many().filter(theirs).exec(transaction).await.map(drop)
}

/// Deletes those by which a user signs in at providers; not that of the operator's own login, which would make another account.
pub(super) async fn remove_providers(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::Provider.not_like(format!("{ISSUER}%")))
        .exec(transaction)
        .await
        .map(drop)
}

/// The account, held until the end of the transaction, so that of many changes at once each sees those before.
async fn held(transaction: &DatabaseTransaction, user: &UserId) -> Result<Option<users::Model>, DbErr> {
    users::Entity::find_by_id(user.as_str()).lock_exclusive().one(transaction).await
}

#[async_trait]
impl IdentityStore for SqlStore {
    async fn owner(&self, provider: &str, subject: &str) -> Result<Option<User>, StoreUnavailable> {
        let key = (provider.to_owned(), subject.to_owned());
        let looking = async {
            let found = Entity::find_by_id(key.clone()).one(self.database.read()).await?;
            let Some(identity) = found else { return Ok(None) };
            let user = users::Entity::find_by_id(identity.user_id.clone()).one(self.database.read()).await?;
            if user.is_none() {
                // An earlier release, which knows no identities, has deleted the account.
                Entity::delete_by_id(key)
                    .filter(Column::UserId.eq(identity.user_id))
                    .exec(self.database.write())
                    .await?;
            }
            Ok(user)
        };
        let found = in_time(looking).await.map_err(away)?;
        Ok(found.map(users::Model::into_user).transpose()?.map(|found| found.user))
    }

    async fn link(
        &self,
        user: &UserId,
        identity: &Identity,
        at: Timestamp,
    ) -> Result<Linking, StoreUnavailable> {
        let linking = async {
            let transaction = self.database.begin().await?;
            let key = (identity.provider.clone(), identity.subject.clone());
            let there = held(&transaction, user).await?.is_some();
            let linked = match Entity::find_by_id(key).one(&transaction).await? {
                Some(row) if row.user_id == user.as_str() => Linking::Before,
                Some(_) => Linking::Others,
                None if !there => Linking::Others, // deleted meanwhile
                None => {
                    let theirs = Entity::find()
                        .filter(Column::UserId.eq(user.as_str()))
                        .filter(Column::Provider.eq(identity.provider.as_str()));
                    if theirs.count(&transaction).await? > 0 {
                        Linking::HasAnother
                    } else if add(&transaction, user, identity, at).await? {
                        transaction.commit().await?;
                        return Ok(Linking::Done);
                    } else {
                        Linking::Others
                    }
                }
            };
            transaction.rollback().await?;
            Ok(linked)
        };
        in_time(linking).await.map_err(away)
    }

    async fn unlink(
        &self,
        user: &UserId,
        provider: &str,
        no_password: &str,
    ) -> Result<Unlinking, StoreUnavailable> {
        let unlinking = async {
            let transaction = self.database.begin().await?;
            let account = held(&transaction, user).await?;
            let theirs = Entity::find().filter(Column::UserId.eq(user.as_str())).all(&transaction).await?;
            let (gone, left): (Vec<_>, Vec<_>) = theirs.into_iter().partition(|row| row.provider == provider);
            let has_password = account.is_some_and(|account| account.password_hash != no_password);
            let unlinked = match gone.first() {
                None => Unlinking::None,
                Some(_) if left.is_empty() && !has_password => Unlinking::LastWayIn,
                Some(_) => {
                    Entity::delete_many()
                        .filter(Column::UserId.eq(user.as_str()))
                        .filter(Column::Provider.eq(provider))
                        .exec(&transaction)
                        .await?;
                    Unlinking::Done
                }
            };
            transaction.commit().await?;
            Ok(unlinked)
        };
        in_time(unlinking).await.map_err(away)
    }

    async fn linked(&self, user: &UserId) -> Result<Vec<Linked>, StoreUnavailable> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Provider)
            .all(self.database.read());
        let rows = in_time(rows).await.map_err(away)?.into_iter();
        let linked = rows.map(|row| Linked {
            provider: row.provider,
            email: row.email,
            created_at: clock::from_millis(row.created_at),
        });
        Ok(linked.collect())
    }
}
