//! Sessions of people without an account: their name, and the code of the one meeting that they may come to. Both are null
//! where the session is an account's; a release before takes a guest's for one whose account is gone.

use sea_orm_migration::prelude::*;

use super::column;

pub(super) struct Guests;

impl MigrationName for Guests {
    fn name(&self) -> &'static str {
        "m0010_guests"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Guests {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| ColumnDef::new(Alias::new(name)).string_len(length).take();
        column(manager, "sessions", "guest_name", text("guest_name", 50)).await?;
        column(manager, "sessions", "guest_code", text("guest_code", 64)).await
    }
}
