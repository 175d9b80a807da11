//! Mails that wait to be sent, the codes of those that were, and invitations.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct Mail;

impl MigrationName for Mail {
    fn name(&self) -> &'static str {
        "m0004_mail"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Mail {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let at = |name: &'static str| Alias::new(name);
        let text = |name: &'static str, length| {
            ColumnDef::new(Alias::new(name)).string_len(length).not_null().take()
        };
        let number = |name: &'static str| ColumnDef::new(Alias::new(name)).big_integer().not_null().take();
        // No code and no link is here: each is made when its mail is sent.
        let outbox = table(manager, at("outbox"))
            .col(text("id", 64).primary_key())
            .col(text("kind", 32))
            .col(ColumnDef::new(at("user_id")).string_len(128))
            .col(text("email", 254))
            .col(text("locale", 8))
            .col(number("tries"))
            // When it is due; while a process sends it, when that process is given up.
            .col(number("next_at"))
            .col(number("made_at"))
            .take();
        manager.create_table(outbox).await?;
        index(manager, "outbox", "outbox_next_at", at("next_at"), false).await?;
        // How many mails somebody has caused to be sent, since when, and when the last.
        let allowances = table(manager, at("mail_allowances"))
            .col(text("subject", 64).primary_key())
            .col(number("count"))
            .col(number("began_at"))
            .col(number("last_at"))
            .take();
        manager.create_table(allowances).await?;
        index(manager, "mail_allowances", "mail_allowances_began_at", at("began_at"), false).await?;
        let codes = table(manager, at("mail_codes"))
            .col(text("user_id", 128))
            .col(text("kind", 16))
            .col(text("email", 254))
            .col(text("salt", 64))
            .col(text("code_hash", 64))
            .col(number("tries"))
            .col(number("expires_at"))
            .primary_key(Index::create().col(at("user_id")).col(at("kind")))
            .take();
        manager.create_table(codes).await?;
        index(manager, "mail_codes", "mail_codes_code_hash", at("code_hash"), false).await?;
        index(manager, "mail_codes", "mail_codes_email", at("email"), false).await?;
        index(manager, "mail_codes", "mail_codes_expires_at", at("expires_at"), false).await?;
        let invitations = table(manager, at("invitations"))
            .col(text("token_hash", 64).primary_key())
            .col(ColumnDef::new(at("email")).string_len(254))
            .col(number("made_at"))
            .col(number("expires_at"))
            .take();
        manager.create_table(invitations).await?;
        index(manager, "invitations", "invitations_expires_at", at("expires_at"), false).await
    }
}
