//! The table of codes that mails bring.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::UserId;
use plenum_service::clock;
use sea_orm::{
    Condition, DatabaseTransaction, DbErr, IntoActiveModel as _, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, OnConflict},
};

use super::{SqlStore, away, identities, in_time, outbox, personal_tokens, sessions, users};
use crate::{
    accounts::NotAdded,
    error::StoreUnavailable,
    mail_codes::{Code, CodeStore, Purpose, TRIES},
    rules::Email,
    sessions::{Ended, Which},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    pub email: String,
    pub salt: String,
    pub code_hash: String,
    pub tries: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn into_code(self, purpose: Purpose) -> Option<Code> {
        Some(Code {
            user: UserId::parse(&self.user_id).ok()?,
            purpose,
            email: Email::parse(&self.email)?,
            salt: self.salt,
            hash: TokenHash::parse(&self.code_hash)?,
            expires_at: clock::from_millis(self.expires_at),
        })
    }
}

/// Nothing that a mail has brought, or will bring, to whoever had the account before counts any more.
pub(super) async fn void(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    outbox::remove_changes(transaction, user).await?;
    remove(transaction, user.as_str(), None).await
}

/// Another address that somebody has asked for in this account's name counts no more.
pub(super) async fn void_change(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), DbErr> {
    outbox::remove_changes(transaction, user).await?;
    remove(transaction, user.as_str(), Some(Purpose::Change)).await
}

fn of_purpose(purpose: Purpose) -> sea_orm::sea_query::SimpleExpr {
    Column::Kind.eq(purpose.as_str())
}

/// Deletes an account's codes: those of one purpose, or all.
async fn remove(
    transaction: &DatabaseTransaction,
    user: &str,
    purpose: Option<Purpose>,
) -> Result<(), DbErr> {
    let mut theirs = Condition::all().add(Column::UserId.eq(user));
    if let Some(purpose) = purpose {
        theirs = theirs.add(of_purpose(purpose));
    }
    Entity::delete_many().filter(theirs).exec(transaction).await.map(drop)
}

#[async_trait]
impl CodeStore for SqlStore {
    async fn put_code(&self, code: &Code) -> Result<(), StoreUnavailable> {
        let row = Model {
            user_id: code.user.as_str().to_owned(),
            kind: code.purpose.as_str().to_owned(),
            email: code.email.as_str().to_owned(),
            salt: code.salt.clone(),
            code_hash: code.hash.to_text(),
            tries: 0,
            expires_at: code.expires_at.as_millisecond(),
        };
        let in_place = OnConflict::columns([Column::UserId, Column::Kind])
            .update_columns([Column::Email, Column::Salt, Column::CodeHash, Column::Tries, Column::ExpiresAt])
            .to_owned();
        let insert = Entity::insert(row.into_active_model())
            .on_conflict(in_place)
            .exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(away)
    }

    async fn is_reset(&self, hash: &TokenHash, now: Timestamp) -> Result<bool, StoreUnavailable> {
        let found = Entity::find()
            .filter(Column::CodeHash.eq(hash.to_text()))
            .filter(of_purpose(Purpose::Reset))
            .filter(Column::ExpiresAt.gt(now.as_millisecond()))
            .one(self.database.read());
        Ok(in_time(found).await.map_err(away)?.is_some())
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(UserId, Vec<Ended>)>, StoreUnavailable> {
        let resetting = async {
            let link = Condition::all()
                .add(Column::CodeHash.eq(hash.to_text()))
                .add(of_purpose(Purpose::Reset))
                .add(Column::ExpiresAt.gt(now.as_millisecond()));
            // Before the transaction: MySQL would show it all as of this look, without a session that begins meanwhile.
            let Some(row) = Entity::find().filter(link.clone()).one(self.database.read()).await? else {
                return Ok(None);
            };
            let transaction = self.database.begin().await?;
            // Of many who use one link at once, one deletes it.
            let theirs = link.add(Column::UserId.eq(row.user_id.as_str()));
            let spent = Entity::delete_many().filter(theirs).exec(&transaction).await?.rows_affected == 1;
            let changed = users::Entity::update_many()
                .col_expr(users::Column::PasswordHash, password_hash.into())
                .col_expr(users::Column::Verified, true.into())
                .col_expr(users::Column::UpdatedAt, now.as_millisecond().into())
                .filter(users::Column::Id.eq(row.user_id.as_str()))
                .filter(users::Column::Email.eq(row.email.as_str()))
                .filter(users::Column::DisabledAt.is_null());
            if !spent || changed.exec(&transaction).await?.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(None);
            }
            let user = UserId::parse(&row.user_id).map_err(|error| DbErr::Custom(error.to_string()))?;
            // Whoever knew the password before may have asked for another address, or linked who they are elsewhere.
            void(&transaction, &user).await?;
            identities::remove_providers(&transaction, &user).await?;
            let mut ended = sessions::end_some(&transaction, &user, &Which::All, now).await?;
            ended.extend(personal_tokens::remove_all(&transaction, &user, now).await?);
            transaction.commit().await?;
            Ok(Some((user, ended)))
        };
        in_time(resetting).await.map_err(away)
    }

