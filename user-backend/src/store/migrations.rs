//! The tables of accounts and sessions. A migration that was released is never changed.

mod m0001_users_and_sessions;
mod m0002_session_ends;
mod m0003_accounts_grow;
mod m0004_mail;
mod m0005_devices;
mod m0006_identities;
mod m0007_picture_removals;
mod m0008_tokens;
mod m0009_second_factor;
mod m0010_guests;
mod m0011_admin;

use sea_orm::{DbBackend, FromQueryResult as _, Iterable as _};
use sea_orm_migration::{prelude::*, seaql_migrations};

use self::{
    m0001_users_and_sessions::UsersAndSessions, m0002_session_ends::SessionEnds,
    m0003_accounts_grow::AccountsGrow, m0004_mail::Mail, m0005_devices::Devices,
    m0006_identities::Identities, m0007_picture_removals::PictureRemovals, m0008_tokens::Tokens,
    m0009_second_factor::SecondFactor, m0010_guests::Guests, m0011_admin::Admin,
};

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
        vec![
            Box::new(SessionEnds),
            Box::new(AccountsGrow),
            Box::new(Tokens),
            Box::new(SecondFactor),
            Box::new(Devices),
            Box::new(PictureRemovals),
            Box::new(Identities),
            Box::new(Mail),
            Box::new(Guests),
            Box::new(Admin),
        ]
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

/// Adds a column unless a migration that was cut off has added it.
async fn column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    mut definition: ColumnDef,
) -> Result<(), DbErr> {
    if manager.has_column(table, name).await? {
        return Ok(());
    }
    manager.alter_table(Table::alter().table(Alias::new(table)).add_column(&mut definition).take()).await
}
