use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    error::{ErrorCode, Problem},
    limits::DURATION_DEFAULT_MINUTES,
    meeting::MeetingStatus,
};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Meeting, Options, Passcode, Places, Schedule,
    fields::{Fields, Object},
    schedule::UTC,
    to_millis,
};

/// What makes a meeting.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewMeetingBody {
    /// 1 to 200 characters, trimmed.
    #[schema(example = "Weekly")]
    pub title: String,
    /// `YYYY-MM-DD` in `timeZone`; may lie in the past.
    #[schema(format = Date, example = "2030-01-15")]
    pub date: String,
    /// `HH:mm` in `timeZone`.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "10:30")]
    pub time: String,
    /// An IANA name; `UTC` where it is absent.
    #[schema(nullable = false, example = "UTC")]
    pub time_zone: Option<String>,
    /// 5,000 characters at most.
    #[schema(nullable = false, max_length = 5_000, example = "What we did, what we will do")]
    pub description: Option<String>,
    /// Minutes; 60 where it is absent.
    #[schema(nullable = false, minimum = 1, maximum = 1_440, example = 45)]
    pub estimated_duration: Option<u32>,
    /// Users in the room at once, up to `MAX_MEETING_CAPACITY`; `MAX_PARTICIPANTS` where it is absent.
    #[schema(nullable = false, minimum = 1, example = 8)]
    pub max_participants: Option<u32>,
    /// Whether people wait until a host lets them in; not where it is absent.
    #[schema(nullable = false, example = true)]
    pub waiting_room: Option<bool>,
    /// Whether people without an account may come by the link; not where it is absent.
    #[schema(nullable = false, example = true)]
    pub guests_allowed: Option<bool>,
    /// What one says to come in, 4 to 32 characters, trimmed; none where it is absent, null or empty.
    #[schema(example = "open sesame")]
    pub passcode: Option<String>,
}

/// What may be said to come to a meeting.
#[derive(Debug, ToSchema)]
pub struct JoinBody {
    /// The meeting's passcode, of who comes for the first time.
    #[schema(example = "open sesame")]
    pub passcode: Option<String>,
}

impl JoinBody {
    /// How coming is refused.
    pub const REFUSALS: &[ErrorCode] = &[
        ErrorCode::MeetingNotFound,
        ErrorCode::MeetingEnded,
        ErrorCode::MeetingFull,
        ErrorCode::GuestsNotAllowed,
        ErrorCode::RemovedFromMeeting,
        ErrorCode::InvalidPasscode,
        ErrorCode::PasscodeRequired,
        ErrorCode::WrongPasscode,
        ErrorCode::TooManyTries,
        ErrorCode::WaitingRoom,
        ErrorCode::MeetingLocked,
    ];

    /// The passcode in what a client sent. Blank is none.
    pub fn passcode(sent: &Object) -> Result<Option<&str>, ErrorCode> {
        match sent.get("passcode") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(ErrorCode::InvalidPasscode),
        }
    }
}

impl NewMeetingBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[
        ErrorCode::MeetingFieldsRequired,
        ErrorCode::InvalidTitle,
        ErrorCode::InvalidDate,
        ErrorCode::InvalidTime,
        ErrorCode::InvalidTimeZone,
        ErrorCode::InvalidDescription,
        ErrorCode::InvalidDuration,
        ErrorCode::InvalidCapacity,
        ErrorCode::InvalidOption,
        ErrorCode::InvalidPasscode,
    ];
}

/// What a host says of a new meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeeting {
    title: String,
    description: String,
    schedule: Schedule,
    estimated_duration: u32,
    max_participants: u32,
    waiting_room: bool,
    guests_allowed: bool,
    passcode: Option<Passcode>,
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
        let waiting_room = fields.flag("waitingRoom").unwrap_or(false);
        let guests_allowed = fields.flag("guestsAllowed").unwrap_or(false);
        let passcode = fields.passcode().flatten();
        let schedule = date.zip(time).and_then(|(date, time)| {
            Schedule::resolve(date, time, time_zone).map_err(|code| fields.problem(code)).ok()
        });
        fields.finish(|| {
            let (title, schedule) = title.zip(schedule)?;
            Some(Self {
                title,
                description,
                schedule,
                estimated_duration,
                max_participants,
                waiting_room,
                guests_allowed,
                passcode,
            })
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
            emptied_at: None,
            created_at: to_millis(now),
            updated_at: to_millis(now),
            status: MeetingStatus::Active,
            options: Options {
                waiting_room: self.waiting_room,
                guests_allowed: self.guests_allowed,
                passcode: self.passcode,
                ..Options::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn a_new_meeting_is_open_unless_it_says_otherwise_and_has_a_code_of_its_own() {
        let made = |field: &str, value| {
            with(field, value).unwrap().hosted_by(UserId::random(), Timestamp::UNIX_EPOCH)
        };
        let open = made("title", json!("Planning")).options;
        assert_eq!(open, Options::open(open.code.clone()));
        assert_ne!(open.code, made("code", json!(open.code.as_str())).options.code);
        assert!(made("waitingRoom", json!(true)).options.waiting_room);
        assert!(made("guestsAllowed", json!(true)).options.guests_allowed);
        assert_eq!(made("passcode", json!("1234")).options.passcode, Passcode::parse("1234"));
        assert_eq!(made("passcode", Value::Null).options.passcode, None);
        assert_eq!(made("coHosts", json!([UserId::random()])).options.co_hosts, []);
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
            InvalidCapacity, InvalidDate, InvalidDescription, InvalidDuration, InvalidOption,
            InvalidPasscode, InvalidTime, InvalidTimeZone, InvalidTitle,
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
            ("waitingRoom", InvalidOption, vec![json!("yes"), json!(1), Value::Null]),
            ("guestsAllowed", InvalidOption, vec![json!("yes"), json!(1), Value::Null]),
            ("passcode", InvalidPasscode, vec![json!(1234), json!("abc"), json!("x".repeat(33))]),
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
