//! Browsers that have signed in before.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct Devices;

impl MigrationName for Devices {
    fn name(&self) -> &'static str {
        "m0005_devices"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Devices {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| {
            ColumnDef::new(Alias::new(name)).string_len(length).not_null().take()
        };
        let devices = table(manager, Alias::new("devices"))
            .col(text("user_id", 128))
            .col(text("token_hash", 64))
            .col(ColumnDef::new(Alias::new("used_at")).big_integer().not_null())
            .primary_key(Index::create().col(Alias::new("user_id")).col(Alias::new("token_hash")))
            .take();
        manager.create_table(devices).await?;
        index(manager, "devices", "devices_used_at", Alias::new("used_at"), false).await
    }
}
