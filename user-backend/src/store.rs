//! Accounts and sessions in a SQL database: one model for SQLite, PostgreSQL and MySQL (MariaDB).

mod migrations;
mod session_ends;
mod sessions;
mod users;

use std::future::Future;

use plenum_contract::limits;
use plenum_service::database::{Database, DatabaseError};
use sea_orm::DbErr;
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
