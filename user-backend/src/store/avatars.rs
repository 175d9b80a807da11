//! Whose picture is which, and the table of pictures that are to be removed.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, IntoActiveModel as _, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
};

use super::{SqlStore, away, in_time, users};
use crate::{
    accounts::User,
    avatars::{AvatarStore, Kept, PictureName},
    error::StoreUnavailable,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "picture_removals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub user_id: String,
    pub due_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that the picture at this address, if we keep it, is to be removed.
pub(super) async fn let_go(
    transaction: &DatabaseTransaction,
    user: &UserId,
    picture: Option<&str>,
    at: Timestamp,
) -> Result<(), DbErr> {
    let Some(name) = picture.and_then(|picture| PictureName::at(user, picture)) else {
        return Ok(());
    };
    let row = row(&Kept { user: user.clone(), name }, at);
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await.map(drop)
}

fn row(kept: &Kept, due: Timestamp) -> Model {
    Model {
        name: kept.name.as_str().to_owned(),
        user_id: kept.user.as_str().to_owned(),
        due_at: due.as_millisecond(),
    }
}

#[async_trait]
impl AvatarStore for SqlStore {
    async fn announce(&self, kept: &Kept, due: Timestamp) -> Result<(), StoreUnavailable> {
        let row = row(kept, due).into_active_model();
        let insert = Entity::insert(row).exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(away)
    }

    async fn adopt(
        &self,
        user: &UserId,
        name: Option<&PictureName>,
        at: Timestamp,
    ) -> Result<Option<User>, StoreUnavailable> {
        let adopting = async {
            let transaction = self.database.begin().await?;
            // Held until the end, so that of two at once the second sees the first's picture, and lets it go.
            let found = users::Entity::find_by_id(user.as_str()).lock_exclusive().one(&transaction).await?;
            let Some(row) = found else {
                transaction.rollback().await?;
                return Ok(None);
            };
            if let Some(name) = name {
                let announced = Entity::delete_by_id(name.as_str()).exec(&transaction).await?;
                if announced.rows_affected == 0 {
                    transaction.rollback().await?;
                    return Err(DbErr::Custom(format!("the picture {name} took too long to be kept")));
                }
            }
            let_go(&transaction, user, row.picture.as_deref(), at).await?;
            let mut changed = row.into_active_model();
            changed.picture = Set(name.map(|name| name.address(user)));
            changed.updated_at = Set(at.as_millisecond());
            let row = changed.update(&transaction).await?;
            transaction.commit().await?;
            Ok(Some(row))
        };
        let row = in_time(adopting).await.map_err(away)?;
        Ok(row.map(users::Model::into_user).transpose()?.map(|found| found.user))
    }

    async fn to_remove(&self, at: Timestamp, most: u64) -> Result<Vec<Kept>, StoreUnavailable> {
        let due = Entity::find().filter(Column::DueAt.lte(at.as_millisecond()));
        let rows = in_time(due.order_by_asc(Column::DueAt).limit(most).all(self.database.read())).await;
        let kept = |row: Model| {
            let name = PictureName::parse(&row.name).ok_or_else(|| away("a picture with an odd name"))?;
            Ok(Kept { user: UserId::parse(&row.user_id).map_err(away)?, name })
        };
        rows.map_err(away)?.into_iter().map(kept).collect()
    }

    async fn is_removed(&self, kept: &Kept) -> Result<(), StoreUnavailable> {
        let delete = Entity::delete_by_id(kept.name.as_str()).exec(self.database.write());
        in_time(delete).await.map(drop).map_err(away)
    }
}
