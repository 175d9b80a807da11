//! The table of invitations.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::{Condition, DatabaseTransaction, DbErr, IntoActiveModel as _, entity::prelude::*};

use super::{SqlStore, away, in_time};
use crate::{
    error::StoreUnavailable,
    registration::{Invitation, InvitationStore},
    rules::Email,
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub email: Option<String>,
    pub made_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those that this address can use now by this hash: one or none.
fn usable(hash: &TokenHash, email: &Email, now: Timestamp) -> Condition {
    Condition::all()
        .add(Column::TokenHash.eq(hash.to_text()))
        .add(Column::ExpiresAt.gt(now.as_millisecond()))
        .add(Condition::any().add(Column::Email.is_null()).add(Column::Email.eq(email.as_str())))
}

/// Spends an invitation for this address. False when it can't be, or was spent: of many at once one is true.
pub(super) async fn spend(
    transaction: &DatabaseTransaction,
    hash: &TokenHash,
    email: &Email,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let spent = Entity::delete_many().filter(usable(hash, email, now)).exec(transaction).await?;
    Ok(spent.rows_affected == 1)
}

#[async_trait]
impl InvitationStore for SqlStore {
    async fn add_invitation(&self, invitation: &Invitation) -> Result<(), StoreUnavailable> {
        let row = Model {
            token_hash: invitation.hash.to_text(),
            email: invitation.email.as_ref().map(|email| email.as_str().to_owned()),
            made_at: invitation.made_at.as_millisecond(),
            expires_at: invitation.expires_at.as_millisecond(),
        };
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(away)
    }

    async fn is_invited(
        &self,
        hash: &TokenHash,
        email: &Email,
        now: Timestamp,
    ) -> Result<bool, StoreUnavailable> {
        let found = Entity::find().filter(usable(hash, email, now)).one(self.database.read());
        Ok(in_time(found).await.map_err(away)?.is_some())
    }

    async fn remove_expired_invitations(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let expired = Condition::all().add(Column::ExpiresAt.lte(now.as_millisecond()));
        self.remove_some::<Entity>(Column::TokenHash, expired, most).await
    }
}
