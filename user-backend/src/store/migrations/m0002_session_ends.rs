//! The ends of sessions, for every process to read.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct SessionEnds;

impl MigrationName for SessionEnds {
    fn name(&self) -> &'static str {
        "m0002_session_ends"
    }
}

#[derive(DeriveIden)]
enum Ends {
    Number,
    SessionId,
    TokenHash,
    EndedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for SessionEnds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ends = table(manager, Alias::new("session_ends"))
            .col(ColumnDef::new(Ends::Number).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Ends::SessionId).string_len(128).not_null())
            .col(ColumnDef::new(Ends::TokenHash).string_len(64).not_null())
            .col(ColumnDef::new(Ends::EndedAt).big_integer().not_null())
            .take();
        manager.create_table(ends).await?;
        index(manager, "session_ends", "session_ends_ended_at", Ends::EndedAt, false).await
    }
}
