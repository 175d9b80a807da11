//! The table of accounts.

use async_trait::async_trait;
use plenum_contract::UserId;
use plenum_service::clock;
use sea_orm::{IntoActiveModel, SqlErr, entity::prelude::*};

use super::{SqlStore, away, in_time};
use crate::{
    accounts::{NotAdded, User, UserStore, UserWithPassword},
    error::StoreUnavailable,
    rules::Email,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub email: String,
    pub password_hash: String,
    pub name: String,
    pub last_name: String,
    pub age: i32,
    pub picture: Option<String>,
    pub verified: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(super) fn into_user(self) -> Result<UserWithPassword, StoreUnavailable> {
        let user = User {
            id: UserId::parse(&self.id).map_err(away)?,
            email: self.email,
            name: self.name,
            last_name: self.last_name,
            age: u32::try_from(self.age).map_err(away)?,
            picture: self.picture,
            verified: self.verified,
            created_at: clock::from_millis(self.created_at),
            updated_at: clock::from_millis(self.updated_at),
        };
        Ok(UserWithPassword { user, password_hash: self.password_hash })
    }
}

#[async_trait]
impl UserStore for SqlStore {
    async fn add(&self, user: &User, password_hash: &str) -> Result<(), NotAdded> {
        let row = Model {
            id: user.id.as_str().to_owned(),
            email: user.email.clone(),
            password_hash: password_hash.to_owned(),
            name: user.name.clone(),
            last_name: user.last_name.clone(),
            age: i32::try_from(user.age).map_err(away)?,
            picture: user.picture.clone(),
            verified: user.verified,
            created_at: user.created_at.as_millisecond(),
            updated_at: user.updated_at.as_millisecond(),
        };
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        match in_time(insert).await {
            Ok(_) => Ok(()),
            // Ids can't collide, so it is the address.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(NotAdded::EmailTaken)
            }
            Err(error) => Err(away(error).into()),
        }
    }

    async fn by_id(&self, id: &UserId) -> Result<Option<User>, StoreUnavailable> {
        let query = Entity::find_by_id(id.as_str()).one(self.database.read());
        let found = in_time(query).await.map_err(away)?;
        Ok(found.map(Model::into_user).transpose()?.map(|found| found.user))
    }

    async fn by_email(&self, email: &Email) -> Result<Option<UserWithPassword>, StoreUnavailable> {
        let query = Entity::find().filter(Column::Email.eq(email.as_str())).one(self.database.read());
        let found = in_time(query).await.map_err(away)?;
        found.map(Model::into_user).transpose()
    }
}
