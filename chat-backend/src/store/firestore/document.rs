//! A meeting as a document, and back. What older systems left out or wrote in another way is read all the
//! same.

use std::collections::HashMap;

use firestore::{
    FirestoreDocument,
    gcloud_sdk::{
        google::firestore::v1::{ArrayValue, Value, value::ValueType},
        prost_types,
    },
};
use jiff::Timestamp;
use plenum_contract::{MeetingId, UserId, limits::DURATION_DEFAULT_MINUTES, meeting::MeetingStatus};
use plenum_service::clock;

use crate::{
    meetings::{Meeting, MeetingChange, Schedule},
    store::StoreError,
};

pub const HOST_ID: &str = "hostId";
pub const PARTICIPANTS: &str = "participants";
pub const ACTIVE_PARTICIPANTS: &str = "activeParticipants";
pub const UPDATED_AT: &str = "updatedAt";

/// Places of a meeting that says none; every writer known says some.
const PLACES: u32 = 10;

pub type Fields = HashMap<String, Value>;

/// The fields of a new meeting.
pub fn fields_of(meeting: &Meeting) -> Fields {
    let mut fields = Fields::from([
        named("meetingId", text(meeting.id.as_str())),
        named(HOST_ID, text(meeting.host.as_str())),
        named("title", text(&meeting.title)),
        named("description", text(&meeting.description)),
        named("estimatedDuration", number(meeting.estimated_duration)),
        named("maxParticipants", number(meeting.max_participants)),
        named(PARTICIPANTS, value(ValueType::ArrayValue(users(&meeting.participants)))),
        named(ACTIVE_PARTICIPANTS, number(meeting.active_participants)),
        named("createdAt", time(meeting.created_at)),
        named(UPDATED_AT, time(meeting.updated_at)),
        named("status", text(meeting.status.as_str())),
    ]);
    fields.extend(schedule(&meeting.schedule));
    fields
}

/// The fields that a change touches, and no others.
pub fn fields_of_change(change: &MeetingChange, now: Timestamp) -> Fields {
    let mut fields = Fields::from([named(UPDATED_AT, time(now))]);
    let some = [
        ("title", change.title.as_deref().map(text)),
        ("description", change.description.as_deref().map(text)),
        ("estimatedDuration", change.estimated_duration.map(number)),
        ("maxParticipants", change.max_participants.map(number)),
        ("status", change.status.map(|status| text(status.as_str()))),
    ];
    fields.extend(some.into_iter().filter_map(|(name, value)| Some(named(name, value?))));
    fields.extend(change.schedule.iter().flat_map(schedule));
    fields
}

pub fn named(name: &str, value: Value) -> (String, Value) {
    (name.to_owned(), value)
}

pub fn number(number: u32) -> Value {
    value(ValueType::IntegerValue(number.into()))
}

pub fn time(at: Timestamp) -> Value {
    text(&clock::iso(at))
}

pub fn users(users: &[UserId]) -> ArrayValue {
    ArrayValue { values: users.iter().map(|user| text(user.as_str())).collect() }
}

fn text(text: &str) -> Value {
    value(ValueType::StringValue(text.to_owned()))
}

const fn value(value_type: ValueType) -> Value {
    Value { value_type: Some(value_type) }
}

fn schedule(schedule: &Schedule) -> [(String, Value); 4] {
    [
        named("date", text(&schedule.date)),
        named("time", text(&schedule.time)),
        named("timeZone", text(&schedule.time_zone)),
        named("startsAt", time(schedule.starts_at)),
    ]
}

/// The meeting that a document is.
pub fn meeting_of(document: &FirestoreDocument) -> Result<Meeting, StoreError> {
    let id = document.name.rsplit('/').next().unwrap_or_default();
    let reader = Reader { id, fields: &document.fields };
    let created_at = reader.time("createdAt").or_else(|| instant(document.create_time.as_ref()));
    let created_at = created_at.ok_or_else(|| reader.corrupt("createdAt"))?;
    let updated_at = reader.time(UPDATED_AT).or_else(|| instant(document.update_time.as_ref()));
    let host = reader.user(HOST_ID).ok_or_else(|| reader.corrupt(HOST_ID))?;
    let status = match reader.text("status") {
        Some(word) => MeetingStatus::parse(word).ok_or_else(|| reader.corrupt("status"))?,
        None => MeetingStatus::Active,
    };
    Ok(Meeting {
        id: MeetingId::parse(id).map_err(|_| reader.corrupt("the id"))?,
        title: reader.text("title").ok_or_else(|| reader.corrupt("title"))?.to_owned(),
        description: reader.text("description").unwrap_or_default().to_owned(),
        schedule: reader.schedule(created_at),
        estimated_duration: reader.number("estimatedDuration").unwrap_or(DURATION_DEFAULT_MINUTES),
        max_participants: reader.number("maxParticipants").unwrap_or(PLACES),
        participants: reader.participants(&host),
        host,
        active_participants: reader.number(ACTIVE_PARTICIPANTS).unwrap_or(0),
        created_at,
        updated_at: updated_at.unwrap_or(created_at),
        status,
    })
}

struct Reader<'a> {
    id: &'a str,
    fields: &'a Fields,
}

impl<'a> Reader<'a> {
    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::Corrupt(format!("{what} of meeting {:?}", self.id))
    }

    fn get(&self, name: &str) -> Option<&'a ValueType> {
        self.fields.get(name)?.value_type.as_ref()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            ValueType::StringValue(text) => Some(text),
            _ => None,
        }
    }

    fn user(&self, name: &str) -> Option<UserId> {
        UserId::parse(self.text(name)?).ok()
    }

    fn number(&self, name: &str) -> Option<u32> {
        match self.get(name)? {
            ValueType::IntegerValue(number) => u32::try_from(*number).ok(),
            // JavaScript writes some whole numbers as doubles. The cast saturates.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked just before"
            )]
            ValueType::DoubleValue(number) if number.fract() == 0.0 && *number >= 0.0 => Some(*number as u32),
            _ => None,
        }
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        match self.get(name)? {
            ValueType::TimestampValue(at) => instant(Some(at)),
            ValueType::StringValue(text) => {
                text.parse().ok().map(|at: Timestamp| clock::from_millis(at.as_millisecond()))
            }
            _ => None,
        }
    }

    /// Where no instant can be found, the meeting counts as one that began when it was created.
    fn schedule(&self, created_at: Timestamp) -> Schedule {
        let date = self.text("date").unwrap_or_default().to_owned();
        let clock = self.text("time").unwrap_or_default().to_owned();
        let zone = self.text("timeZone").unwrap_or("UTC").to_owned();
        if let Some(starts_at) = self.time("startsAt") {
            return Schedule { date, time: clock, time_zone: zone, starts_at };
        }
        Schedule::resolve(date.clone(), clock.clone(), zone.clone()).unwrap_or(Schedule {
            date,
            time: clock,
            time_zone: zone,
            starts_at: created_at,
        })
    }

    /// The host first, whatever the document says. What can't be a user is none.
    fn participants(&self, host: &UserId) -> Vec<UserId> {
        let mut participants = vec![host.clone()];
        if let Some(ValueType::ArrayValue(array)) = self.get(PARTICIPANTS) {
            let users = array.values.iter().filter_map(|value| match &value.value_type {
                Some(ValueType::StringValue(text)) => UserId::parse(text).ok(),
                _ => None,
            });
            participants.extend(users.filter(|user| user != host));
        }
        participants
    }
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = Timestamp::new(at?.seconds, at?.nanos).ok()?;
    Some(clock::from_millis(at.as_millisecond()))
}
