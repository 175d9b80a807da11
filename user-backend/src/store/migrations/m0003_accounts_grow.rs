//! What accounts and sessions have beside what the first release knew: all of it may be absent, so that release goes on.

use sea_orm_migration::prelude::*;

use super::{column, table};

pub(super) struct AccountsGrow;

impl MigrationName for AccountsGrow {
    fn name(&self) -> &'static str {
        "m0003_accounts_grow"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AccountsGrow {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| ColumnDef::new(Alias::new(name)).string_len(length).take();
        let number = |name: &'static str| ColumnDef::new(Alias::new(name)).big_integer().take();
        // Roles, in a comma list.
        column(manager, "users", "roles", text("roles", 200)).await?;
        // Since when nobody can sign in with it.
        column(manager, "users", "disabled_at", number("disabled_at")).await?;
        // The language of its mails.
        column(manager, "users", "locale", text("locale", 8)).await?;
        // The names in lower case, for searches: no database folds letters beyond ASCII as the others do.
        column(manager, "users", "words", text("words", 255)).await?;
        // What a session is used by, and when it was used last.
        column(manager, "sessions", "device", text("device", 200)).await?;
        column(manager, "sessions", "used_at", number("used_at")).await?;
        // Deleted accounts of which the services have not heard.
        let deletions = table(manager, Alias::new("deletions"))
            .col(ColumnDef::new(Alias::new("user_id")).string_len(128).not_null().primary_key())
            .col(ColumnDef::new(Alias::new("deleted_at")).big_integer().not_null())
            .take();
        manager.create_table(deletions).await
    }
}
