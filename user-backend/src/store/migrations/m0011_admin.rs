//! What admins and operators did, and what went wrong for whom.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct Admin;

impl MigrationName for Admin {
    fn name(&self) -> &'static str {
        "m0011_admin"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Admin {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = |name: &'static str| ColumnDef::new(Alias::new(name));
        let text = |column: &'static str, length| name(column).string_len(length).not_null().take();
        let number = |column: &'static str| name(column).big_integer().not_null().take();
        let key = || name("number").big_integer().not_null().auto_increment().primary_key().take();
        let audit = table(manager, Alias::new("audit"))
            .col(key())
            .col(number("at"))
            .col(name("actor_id").string_len(128).take())
            .col(text("actor", 120))
            .col(text("address", 64))
            .col(text("act", 64))
            .col(text("target", 128))
            .col(text("reason", 300))
            .col(text("outcome", 64))
            .take();
        manager.create_table(audit).await?;
        let incidents = table(manager, Alias::new("incidents"))
            .col(key())
            .col(text("process", 64))
            .col(number("first_at"))
            .col(number("last_at"))
            .col(number("times"))
            .col(text("kind", 16))
            .col(text("code", 64))
            .col(name("user_id").string_len(128).take())
            .col(text("about", 200))
            .take();
        manager.create_table(incidents).await?;
        index(manager, "incidents", "incidents_user_id", Alias::new("user_id"), false).await?;
        index(manager, "incidents", "incidents_last_at", Alias::new("last_at"), false).await
    }
}
