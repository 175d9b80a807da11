//! Who people are elsewhere, who is at a provider now, and tokens of trusted issuers whose sessions were ended.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct Identities;

impl MigrationName for Identities {
    fn name(&self) -> &'static str {
        "m0006_identities"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Identities {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let at = |name: &'static str| Alias::new(name);
        let text = |name: &'static str, length| ColumnDef::new(at(name)).string_len(length).not_null().take();
        let maybe = |name: &'static str, length| ColumnDef::new(at(name)).string_len(length).take();
        let number = |name: &'static str| ColumnDef::new(at(name)).big_integer().not_null().take();
        let identities = table(manager, at("identities"))
            .col(text("provider", 260))
            .col(text("subject", 255))
            .col(text("user_id", 128))
            .col(maybe("email", 254))
            .col(number("created_at"))
            .primary_key(Index::create().col(at("provider")).col(at("subject")))
            .take();
        manager.create_table(identities).await?;
        index(manager, "identities", "identities_user_id", at("user_id"), false).await?;
        let attempts = table(manager, at("oauth_attempts"))
            .col(text("state_hash", 64).primary_key())
            .col(text("browser_hash", 64))
            .col(text("provider", 32))
            .col(text("verifier", 128))
            .col(text("nonce", 64))
            // What they are to be linked with; none where they sign in.
            .col(maybe("user_id", 128))
            .col(maybe("session_id", 128))
            .col(number("expires_at"))
            .take();
        manager.create_table(attempts).await?;
        index(manager, "oauth_attempts", "oauth_attempts_expires_at", at("expires_at"), false).await?;
        let ended = table(manager, at("ended_bearers"))
            .col(text("token_hash", 64).primary_key())
            .col(number("expires_at"))
            .take();
        manager.create_table(ended).await?;
        index(manager, "ended_bearers", "ended_bearers_expires_at", at("expires_at"), false).await
    }
}
