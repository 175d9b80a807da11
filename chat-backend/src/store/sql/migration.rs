//! The tables, step by step. A step that was released is never changed.

use plenum_contract::limits::{ID_MAX, TITLE_MAX};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// All steps, noted in a table of their own: the other service may use the same database.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Meetings)]
    }

    fn migration_table_name() -> DynIden {
        "chat_backend_migrations".into_iden()
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
