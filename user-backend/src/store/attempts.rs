//! The table of those who are at a provider of sign-in now.

use async_trait::async_trait;
use jiff::Timestamp;
use plenum_contract::{SessionId, UserId};
use plenum_service::clock;
use sea_orm::{Condition, IntoActiveModel as _, entity::prelude::*};

use super::{SqlStore, away, in_time};
use crate::{
    error::StoreUnavailable,
    oauth::{Attempt, AttemptStore, Purpose},
    tokens::TokenHash,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: String,
    pub browser_hash: String,
    pub provider: String,
    pub verifier: String,
    pub nonce: String,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// None when it can't be read: then it is worth nothing.
    fn into_attempt(self) -> Option<Attempt> {
        let purpose = match (self.user_id, self.session_id) {
            (Some(user), Some(session)) => {
                Purpose::Link { user: UserId::parse(&user).ok()?, session: SessionId::parse(&session).ok()? }
            }
            (None, None) => Purpose::SignIn,
            _ => return None,
        };
        Some(Attempt {
            state: TokenHash::parse(&self.state_hash)?,
            browser: TokenHash::parse(&self.browser_hash)?,
            provider: self.provider,
            verifier: self.verifier,
            nonce: self.nonce,
            purpose,
            expires_at: clock::from_millis(self.expires_at),
        })
    }
}

#[async_trait]
impl AttemptStore for SqlStore {
    async fn add_attempt(&self, attempt: &Attempt) -> Result<(), StoreUnavailable> {
        let (user_id, session_id) = match &attempt.purpose {
            Purpose::SignIn => (None, None),
            Purpose::Link { user, session } => {
                (Some(user.as_str().to_owned()), Some(session.as_str().to_owned()))
            }
        };
        let row = Model {
            state_hash: attempt.state.to_text(),
            browser_hash: attempt.browser.to_text(),
            provider: attempt.provider.clone(),
            verifier: attempt.verifier.clone(),
            nonce: attempt.nonce.clone(),
            user_id,
            session_id,
            expires_at: attempt.expires_at.as_millisecond(),
        };
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        in_time(insert).await.map(drop).map_err(away)
    }

    async fn take_attempt(&self, state: &TokenHash) -> Result<Option<Attempt>, StoreUnavailable> {
        let taking = async {
            let Some(row) = Entity::find_by_id(state.to_text()).one(self.database.read()).await? else {
                return Ok(None);
            };
            // A row is never changed, so whoever deletes it has read what it was.
            let taken = Entity::delete_by_id(state.to_text()).exec(self.database.write()).await?;
            Ok((taken.rows_affected == 1).then_some(row))
        };
        Ok(in_time(taking).await.map_err(away)?.and_then(Model::into_attempt))
    }

    async fn remove_expired_attempts(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable> {
        let over = Condition::all().add(Column::ExpiresAt.lte(now.as_millisecond()));
        self.remove_some::<Entity>(Column::StateHash, over, most).await
    }
}
