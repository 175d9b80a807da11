//! Accounts and sessions in a SQL database: one model for SQLite, PostgreSQL and MySQL (MariaDB).

mod app_tokens;
mod attempts;
mod audit;
mod avatars;
mod bearers;
mod deletions;
mod devices;
mod guests;
mod identities;
mod incidents;
mod invitations;
mod mail_codes;
mod migrations;
mod operator;
mod outbox;
mod personal_tokens;
mod second_factor;
mod session_ends;
mod sessions;
mod users;

use std::future::Future;

use plenum_contract::limits;
use plenum_service::database::{Database, DatabaseError};
use sea_orm::{ColumnTrait as _, Condition, DbErr, EntityTrait, QueryFilter as _, QuerySelect as _};
use sea_orm_migration::MigratorTrait as _;

use crate::error::StoreUnavailable;

/// The store of accounts and sessions. Clones share its connections.
#[derive(Debug, Clone)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// Brings the database's tables up to date and opens the store.
    pub async fn open(database: Database) -> Result<Self, DatabaseError> {
        database
            .migrate(|connection| async move {
                migrations::First::up(&connection, None).await?;
                migrations::Later::up(&connection, None).await
            })
            .await?;
        Ok(Self { database })
    }

    /// Deletes rows that are over, `most` at once, and says how many. One statement would hold all of them, for as long as it takes.
    async fn remove_some<E: EntityTrait>(
        &self,
        key: E::Column,
        over: Condition,
        most: u64,
    ) -> Result<u64, StoreUnavailable> {
        let removing = async {
            let keys = E::find()
                .select_only()
                .column(key)
                .filter(over.clone())
                .limit(most)
                .into_tuple::<String>()
                .all(self.database.read())
                .await?;
            if keys.is_empty() {
                return Ok(0);
            }
            // Once more whether they are: one may have been renewed meanwhile.
            let delete = E::delete_many().filter(key.is_in(keys)).filter(over);
            Ok(delete.exec(self.database.write()).await?.rows_affected)
        };
        in_time(removing).await.map_err(away)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreUnavailable> {
        in_time(self.database.ping()).await.map_err(away)
    }
}

/// A database call that ends in time, one way or the other.
async fn in_time<T>(call: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let late = || DbErr::Custom(format!("no answer within {:?}", limits::STORE_TIMEOUT));
    tokio::time::timeout(limits::STORE_TIMEOUT, call).await.unwrap_or_else(|_| Err(late()))
}

fn away(error: impl std::fmt::Display) -> StoreUnavailable {
    StoreUnavailable(error.to_string())
}
