//! The rows of both tables, and how meetings become rows and back.

use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, meeting::MeetingStatus};
use plenum_service::clock;
use sea_orm::ActiveValue::{NotSet, Set};

use crate::{
    meetings::{Code, Coming, Meeting, MeetingChange, Options, Passcode, Schedule, VisitRecord},
    store::StoreError,
};

pub mod meeting {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meetings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub host_id: String,
        pub title: String,
        pub description: String,
        pub date: String,
        pub time: String,
        pub time_zone: String,
        /// Milliseconds since 1970, as all times here.
        pub starts_at: i64,
        pub estimated_duration: i32,
        pub max_participants: i32,
        pub active_participants: i32,
        pub created_at: i64,
        pub updated_at: i64,
        pub status: String,
        /// Absent of what a release before codes made, until the next start.
        pub code: Option<String>,
        /// Ids in a JSON array, as all lists here; absent when it is empty.
        pub co_hosts: Option<String>,
        pub waiting_room: bool,
        pub guests_allowed: bool,
        pub passcode: Option<String>,
        pub removed: Option<String>,
        /// When the live count was last set to nought.
        pub emptied_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod participant {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meeting_participants")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub meeting_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        /// Order of arrival, from 0.
        pub position: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod visit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attendance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub meeting_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub user_id: String,
        pub name: String,
        pub guest: bool,
        pub joined_at: i64,
        pub left_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl visit::Model {
    /// The visit that this row is.
    pub fn into_record(self) -> Result<VisitRecord, StoreError> {
        let came = Coming {
            user: user(&self.user_id)?,
            name: self.name.into(),
            guest: self.guest,
            at: clock::from_millis(self.joined_at),
        };
        Ok(VisitRecord { id: self.id.into(), came, left_at: self.left_at.map(clock::from_millis) })
    }
}

pub fn row_of_visit(meeting: &MeetingId, id: &str, came: &Coming) -> visit::ActiveModel {
    visit::ActiveModel {
        meeting_id: Set(meeting.as_str().to_owned()),
        id: Set(id.to_owned()),
        user_id: Set(came.user.as_str().to_owned()),
        name: Set(came.kept_name()),
        guest: Set(came.guest),
        joined_at: Set(came.at.as_millisecond()),
        left_at: Set(None),
    }
}

impl meeting::Model {
    /// The meeting that this row and these participants are.
    pub fn with(self, participants: &[String]) -> Result<Meeting, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of meeting {:?}", self.id));
        let list = |stored: &Option<String>, what: &str| match stored.as_deref().map(serde_json::from_str) {
            None => Ok(Vec::new()),
            Some(users) => users.map_err(|_| corrupt(what)),
        };
        let number = |value: i32, what: &str| u32::try_from(value).map_err(|_| corrupt(what));
        let id = MeetingId::parse(&self.id).map_err(|_| corrupt("id"))?;
        let code = match &self.code {
            Some(code) => Code::parse(code).ok_or_else(|| corrupt("code"))?,
            None => Code::of(&id),
        };
        let passcode =
            self.passcode.as_deref().map(|text| Passcode::parse(text).ok_or_else(|| corrupt("passcode")));
        Ok(Meeting {
            options: Options {
                code,
                co_hosts: list(&self.co_hosts, "co_hosts")?,
                waiting_room: self.waiting_room,
                guests_allowed: self.guests_allowed,
                passcode: passcode.transpose()?,
                removed: list(&self.removed, "removed")?,
            },
            id,
            host: UserId::parse(&self.host_id).map_err(|_| corrupt("host_id"))?,
            estimated_duration: number(self.estimated_duration, "estimated_duration")?,
            max_participants: number(self.max_participants, "max_participants")?,
            active_participants: number(self.active_participants, "active_participants")?,
            status: MeetingStatus::parse(&self.status).ok_or_else(|| corrupt("status"))?,
            schedule: Schedule {
                date: self.date,
                time: self.time,
                time_zone: self.time_zone,
                starts_at: clock::from_millis(self.starts_at),
            },
            title: self.title,
            description: self.description,
            participants: participants.iter().map(|id| user(id)).collect::<Result<_, _>>()?,
            emptied_at: self.emptied_at.map(clock::from_millis),
            created_at: clock::from_millis(self.created_at),
            updated_at: clock::from_millis(self.updated_at),
        })
    }
}

/// A user id as it stands in a row.
fn user(text: &str) -> Result<UserId, StoreError> {
    UserId::parse(text).map_err(|_| StoreError::Corrupt(format!("participant {text:?}")))
}

/// A list of users as a row has it.
pub fn list(users: &[UserId]) -> Option<String> {
    let ids: serde_json::Value = users.iter().map(UserId::as_str).collect();
    (!users.is_empty()).then(|| ids.to_string())
}

/// A number of people or minutes as a row has it.
pub fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub fn row_of(meeting: &Meeting) -> meeting::ActiveModel {
    meeting::ActiveModel {
        id: Set(meeting.id.as_str().to_owned()),
        host_id: Set(meeting.host.as_str().to_owned()),
        title: Set(meeting.title.clone()),
        description: Set(meeting.description.clone()),
        date: Set(meeting.schedule.date.clone()),
        time: Set(meeting.schedule.time.clone()),
        time_zone: Set(meeting.schedule.time_zone.clone()),
        starts_at: Set(meeting.schedule.starts_at.as_millisecond()),
        estimated_duration: Set(count(meeting.estimated_duration)),
        max_participants: Set(count(meeting.max_participants)),
        active_participants: Set(count(meeting.active_participants)),
        created_at: Set(meeting.created_at.as_millisecond()),
        updated_at: Set(meeting.updated_at.as_millisecond()),
        status: Set(meeting.status.as_str().to_owned()),
        code: Set(Some(meeting.options.code.to_string())),
        co_hosts: Set(list(&meeting.options.co_hosts)),
        waiting_room: Set(meeting.options.waiting_room),
        guests_allowed: Set(meeting.options.guests_allowed),
        passcode: Set(meeting.options.passcode.as_ref().map(|passcode| passcode.reveal().to_owned())),
        removed: Set(list(&meeting.options.removed)),
        emptied_at: Set(meeting.emptied_at.map(Timestamp::as_millisecond)),
    }
}

/// Only what changes is set.
pub fn row_of_change(change: &MeetingChange, now: Timestamp) -> meeting::ActiveModel {
    let mut row = meeting::ActiveModel {
        title: change.title.clone().map_or(NotSet, Set),
        description: change.description.clone().map_or(NotSet, Set),
        estimated_duration: change.estimated_duration.map(count).map_or(NotSet, Set),
        max_participants: change.max_participants.map(count).map_or(NotSet, Set),
        status: change.status.map_or(NotSet, |status| Set(status.as_str().to_owned())),
        co_hosts: change.co_hosts.as_deref().map_or(NotSet, |users| Set(list(users))),
        waiting_room: change.waiting_room.map_or(NotSet, Set),
        guests_allowed: change.guests_allowed.map_or(NotSet, Set),
        passcode: change
            .passcode
            .as_ref()
            .map_or(NotSet, |passcode| Set(passcode.as_ref().map(|passcode| passcode.reveal().to_owned()))),
        updated_at: Set(now.as_millisecond()),
        ..Default::default()
    };
    if let Some(schedule) = &change.schedule {
        row.date = Set(schedule.date.clone());
        row.time = Set(schedule.time.clone());
        row.time_zone = Set(schedule.time_zone.clone());
        row.starts_at = Set(schedule.starts_at.as_millisecond());
    }
    row
}

pub fn seat_of(meeting: &str, user: &str, position: usize) -> participant::ActiveModel {
    participant::ActiveModel {
        meeting_id: Set(meeting.to_owned()),
        user_id: Set(user.to_owned()),
        position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
    }
}
