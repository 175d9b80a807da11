//! Guests, in the table of sessions.

use async_trait::async_trait;
use sea_orm::{IntoActiveModel as _, entity::prelude::*};

use super::{
    SqlStore, away, in_time,
    sessions::{Entity, Model, row_of},
};
use crate::{
    error::StoreUnavailable,
    guests::{Guest, GuestStore},
    sessions::{NamedSession, Session},
    tokens::TokenHash,
};

/// A session that is no account's: a guest's, or none.
pub(super) fn named(row: Model) -> Result<Option<NamedSession>, StoreUnavailable> {
    let (token_hash, guest) = (row.token_hash.clone(), row.guest_name.clone().zip(row.guest_code.clone()));
    let Some((name, code)) = guest else { return Ok(None) };
    let session = row.into_session()?;
    Ok(Some(NamedSession {
        token_expires_at: session.expires_at,
        session,
        token_hash,
        name,
        scopes: None,
        roles: Vec::new(),
        has_second_factor: false,
        guest: Some(code),
    }))
}

#[async_trait]
impl GuestStore for SqlStore {
    async fn add_guest(
        &self,
        guest: &Guest,
        session: &Session,
        hash: &TokenHash,
    ) -> Result<(), StoreUnavailable> {
        let row = Model {
            guest_name: Some(guest.name.clone()),
            guest_code: Some(guest.code.clone()),
            ..row_of(session, hash, None)
        };
        let insert = Entity::insert(row.into_active_model()).exec_without_returning(self.database.write());
        in_time(insert).await.map_err(away)?;
        Ok(())
    }
}
