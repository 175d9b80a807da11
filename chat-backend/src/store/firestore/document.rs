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
    meetings::{Code, Coming, Meeting, MeetingChange, Options, Passcode, Schedule, VisitRecord},
    store::StoreError,
};

pub const HOST_ID: &str = "hostId";
pub const PARTICIPANTS: &str = "participants";
pub const ACTIVE_PARTICIPANTS: &str = "activeParticipants";
pub const UPDATED_AT: &str = "updatedAt";
pub const CODE: &str = "code";
pub const REMOVED: &str = "removed";
pub const EMPTIED_AT: &str = "emptiedAt";
/// When a meeting begins that is active, null of one that is not: what may be over is found by it, without reading what
/// has ended or is far away.
pub const ACTIVE_FROM: &str = "activeFrom";

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
        named(PARTICIPANTS, list(&meeting.participants)),
        named(ACTIVE_PARTICIPANTS, number(meeting.active_participants)),
        named("createdAt", time(meeting.created_at)),
        named(UPDATED_AT, time(meeting.updated_at)),
        named("status", text(meeting.status.as_str())),
        named(CODE, text(meeting.options.code.as_str())),
        named("coHosts", list(&meeting.options.co_hosts)),
        named("waitingRoom", flag(meeting.options.waiting_room)),
        named("guestsAllowed", flag(meeting.options.guests_allowed)),
        named("passcode", passcode(meeting.options.passcode.as_ref())),
        named(REMOVED, list(&meeting.options.removed)),
        named(EMPTIED_AT, meeting.emptied_at.map_or(NOTHING, time)),
        named(ACTIVE_FROM, active_from(meeting)),
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
        ("coHosts", change.co_hosts.as_deref().map(list)),
        ("waitingRoom", change.waiting_room.map(flag)),
        ("guestsAllowed", change.guests_allowed.map(flag)),
        ("passcode", change.passcode.as_ref().map(|new| passcode(new.as_ref()))),
    ];
    fields.extend(some.into_iter().filter_map(|(name, value)| Some(named(name, value?))));
    fields.extend(change.schedule.iter().flat_map(schedule));
    if change.ends().is_some() {
        fields.extend([named(ACTIVE_FROM, NOTHING)]);
    }
    fields
}

/// What is to be noted of a document that was read, so that it is found by it: the [code](Code::of) of one of before there were
/// codes, and [`ACTIVE_FROM`], which other systems don't know. With it goes when it was changed, since noting this is no change.
pub fn lacks(document: &FirestoreDocument, meeting: &Meeting) -> Option<Fields> {
    let right = [(CODE, text(meeting.options.code.as_str())), (ACTIVE_FROM, active_from(meeting))];
    let wrong =
        right.into_iter().filter(|(name, value)| document.fields.get(*name).unwrap_or(&NOTHING) != value);
    let mut lacking: Fields = wrong.map(|(name, value)| named(name, value)).collect();
    if lacking.is_empty() {
        return None;
    }
    lacking.extend([named(UPDATED_AT, time(meeting.updated_at))]);
    Some(lacking)
}

fn active_from(meeting: &Meeting) -> Value {
    if meeting.status == MeetingStatus::Active { time(meeting.schedule.starts_at) } else { NOTHING }
}

/// The fields of a visit that began.
pub fn fields_of_coming(came: &Coming) -> Fields {
    Fields::from([
        named("userId", text(came.user.as_str())),
        named("username", text(&came.kept_name())),
        named("guest", flag(came.guest)),
        named(JOINED_AT, millis(came.at)),
    ])
}

/// The visit that a document is, if it can be read.
pub fn visit_of(document: &FirestoreDocument) -> Option<VisitRecord> {
    let id = document.name.rsplit('/').next().unwrap_or_default();
    let reader = Reader { id, fields: &document.fields };
    let came = Coming {
        user: reader.user("userId")?,
        name: reader.text("username")?.into(),
        guest: reader.flag("guest"),
        at: reader.millis(JOINED_AT)?,
    };
    Some(VisitRecord { id: id.into(), came, left_at: reader.millis(LEFT_AT) })
}

