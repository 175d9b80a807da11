//! The tables of accounts and sessions. A migration that was released is never changed.

use sea_orm::{DbBackend, FromQueryResult as _, Iterable as _};
use sea_orm_migration::{prelude::*, seaql_migrations};

/// What the first release made. It refuses to start when its table names a migration that it does not know, so no more
/// are added here.
pub(super) struct First;

impl MigratorTrait for First {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(UsersAndSessions)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("user_backend_migrations").into_iden()
    }
}

/// What was added since. A release starts on tables that a later one has added to.
pub(super) struct Later;

#[async_trait::async_trait]
impl MigratorTrait for Later {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(SessionEnds)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("user_backend_later_migrations").into_iden()
    }

    async fn get_migration_models<C: ConnectionTrait>(db: &C) -> Result<Vec<seaql_migrations::Model>, DbErr> {
        Self::install(db).await?;
        let select = Query::select()
            .from(Self::migration_table_name())
            .columns(seaql_migrations::Column::iter().map(IntoIden::into_iden))
            .take();
        let known: Vec<String> =
            Self::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let rows = db.query_all(&select).await?;
        let models = rows.iter().map(|row| seaql_migrations::Model::from_query_result(row, ""));
        models.filter(|model| model.as_ref().map_or(true, |model| known.contains(&model.version))).collect()
    }
}

struct UsersAndSessions;

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

struct SessionEnds;

impl MigrationName for SessionEnds {
    fn name(&self) -> &'static str {
        "m0002_session_ends"
    }
}

#[derive(DeriveIden)]
enum Ends {
    Number,
    SessionId,
    TokenHash,
    EndedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for SessionEnds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ends = table(manager, Alias::new("session_ends"))
            .col(ColumnDef::new(Ends::Number).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Ends::SessionId).string_len(128).not_null())
            .col(ColumnDef::new(Ends::TokenHash).string_len(64).not_null())
            .col(ColumnDef::new(Ends::EndedAt).big_integer().not_null())
            .take();
        manager.create_table(ends).await?;
        index(manager, "session_ends", "session_ends_ended_at", Ends::EndedAt, false).await
    }
}

fn table(manager: &SchemaManager, name: impl IntoTableRef) -> TableCreateStatement {
    let mut table = Table::create().table(name).if_not_exists().take();
    if manager.get_database_backend() == DbBackend::MySql {
        // Its default would find `A` for `a`, and `e` for `é`.
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

/// Makes an index unless a migration that was cut off has made it: MySQL can't undo half of one.
async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    column: impl IntoIden,
    unique: bool,
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    let mut index = Index::create().name(name).table(Alias::new(table)).col(column.into_iden()).take();
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
