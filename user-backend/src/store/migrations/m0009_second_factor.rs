//! Second factors, and their recovery codes.

use sea_orm_migration::prelude::*;

use super::{column, table};

pub(super) struct SecondFactor;

impl MigrationName for SecondFactor {
    fn name(&self) -> &'static str {
        "m0009_second_factor"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SecondFactor {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let number = |name: &'static str| ColumnDef::new(Alias::new(name)).big_integer().take();
        let counter =
            |name: &'static str| ColumnDef::new(Alias::new(name)).big_integer().not_null().default(0).take();
        let secret = ColumnDef::new(Alias::new("totp_secret")).string_len(64).take();
        column(manager, "users", "totp_secret", secret).await?;
        column(manager, "users", "totp_since", number("totp_since")).await?;
        // The last step whose code was taken.
        column(manager, "users", "totp_step", counter("totp_step")).await?;
        // Codes that were tried, since when they are counted.
        column(manager, "users", "totp_tries", counter("totp_tries")).await?;
        column(manager, "users", "totp_tried_at", counter("totp_tried_at")).await?;
        column(manager, "sessions", "factor_at", number("factor_at")).await?;
        let text = |name: &'static str, length| {
            ColumnDef::new(Alias::new(name)).string_len(length).not_null().take()
        };
        let recovery = table(manager, Alias::new("recovery_codes"))
            .col(text("user_id", 128))
            .col(text("code_hash", 64))
            .primary_key(Index::create().col(Alias::new("user_id")).col(Alias::new("code_hash")))
            .take();
        manager.create_table(recovery).await
    }
}
