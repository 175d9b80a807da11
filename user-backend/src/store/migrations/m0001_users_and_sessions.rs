//! What the first release made.

use sea_orm_migration::prelude::*;

use super::{index, table};

pub(super) struct UsersAndSessions;

impl MigrationName for UsersAndSessions {
    fn name(&self) -> &'static str {
        "m0001_users_and_sessions"
    }
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Email,
    PasswordHash,
    Name,
    LastName,
    Age,
    Picture,
    Verified,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Id,
    TokenHash,
    UserId,
    CreatedAt,
    ExpiresAt,
}

#[async_trait::async_trait]
impl MigrationTrait for UsersAndSessions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name, length| ColumnDef::new(name).string_len(length).not_null().take();
        let users = table(manager, Users::Table)
            .col(ColumnDef::new(Users::Id).string_len(128).not_null().primary_key())
            .col(ColumnDef::new(Users::Email).string_len(254).not_null())
            .col(text(Users::PasswordHash, 255))
            .col(text(Users::Name, 50))
            .col(text(Users::LastName, 50))
            .col(ColumnDef::new(Users::Age).integer().not_null())
            .col(ColumnDef::new(Users::Picture).string_len(2048))
            .col(ColumnDef::new(Users::Verified).boolean().not_null().default(false))
            .col(ColumnDef::new(Users::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Users::UpdatedAt).big_integer().not_null())
            .take();
        manager.create_table(users).await?;
        let sessions = table(manager, Sessions::Table)
            .col(ColumnDef::new(Sessions::Id).string_len(128).not_null().primary_key())
            .col(ColumnDef::new(Sessions::TokenHash).string_len(64).not_null())
            .col(ColumnDef::new(Sessions::UserId).string_len(128).not_null())
            .col(ColumnDef::new(Sessions::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Sessions::ExpiresAt).big_integer().not_null())
            .take();
        manager.create_table(sessions).await?;
        index(manager, "users", "users_email", Users::Email, true).await?;
        index(manager, "sessions", "sessions_token_hash", Sessions::TokenHash, true).await?;
        index(manager, "sessions", "sessions_user_id", Sessions::UserId, false).await?;
        index(manager, "sessions", "sessions_expires_at", Sessions::ExpiresAt, false).await
    }
}
