//! The tables of apps' tokens.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{Condition, DatabaseTransaction, DbErr, IntoActiveModel as _, entity::prelude::*};

use super::{SqlStore, away, in_time, sessions, users};
use crate::{
    app_tokens::{AppTokenStore, Hashes, Refreshed},
    error::StoreUnavailable,
    proof::Proof,
    sessions::{NamedSession, Session, Which},
    tokens::TokenHash,
};

mod access {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub session_id: String,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod spent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "spent_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub session_id: String,
        pub spent_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn add_access(on: &impl ConnectionTrait, session: &str, hashes: &Hashes) -> Result<(), DbErr> {
    let row = access::Model {
        token_hash: hashes.access.to_text(),
        session_id: session.to_owned(),
        expires_at: hashes.access_until.as_millisecond(),
    };
    access::Entity::insert(row.into_active_model()).exec_without_returning(on).await?;
    Ok(())
}

/// Notes that a refresh token is used up. False when it was before.
async fn spend(
    transaction: &DatabaseTransaction,
    used: &TokenHash,
    session: &str,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = spent::Model {
        token_hash: used.to_text(),
        session_id: session.to_owned(),
        spent_at: now.as_millisecond(),
    };
    spent::Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

impl SqlStore {
    /// The session of an access token.
    pub(super) async fn find_access(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<NamedSession>, StoreUnavailable> {
        let token = access::Entity::find_by_id(hash.to_text()).one(self.database.read());
        let Some(token) = in_time(token).await.map_err(away)? else { return Ok(None) };
        let session = sessions::Entity::find_by_id(token.session_id)
            .filter(sessions::Column::Kind.eq(sessions::APP))
            .find_also_related(users::Entity)
            .one(self.database.read());
        let Some((row, Some(user))) = in_time(session).await.map_err(away)? else { return Ok(None) };
        let found = sessions::named(row, user)?;
        Ok(found.map(|found| NamedSession {
            token_hash: token.token_hash,
            token_expires_at: clock::from_millis(token.expires_at).min(found.session.expires_at),
            ..found
        }))
    }
}

#[async_trait]
impl AppTokenStore for SqlStore {
    async fn add_app(
        &self,
        session: &Session,
        hashes: &Hashes,
        proof: &Proof,
    ) -> Result<bool, StoreUnavailable> {
        let adding = async {
            let transaction = self.database.begin().await?;
            let kind = Some(sessions::APP);
            let added = sessions::add(&transaction, session, &hashes.refresh, kind, proof).await?;
            if added {
                add_access(&transaction, session.id.as_str(), hashes).await?;
            }
            transaction.commit().await?;
            Ok(added)
        };
        in_time(adding).await.map_err(away)
    }

    async fn refresh(
        &self,
        used: &TokenHash,
        next: &Hashes,
        absolute: SignedDuration,
        now: Timestamp,
    ) -> Result<Refreshed, StoreUnavailable> {
        let refreshing = async {
            let transaction = self.database.begin().await?;
            let named = sessions::Entity::find()
                .filter(sessions::Column::TokenHash.eq(used.to_text()))
                .filter(sessions::Column::Kind.eq(sessions::APP))
                .one(&transaction)
                .await?;
            if let Some(row) = named {
                if row.expires_at <= now.as_millisecond() {
                    transaction.rollback().await?;
                    return Ok(Refreshed::Unknown);
                }
                let last = clock::from_millis(row.created_at).saturating_add(absolute);
                let until = next.refresh_until.min(last.unwrap_or(Timestamp::MAX));
                let changed = sessions::Entity::update_many()
                    .col_expr(sessions::Column::TokenHash, next.refresh.to_text().into())
                    .col_expr(sessions::Column::ExpiresAt, until.as_millisecond().into())
                    .col_expr(sessions::Column::UsedAt, now.as_millisecond().into())
                    .filter(sessions::Column::Id.eq(row.id.as_str()))
                    .filter(sessions::Column::TokenHash.eq(used.to_text()))
                    .exec(&transaction)
                    .await?;
                if changed.rows_affected == 1 {
                    spend(&transaction, used, &row.id, now).await?;
                    add_access(&transaction, &row.id, next).await?;
                    transaction.commit().await?;
                    let session =
                        SessionId::parse(&row.id).map_err(|error| DbErr::Custom(error.to_string()))?;
                    return Ok(Refreshed::Next { session, until });
                }
                // Somebody else has used it since it was read.
                transaction.rollback().await?;
                return self.end_reused(&row.id, now).await;
            }
            transaction.rollback().await?;
            let before = spent::Entity::find_by_id(used.to_text()).one(self.database.read()).await?;
            match before {
                Some(before) => self.end_reused(&before.session_id, now).await,
                None => Ok(Refreshed::Unknown),
            }
        };
        in_time(refreshing).await.map_err(away)
    }

    async fn remove_expired_tokens(
        &self,
        now: Timestamp,
        spent_before: Timestamp,
        most: u64,
    ) -> Result<u64, StoreUnavailable> {
        let over = Condition::all().add(access::Column::ExpiresAt.lte(now.as_millisecond()));
        let removed = self.remove_some::<access::Entity>(access::Column::TokenHash, over, most).await?;
        let old = Condition::all().add(spent::Column::SpentAt.lte(spent_before.as_millisecond()));
        let forgotten = self.remove_some::<spent::Entity>(spent::Column::TokenHash, old, most).await?;
        Ok(removed.max(forgotten))
    }
}

impl SqlStore {
    async fn end_reused(&self, session: &str, now: Timestamp) -> Result<Refreshed, DbErr> {
        let transaction = self.database.begin().await?;
        let row = sessions::Entity::find_by_id(session).one(&transaction).await?;
        let whose = row.and_then(|row| UserId::parse(&row.user_id).ok());
        let ended = match (whose, SessionId::parse(session)) {
            (Some(user), Ok(id)) => sessions::end_some(&transaction, &user, &Which::One(id), now).await?,
            _ => Vec::new(),
        };
        transaction.commit().await?;
        Ok(Refreshed::Reused(ended))
    }
}