pub fn named(name: &str, value: Value) -> (String, Value) {
    (name.to_owned(), value)
}

pub const JOINED_AT: &str = "joinedAt";
pub const LEFT_AT: &str = "leftAt";

/// A time as a number, of which Firestore keeps the later one by itself.
pub fn millis(at: Timestamp) -> Value {
    value(ValueType::IntegerValue(at.as_millisecond()))
}

pub const NOTHING: Value = value(ValueType::NullValue(0));

pub fn number(number: u32) -> Value {
    value(ValueType::IntegerValue(number.into()))
}

pub fn time(at: Timestamp) -> Value {
    text(&clock::iso(at))
}

pub fn users(users: &[UserId]) -> ArrayValue {
    ArrayValue { values: users.iter().map(|user| text(user.as_str())).collect() }
}

fn list(of: &[UserId]) -> Value {
    value(ValueType::ArrayValue(users(of)))
}

const fn flag(flag: bool) -> Value {
    value(ValueType::BooleanValue(flag))
}

fn passcode(passcode: Option<&Passcode>) -> Value {
    passcode.map_or(NOTHING, |passcode| text(passcode.reveal()))
}

pub fn text(text: &str) -> Value {
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
    let id = MeetingId::parse(id).map_err(|_| reader.corrupt("the id"))?;
    Ok(Meeting {
        options: reader.options(&id)?,
        id,
        title: reader.text("title").ok_or_else(|| reader.corrupt("title"))?.to_owned(),
        description: reader.text("description").unwrap_or_default().to_owned(),
        schedule: reader.schedule(created_at),
        estimated_duration: reader.number("estimatedDuration").unwrap_or(DURATION_DEFAULT_MINUTES),
        max_participants: reader.number("maxParticipants").unwrap_or(PLACES),
        participants: reader.participants(&host),
        host,
        active_participants: reader.number(ACTIVE_PARTICIPANTS).unwrap_or(0),
        emptied_at: reader.time(EMPTIED_AT),
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

    fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(ValueType::BooleanValue(true)))
    }

    /// What can't be a user is none.
    fn users(&self, name: &str) -> Vec<UserId> {
        let Some(ValueType::ArrayValue(array)) = self.get(name) else { return Vec::new() };
        let texts = array.values.iter().filter_map(|value| match &value.value_type {
            Some(ValueType::StringValue(text)) => Some(text),
            _ => None,
        });
        texts.filter_map(|text| UserId::parse(text).ok()).collect()
    }

    /// What is absent is open. A passcode that can't be one does not open anything.
    fn options(&self, id: &MeetingId) -> Result<Options, StoreError> {
        let passcode = match self.get("passcode") {
            None | Some(ValueType::NullValue(_)) => None,
            Some(_) => {
                let passcode = self.text("passcode").and_then(Passcode::parse);
                Some(passcode.ok_or_else(|| self.corrupt("passcode"))?)
            }
        };
        Ok(Options {
            code: self.text(CODE).and_then(Code::parse).unwrap_or_else(|| Code::of(id)),
            co_hosts: self.users("coHosts"),
            waiting_room: self.flag("waitingRoom"),
            guests_allowed: self.flag("guestsAllowed"),
            passcode,
            removed: self.users(REMOVED),
        })
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

    fn millis(&self, name: &str) -> Option<Timestamp> {
        match self.get(name)? {
            ValueType::IntegerValue(millis) => Some(clock::from_millis(*millis)),
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

    /// The host first, whatever the document says.
    fn participants(&self, host: &UserId) -> Vec<UserId> {
        let others = self.users(PARTICIPANTS).into_iter().filter(|user| user != host);
        [host.clone()].into_iter().chain(others).collect()
    }
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = Timestamp::new(at?.seconds, at?.nanos).ok()?;
    Some(clock::from_millis(at.as_millisecond()))
}