    async fn try_codes(
        &self,
        email: &Email,
        user: Option<&UserId>,
        now: Timestamp,
    ) -> Result<Vec<Code>, StoreUnavailable> {
        let trying = async {
            let mut codes = Vec::new();
            for purpose in [Purpose::Verify, Purpose::Change] {
                let theirs = Condition::all()
                    .add(Column::Email.eq(email.as_str()))
                    .add(of_purpose(purpose))
                    .add(Column::ExpiresAt.gt(now.as_millisecond()))
                    .add_option(user.map(|user| Column::UserId.eq(user.as_str())));
                let left = theirs.clone().add(Column::Tries.lt(TRIES));
                for row in Entity::find().filter(left).all(self.database.read()).await? {
                    // One statement counts and decides, however many try at once.
                    let counted = Entity::update_many()
                        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
                        .filter(theirs.clone())
                        .filter(Column::UserId.eq(row.user_id.as_str()))
                        .filter(Column::CodeHash.eq(row.code_hash.as_str()))
                        .filter(Column::Tries.lt(TRIES))
                        .exec(self.database.write())
                        .await?;
                    if counted.rows_affected == 1 {
                        codes.extend(row.into_code(purpose));
                    }
                }
            }
            Ok(codes)
        };
        in_time(trying).await.map_err(away)
    }

    async fn confirm(&self, code: &Code, now: Timestamp) -> Result<bool, NotAdded> {
        let confirming = async {
            let transaction = self.database.begin().await?;
            let used = Entity::delete_many()
                .filter(Column::UserId.eq(code.user.as_str()))
                .filter(of_purpose(code.purpose))
                .filter(Column::CodeHash.eq(code.hash.to_text()))
                .exec(&transaction)
                .await?;
            let mut account = Condition::all()
                .add(users::Column::Id.eq(code.user.as_str()))
                .add(users::Column::DisabledAt.is_null());
            if code.purpose == Purpose::Verify {
                account = account.add(users::Column::Email.eq(code.email.as_str()));
            }
            let confirmed = users::Entity::update_many()
                .col_expr(users::Column::Email, code.email.as_str().into())
                .col_expr(users::Column::Verified, true.into())
                .col_expr(users::Column::UpdatedAt, now.as_millisecond().into())
                .filter(account);
            if used.rows_affected == 0 || confirmed.exec(&transaction).await?.rows_affected == 0 {
                transaction.rollback().await?;
                return Ok(false);
            }
            // A link that was sent to the address before is worth nothing.
            remove(&transaction, code.user.as_str(), Some(Purpose::Reset)).await?;
            transaction.commit().await?;
            Ok(true)
        };
        in_time(confirming).await.map_err(users::not_added)
    }

    async fn waits_for(&self, email: &Email) -> Result<Option<UserId>, StoreUnavailable> {
        let found = Entity::find()
            .filter(Column::Email.eq(email.as_str()))
            .filter(of_purpose(Purpose::Change))
            .order_by_desc(Column::ExpiresAt)
            .one(self.database.read());
        in_time(found).await.map_err(away)?.map(|row| UserId::parse(&row.user_id).map_err(away)).transpose()
    }

    async fn remove_expired_codes(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let removing = async {
            let old: Vec<(String, String)> = Entity::find()
                .select_only()
                .column(Column::UserId)
                .column(Column::Kind)
                .filter(Column::ExpiresAt.lte(before.as_millisecond()))
                .limit(most)
                .into_tuple()
                .all(self.database.read())
                .await?;
            let mut gone = 0;
            for key in old {
                let still = Entity::delete_many()
                    .filter(Column::UserId.eq(key.0))
                    .filter(Column::Kind.eq(key.1))
                    .filter(Column::ExpiresAt.lte(before.as_millisecond()));
                gone += still.exec(self.database.write()).await?.rows_affected;
            }
            Ok(gone)
        };
        in_time(removing).await.map_err(away)
    }
}
