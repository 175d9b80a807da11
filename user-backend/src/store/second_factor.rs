//! Second factors: columns of accounts and sessions, and the table of recovery codes.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{
    DatabaseTransaction, DbErr, IntoActiveModel as _, PaginatorTrait as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _},
};

use super::{SqlStore, away, in_time, sessions, users};
use crate::{
    error::StoreUnavailable,
    second_factor::{Factor, SecondFactorStore, TRIES},
    sessions::{Ended, Which},
    tokens::TokenHash,
};

mod recovery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code_hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use users::Column as User;

/// Deletes a user's recovery codes.
pub(super) async fn remove_recovery(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    let theirs = recovery::Column::UserId.eq(user.as_str());
    recovery::Entity::delete_many().filter(theirs).exec(transaction).await.map(drop)
}

async fn renew(transaction: &DatabaseTransaction, user: &UserId, codes: &[TokenHash]) -> Result<(), DbErr> {
    remove_recovery(transaction, user).await?;
    let rows = codes.iter().map(|code| {
        recovery::Model { user_id: user.as_str().to_owned(), code_hash: code.to_text() }.into_active_model()
    });
    recovery::Entity::insert_many(rows).exec_without_returning(transaction).await.map(drop)
}

#[async_trait]
impl SecondFactorStore for SqlStore {
    async fn factor(&self, user: &UserId) -> Result<Option<Factor>, StoreUnavailable> {
        let found = users::Entity::find_by_id(user.as_str()).one(self.database.read());
        let found = in_time(found).await.map_err(away)?;
        Ok(found.and_then(|row| {
            Some(Factor { secret: row.totp_secret?, since: row.totp_since.map(clock::from_millis) })
        }))
    }

    async fn propose(&self, user: &UserId, secret: &str) -> Result<bool, StoreUnavailable> {
        let proposal = users::Entity::update_many()
            .col_expr(User::TotpSecret, secret.into())
            .filter(User::Id.eq(user.as_str()))
            .filter(User::TotpSince.is_null())
            .exec(self.database.write());
        Ok(in_time(proposal).await.map_err(away)?.rows_affected == 1)
    }

    async fn enable(
        &self,
        user: &UserId,
        secret: &str,
        step: i64,
        codes: &[TokenHash],
        session: &SessionId,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable> {
        let enabling = async {
            let transaction = self.database.begin().await?;
            let enabled = users::Entity::update_many()
                .col_expr(User::TotpSince, at.as_millisecond().into())
                .col_expr(User::TotpStep, step.into())
                .col_expr(User::TotpTries, 0.into())
                .filter(User::Id.eq(user.as_str()))
                .filter(User::TotpSecret.eq(secret))
                .filter(User::TotpSince.is_null())
                .exec(&transaction)
                .await?;
            if enabled.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(None);
            }
            renew(&transaction, user, codes).await?;
            let ended = sessions::end_some(&transaction, user, &Which::AllBut(session.clone()), at).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        };
        in_time(enabling).await.map_err(away)
    }

    async fn disable(&self, user: &UserId) -> Result<(), StoreUnavailable> {
        let nothing = || Expr::val(Option::<String>::None);
        let disabling = async {
            let transaction = self.database.begin().await?;
            users::Entity::update_many()
                .col_expr(User::TotpSecret, nothing())
                .col_expr(User::TotpSince, Expr::val(Option::<i64>::None))
                .filter(User::Id.eq(user.as_str()))
                .exec(&transaction)
                .await?;
            remove_recovery(&transaction, user).await?;
            transaction.commit().await
        };
        in_time(disabling).await.map_err(away)
    }

    async fn count_try(
        &self,
        user: &UserId,
        window_began: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreUnavailable> {
        let began = window_began.as_millisecond();
        let counting = async {
            // A window that is over begins anew with this try ...
            let anew = users::Entity::update_many()
                .col_expr(User::TotpTries, 1.into())
                .col_expr(User::TotpTriedAt, at.as_millisecond().into())
                .filter(User::Id.eq(user.as_str()))
                .filter(User::TotpTriedAt.lte(began))
                .exec(self.database.write())
                .await?;
            if anew.rows_affected == 1 {
                return Ok(true);
            }
            // ... and one that is not takes it, if there is room.
            let one_more = users::Entity::update_many()
                .col_expr(User::TotpTries, Expr::col(User::TotpTries).add(1))
                .filter(User::Id.eq(user.as_str()))
                .filter(User::TotpTries.lt(TRIES))
                .exec(self.database.write())
                .await?;
            Ok(one_more.rows_affected == 1)
        };
        in_time(counting).await.map_err(away)
    }

    async fn spend_step(&self, user: &UserId, step: i64) -> Result<bool, StoreUnavailable> {
        let spending = users::Entity::update_many()
            .col_expr(User::TotpStep, step.into())
            .col_expr(User::TotpTries, 0.into())
            .filter(User::Id.eq(user.as_str()))
            .filter(User::TotpStep.lt(step))
            .exec(self.database.write());
        Ok(in_time(spending).await.map_err(away)?.rows_affected == 1)
    }

    async fn spend_recovery(&self, user: &UserId, code: &TokenHash) -> Result<bool, StoreUnavailable> {
        let spending = async {
            let transaction = self.database.begin().await?;
            let spent = recovery::Entity::delete_by_id((user.as_str().to_owned(), code.to_text()))
                .exec(&transaction)
                .await?
                .rows_affected
                == 1;
            if spent {
                users::Entity::update_many()
                    .col_expr(User::TotpTries, 0.into())
                    .filter(User::Id.eq(user.as_str()))
                    .exec(&transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok(spent)
        };
        in_time(spending).await.map_err(away)
    }

    async fn recovery_left(&self, user: &UserId) -> Result<u64, StoreUnavailable> {
        let theirs = recovery::Entity::find().filter(recovery::Column::UserId.eq(user.as_str()));
        in_time(theirs.count(self.database.read())).await.map_err(away)
    }

    async fn renew_recovery(&self, user: &UserId, codes: &[TokenHash]) -> Result<(), StoreUnavailable> {
        let renewing = async {
            let transaction = self.database.begin().await?;
            renew(&transaction, user, codes).await?;
            transaction.commit().await
        };
        in_time(renewing).await.map_err(away)
    }

    async fn shown_in(&self, session: &SessionId, at: Timestamp) -> Result<(), StoreUnavailable> {
        let note = sessions::Entity::update_many()
            .col_expr(sessions::Column::FactorAt, at.as_millisecond().into())
            .filter(sessions::Column::Id.eq(session.as_str()))
            .exec(self.database.write());
        in_time(note).await.map(drop).map_err(away)
    }

    async fn last_shown_in(&self, session: &SessionId) -> Result<Option<Timestamp>, StoreUnavailable> {
        let query = sessions::Entity::find_by_id(session.as_str())
            .select_only()
            .column(sessions::Column::FactorAt)
            .into_tuple::<Option<i64>>()
            .one(self.database.read());
        Ok(in_time(query).await.map_err(away)?.flatten().map(clock::from_millis))
    }
}
