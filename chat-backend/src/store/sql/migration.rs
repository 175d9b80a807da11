//! The tables, step by step. A step that was released is never changed.

use plenum_contract::limits::{ID_MAX, PASSCODE_MAX, TITLE_MAX};
use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, FromQueryResult as _, Iterable as _},
    seaql_migrations,
};

use crate::meetings::Code;

/// What the first release made, noted in a table of its own: the other service may use the same database. That release
/// refuses to start when it finds there what it does not know, so no more is added.
pub struct First;

#[async_trait::async_trait]
impl MigratorTrait for First {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Meetings)]
    }

    fn migration_table_name() -> DynIden {
        "chat_backend_migrations".into_iden()
    }
}

/// What was added since. A release starts on tables to which a later one has added.
pub struct Later;

#[async_trait::async_trait]
impl MigratorTrait for Later {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(MeetingOptions), Box::new(Attendance)]
    }

    fn migration_table_name() -> DynIden {
        "chat_backend_later_migrations".into_iden()
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

#[derive(DeriveIden)]
enum Meeting {
    #[sea_orm(iden = "meetings")]
    Table,
    Id,
    HostId,
    Title,
    Description,
    Date,
    Time,
    TimeZone,
    StartsAt,
    EstimatedDuration,
    MaxParticipants,
    ActiveParticipants,
    CreatedAt,
    UpdatedAt,
    Status,
}

#[derive(DeriveIden)]
enum Participant {
    #[sea_orm(iden = "meeting_participants")]
    Table,
    MeetingId,
    UserId,
    Position,
}

struct Meetings;

impl MigrationName for Meetings {
    fn name(&self) -> &'static str {
        "m0001_meetings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Meetings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mysql = manager.get_database_backend() == DbBackend::MySql;
        let mut meetings = meetings();
        let mut participants = participants();
        if mysql {
            // Ids differ by case, and titles hold any character, whatever the server's defaults.
            for table in [&mut meetings, &mut participants] {
                table.character_set("utf8mb4").collate("utf8mb4_bin");
            }
        }
        manager.create_table(meetings).await?;
        manager.create_table(participants).await?;
        // MySQL has no IF NOT EXISTS for indexes; a step that stopped half-way comes here again.
        let index = Index::create()
            .name("meeting_participants_user")
            .table(Participant::Table)
            .col(Participant::UserId)
            .col(Participant::MeetingId)
            .to_owned();
        if !manager.has_index("meeting_participants", "meeting_participants_user").await? {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Who may come to a meeting. A release that knows none of it goes on writing rows.
struct MeetingOptions;

impl MigrationName for MeetingOptions {
    fn name(&self) -> &'static str {
        "m0002_meeting_options"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MeetingOptions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str, length| ColumnDef::new(name).string_len(width(length)).take();
        let list = |name: &'static str| ColumnDef::new(name).text().take();
        let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().default(false).take();
        column(manager, "code", text("code", Code::WIDTH)).await?;
        column(manager, "co_hosts", list("co_hosts")).await?;
        column(manager, "waiting_room", flag("waiting_room")).await?;
        column(manager, "guests_allowed", flag("guests_allowed")).await?;
        column(manager, "passcode", text("passcode", PASSCODE_MAX)).await?;
        column(manager, "removed", list("removed")).await?;
        if !manager.has_index("meetings", "meetings_code").await? {
            let index =
                Index::create().name("meetings_code").table(Meeting::Table).col("code").unique().to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Who came and went, and since when a room is empty.
struct Attendance;

impl MigrationName for Attendance {
    fn name(&self) -> &'static str {
        "m0003_attendance"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Attendance {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        column(manager, "emptied_at", ColumnDef::new("emptied_at").big_integer().take()).await?;
        // What may be overdue is found by it.
        if !manager.has_index("meetings", "meetings_status_starts_at").await? {
            let columns = [Meeting::Status, Meeting::StartsAt];
            let mut index =
                Index::create().name("meetings_status_starts_at").table(Meeting::Table).to_owned();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        let text =
            |name: &'static str, length| ColumnDef::new(name).string_len(width(length)).not_null().take();
        let mut visits = Table::create()
            .table("attendance")
            .if_not_exists()
            .col(text("meeting_id", ID_MAX))
            .col(text("id", ID_MAX))
            .col(text("user_id", ID_MAX))
            .col(text("name", 200))
            .col(ColumnDef::new("guest").boolean().not_null())
            .col(ColumnDef::new("joined_at").big_integer().not_null())
            .col(ColumnDef::new("left_at").big_integer())
            .primary_key(Index::create().col("meeting_id").col("id"))
            .foreign_key(
                ForeignKey::create()
                    .name("attendance_meeting")
                    .from("attendance", "meeting_id")
                    .to(Meeting::Table, Meeting::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        if manager.get_database_backend() == DbBackend::MySql {
            visits.character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(visits).await
    }
}

/// Adds a column to the meetings unless a step that was cut off has added it.
async fn column(manager: &SchemaManager<'_>, name: &'static str, mut column: ColumnDef) -> Result<(), DbErr> {
    if manager.has_column("meetings", name).await? {
        return Ok(());
    }
    manager.alter_table(Table::alter().table(Meeting::Table).add_column(&mut column).take()).await
}

fn meetings() -> TableCreateStatement {
    let number = |column| ColumnDef::new(column).integer().not_null().to_owned();
    let time = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
    let text = |column, length| ColumnDef::new(column).string_len(length).not_null().to_owned();
    Table::create()
        .table(Meeting::Table)
        .if_not_exists()
        .col(text(Meeting::Id, width(ID_MAX)).primary_key())
        .col(text(Meeting::HostId, width(ID_MAX)))
        .col(text(Meeting::Title, width(TITLE_MAX)))
        .col(ColumnDef::new(Meeting::Description).text().not_null())
        .col(text(Meeting::Date, 10))
        .col(text(Meeting::Time, 5))
        .col(text(Meeting::TimeZone, 64))
        .col(time(Meeting::StartsAt))
        .col(number(Meeting::EstimatedDuration))
        .col(number(Meeting::MaxParticipants))
        .col(number(Meeting::ActiveParticipants))
        .col(time(Meeting::CreatedAt))
        .col(time(Meeting::UpdatedAt))
        .col(text(Meeting::Status, 16))
        .to_owned()
}

fn participants() -> TableCreateStatement {
    Table::create()
        .table(Participant::Table)
        .if_not_exists()
        .col(ColumnDef::new(Participant::MeetingId).string_len(width(ID_MAX)).not_null())
        .col(ColumnDef::new(Participant::UserId).string_len(width(ID_MAX)).not_null())
        .col(ColumnDef::new(Participant::Position).integer().not_null())
        .primary_key(Index::create().col(Participant::MeetingId).col(Participant::UserId))
        .foreign_key(
            ForeignKey::create()
                .name("meeting_participants_meeting")
                .from(Participant::Table, Participant::MeetingId)
                .to(Meeting::Table, Meeting::Id)
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn width(length: usize) -> u32 {
    <u32 as TryFrom<_>>::try_from(length).unwrap_or(u32::MAX)
}
