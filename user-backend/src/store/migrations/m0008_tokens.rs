//! Tokens for apps and scripts.

use sea_orm_migration::prelude::*;

use super::{column, index, table};

pub(super) struct Tokens;

impl MigrationName for Tokens {
    fn name(&self) -> &'static str {
        "m0008_tokens"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tokens {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| {
            ColumnDef::new(Alias::new(name)).string_len(length).not_null().take()
        };
        let number = |name: &'static str| ColumnDef::new(Alias::new(name)).big_integer().not_null().take();
        // What names a session: a browser's cookie where this is null, an app's refresh token where it is `app`.
        column(manager, "sessions", "kind", ColumnDef::new(Alias::new("kind")).string_len(16).take()).await?;
        let access = table(manager, Alias::new("access_tokens"))
            .col(text("token_hash", 64).primary_key())
            .col(text("session_id", 128))
            .col(number("expires_at"))
            .take();
        manager.create_table(access).await?;
        let spent = table(manager, Alias::new("spent_tokens"))
            .col(text("token_hash", 64).primary_key())
            .col(text("session_id", 128))
            .col(number("spent_at"))
            .take();
        manager.create_table(spent).await?;
        let personal = table(manager, Alias::new("personal_tokens"))
            .col(text("id", 128).primary_key())
            .col(text("token_hash", 64))
            .col(text("user_id", 128))
            .col(text("name", 100))
            .col(text("scopes", 100))
            .col(number("created_at"))
            .col(number("expires_at"))
            .col(ColumnDef::new(Alias::new("used_at")).big_integer())
            .take();
        manager.create_table(personal).await?;
        let at = |name: &'static str| Alias::new(name);
        index(manager, "access_tokens", "access_tokens_expires_at", at("expires_at"), false).await?;
        index(manager, "access_tokens", "access_tokens_session_id", at("session_id"), false).await?;
        index(manager, "spent_tokens", "spent_tokens_spent_at", at("spent_at"), false).await?;
        index(manager, "personal_tokens", "personal_tokens_token_hash", at("token_hash"), true).await?;
        index(manager, "personal_tokens", "personal_tokens_user_id", at("user_id"), false).await
    }
}
