use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    error::{ErrorCode, Problem},
    limits::DURATION_DEFAULT_MINUTES,
    meeting::MeetingStatus,
};

use super::{
    Meeting, Places, Schedule,
    fields::{Fields, Object},
    schedule::UTC,
    to_millis,
};

/// What a host says of a new meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeeting {
    title: String,
    description: String,
    schedule: Schedule,
    estimated_duration: u32,
    max_participants: u32,
}

impl NewMeeting {
    /// Reads it from what a client sent, or says everything that is wrong with that.
    pub fn read(object: &Object, places: Places) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of(object);
        let missing = ["title", "date", "time"].map(|name| fields.lacks(name));
        if missing.contains(&true) {
            fields.problem(ErrorCode::MeetingFieldsRequired);
        }
        let [no_title, no_date, no_time] = missing;
        let title = if no_title { None } else { fields.title() };
        let date = if no_date { None } else { fields.date() };
        let time = if no_time { None } else { fields.time() };
        let time_zone = fields.time_zone().unwrap_or_else(|| UTC.to_owned());
        let description = fields.description().unwrap_or_default();
        let estimated_duration = fields.estimated_duration().unwrap_or(DURATION_DEFAULT_MINUTES);
        let max_participants = fields.max_participants(places.most).unwrap_or(places.usual);
        let schedule = date.zip(time).and_then(|(date, time)| {
            Schedule::resolve(date, time, time_zone).map_err(|code| fields.problem(code)).ok()
        });
        fields.finish(|| {
            let (title, schedule) = title.zip(schedule)?;
            Some(Self { title, description, schedule, estimated_duration, max_participants })
        })
    }

    /// The meeting it becomes.
    #[must_use]
    pub fn hosted_by(self, host: UserId, now: Timestamp) -> Meeting {
        Meeting {
            id: MeetingId::random(),
            participants: vec![host.clone()],
            host,
            title: self.title,
            description: self.description,
            schedule: self.schedule,
            estimated_duration: self.estimated_duration,
            max_participants: self.max_participants,
            active_participants: 0,
            created_at: to_millis(now),
            updated_at: to_millis(now),
            status: MeetingStatus::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PLACES: Places = Places { usual: 10, most: 1_000 };

    fn read(value: &Value) -> Result<NewMeeting, Vec<ErrorCode>> {
        NewMeeting::read(value.as_object().unwrap(), PLACES)
            .map_err(|problems| problems.iter().map(|problem| problem.code).collect())
    }

    fn with(field: &str, value: Value) -> Result<NewMeeting, Vec<ErrorCode>> {
        let mut object = json!({"title": "Planning", "date": "2020-01-02", "time": "09:30"});
        object[field] = value;
        read(&object)
    }

    #[test]
    fn title_date_and_time_are_enough() {
        let meeting =
            with("title", json!("  Planning  ")).unwrap().hosted_by(UserId::random(), Timestamp::UNIX_EPOCH);
        assert_eq!((meeting.title.as_str(), meeting.description.as_str()), ("Planning", ""));
        assert_eq!((meeting.estimated_duration, meeting.max_participants), (60, 10));
        assert_eq!((meeting.schedule.time_zone.as_str(), meeting.active_participants), ("UTC", 0));
        assert_eq!(meeting.participants, [meeting.host]);
    }

    #[test]
    fn what_the_server_alone_says_is_ignored() {
        for field in
            ["userId", "hostId", "participants", "activeParticipants", "meetingId", "status", "anything"]
        {
            let meeting = with(field, json!("x")).unwrap().hosted_by(UserId::random(), Timestamp::UNIX_EPOCH);
            assert_eq!(meeting.status, MeetingStatus::Active);
            assert_ne!(meeting.id.as_str(), "x");
        }
    }

    #[test]
    fn a_missing_required_field_is_told_once() {
        assert_eq!(read(&json!({})), Err(vec![ErrorCode::MeetingFieldsRequired]));
        for field in ["title", "date", "time"] {
            for nothing in [Value::Null, json!(""), json!("  ")] {
                assert_eq!(with(field, nothing), Err(vec![ErrorCode::MeetingFieldsRequired]), "{field}");
            }
        }
    }

    #[test]
    fn each_field_is_checked() {
        use ErrorCode::{
            InvalidCapacity, InvalidDate, InvalidDescription, InvalidDuration, InvalidTime, InvalidTimeZone,
            InvalidTitle,
        };
        let cases = [
            ("title", InvalidTitle, vec![json!(5), json!([]), json!("x".repeat(201)), json!("nul\u{0}")]),
            ("date", InvalidDate, vec![json!(20_200_102), json!("02/01/2020"), json!("2020-02-30")]),
            ("time", InvalidTime, vec![json!(930), json!("9:30"), json!("24:00")]),
            ("timeZone", InvalidTimeZone, vec![json!(0), json!(""), json!("Mars/Olympus"), Value::Null]),
            ("description", InvalidDescription, vec![json!(5), Value::Null, json!("x".repeat(5_001))]),
            (
                "estimatedDuration",
                InvalidDuration,
                vec![json!(0), json!(1_441), json!("60"), json!(1.5), json!(-1)],
            ),
            (
                "maxParticipants",
                InvalidCapacity,
                vec![json!(0), json!(1_001), json!("10"), json!(4_294_967_297_u64)],
            ),
        ];
        for (field, code, values) in cases {
            for value in values {
                assert_eq!(with(field, value.clone()), Err(vec![code]), "{field} = {value}");
            }
        }
        assert!(with("title", json!("ñ".repeat(200))).is_ok());
        assert!(with("description", json!("ñ".repeat(5_000))).is_ok());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let codes =
            read(&json!({"title": "x", "date": "soon", "time": "late", "maxParticipants": 0})).unwrap_err();
        assert_eq!(codes, [ErrorCode::InvalidDate, ErrorCode::InvalidTime, ErrorCode::InvalidCapacity]);
    }

    #[test]
    fn a_zone_is_kept_in_its_usual_spelling() {
        assert_eq!(with("timeZone", json!("europe/madrid")).unwrap().schedule.time_zone, "Europe/Madrid");
    }
}
