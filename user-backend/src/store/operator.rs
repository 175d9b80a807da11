//! What only an operator does to accounts.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use sea_orm::{
    Condition, DatabaseTransaction, DbErr, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, LikeExpr},
};

use super::{
    SqlStore, away, in_time, personal_tokens, sessions,
    users::{Column, ESCAPE, Entity, escaped},
};
use crate::{
    accounts::User,
    error::StoreUnavailable,
    operator::OperatorStore,
    sessions::{Ended, Which},
};

/// Changes columns of an account; false when there is no such account.
async fn set(
    transaction: &DatabaseTransaction,
    user: &UserId,
    columns: impl IntoIterator<Item = (Column, Expr)>,
) -> Result<bool, DbErr> {
    let mut changing = Entity::update_many().filter(Column::Id.eq(user.as_str()));
    for (column, value) in columns {
        changing = changing.col_expr(column, value);
    }
    Ok(changing.exec(transaction).await?.rows_affected == 1)
}

#[async_trait]
impl OperatorStore for SqlStore {
    async fn accounts_after(
        &self,
        after: Option<&UserId>,
        words: Option<&str>,
        most: u64,
    ) -> Result<Vec<User>, StoreUnavailable> {
        let mut query = Entity::find().order_by_asc(Column::Id).limit(most);
        if let Some(after) = after {
            query = query.filter(Column::Id.gt(after.as_str()));
        }
        if let Some(words) = words {
            let like = LikeExpr::new(format!("%{}%", escaped(&words.to_lowercase()))).escape(ESCAPE);
            let named = Condition::any()
                .add(Expr::col(Column::Words).like(like.clone()))
                .add(Expr::col(Column::Email).like(like));
            query = query.filter(named);
        }
        let found = in_time(query.all(self.database.read())).await.map_err(away)?;
        found.into_iter().map(|row| row.into_user().map(|found| found.user)).collect()
    }

    async fn set_disabled(
        &self,
        user: &UserId,
        disabled: bool,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable> {
        let changing = async {
            let transaction = self.database.begin().await?;
            let since = disabled.then(|| at.as_millisecond());
            if !set(&transaction, user, [(Column::DisabledAt, Expr::val(since))]).await? {
                transaction.rollback().await?;
                return Ok(None);
            }
            let mut ended = Vec::new();
            if disabled {
                ended = sessions::end_some(&transaction, user, &Which::All, at).await?;
                ended.extend(personal_tokens::remove_all(&transaction, user, at).await?);
            }
            transaction.commit().await?;
            Ok(Some(ended))
        };
        in_time(changing).await.map_err(away)
    }

    async fn set_roles(
        &self,
        user: &UserId,
        roles: &[String],
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable> {
        let changing = async {
            let transaction = self.database.begin().await?;
            if !set(&transaction, user, [(Column::Roles, Expr::val(roles.join(",")))]).await? {
                transaction.rollback().await?;
                return Ok(None);
            }
            let ended = sessions::end_some(&transaction, user, &Which::All, at).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        };
        in_time(changing).await.map_err(away)
    }
}
