//! Pictures that are to be removed from where they are kept.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct PictureRemovals;

impl MigrationName for PictureRemovals {
    fn name(&self) -> &'static str {
        "m0007_picture_removals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for PictureRemovals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| {
            ColumnDef::new(Alias::new(name)).string_len(length).not_null().take()
        };
        let removals = table(manager, Alias::new("picture_removals"))
            .col(text("name", 64).primary_key().take())
            .col(text("user_id", 128))
            .col(ColumnDef::new(Alias::new("due_at")).big_integer().not_null())
            .take();
        manager.create_table(removals).await?;
        index(manager, "picture_removals", "picture_removals_due_at", Alias::new("due_at"), false).await
    }
}
