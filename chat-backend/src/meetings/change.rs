use plenum_contract::{
    UserId,
    error::{ErrorCode, Problem},
    events::EndReason,
    meeting::MeetingStatus,
};
use utoipa::ToSchema;

use super::{
    Meeting, MeetingError, Passcode, Places, Schedule,
    fields::{Fields, Object},
};

/// What may be changed of a meeting; what is absent stays.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MeetingChangeBody {
    /// 1 to 200 characters, trimmed.
    #[schema(nullable = false, example = "Weekly")]
    pub title: Option<String>,
    /// `YYYY-MM-DD` in `timeZone`.
    #[schema(nullable = false, format = Date, example = "2030-01-15")]
    pub date: Option<String>,
    /// `HH:mm` in `timeZone`.
    #[schema(nullable = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "11:00")]
    pub time: Option<String>,
    /// An IANA name.
    #[schema(nullable = false, example = "Europe/Madrid")]
    pub time_zone: Option<String>,
    /// 5,000 characters at most.
    #[schema(nullable = false, max_length = 5_000, example = "What we did, what we will do")]
    pub description: Option<String>,
    /// Minutes.
    #[schema(nullable = false, minimum = 1, maximum = 1_440, example = 45)]
    pub estimated_duration: Option<u32>,
    /// Users in the room at once, up to `MAX_MEETING_CAPACITY`.
    #[schema(nullable = false, minimum = 1, example = 8)]
    pub max_participants: Option<u32>,
    /// Where it stands from now on.
    #[schema(nullable = false, example = "active")]
    pub status: Option<MeetingStatus>,
    /// Whether people wait until a host lets them in.
    #[schema(nullable = false, example = true)]
    pub waiting_room: Option<bool>,
    /// Whether people without an account may come by the link.
    #[schema(nullable = false, example = true)]
    pub guests_allowed: Option<bool>,
    /// What one says to come in, 4 to 32 characters, trimmed; null or empty takes it off.
    #[schema(example = "open sesame")]
    pub passcode: Option<String>,
    /// Who else has a host's tools, all of them; 50 at most.
    #[schema(nullable = false, max_items = 50, example = json!(["5f2c8a10-0000-4000-8000-000000000002"]))]
    pub co_hosts: Option<Vec<UserId>>,
}

impl MeetingChangeBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[
        ErrorCode::InvalidTitle,
        ErrorCode::InvalidDate,
        ErrorCode::InvalidTime,
        ErrorCode::InvalidTimeZone,
        ErrorCode::InvalidDescription,
        ErrorCode::InvalidDuration,
        ErrorCode::InvalidCapacity,
        ErrorCode::InvalidStatus,
        ErrorCode::InvalidOption,
        ErrorCode::InvalidPasscode,
        ErrorCode::InvalidCoHosts,
    ];
}

/// What a host wants changed; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    date: Option<String>,
    time: Option<String>,
    time_zone: Option<String>,
    rest: MeetingChange,
}

/// What is to change in the store; what is absent is not touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeetingChange {
    /// The new title.
    pub title: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new schedule, whole.
    pub schedule: Option<Schedule>,
    /// Minutes.
    pub estimated_duration: Option<u32>,
    /// Users in the room at once.
    pub max_participants: Option<u32>,
    /// Where it stands now.
    pub status: Option<MeetingStatus>,
    /// Whether people wait until a host lets them in.
    pub waiting_room: Option<bool>,
    /// Whether people without an account may come.
    pub guests_allowed: Option<bool>,
    /// The new passcode, or that there is none any more.
    pub passcode: Option<Option<Passcode>>,
    /// All who have a host's tools beside the host.
    pub co_hosts: Option<Vec<UserId>>,
}

impl ChangeRequest {
    /// Reads it from what a client sent, or says everything that is wrong with that.
    pub fn read(object: &Object, places: Places) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of(object);
        let request = Self {
            date: fields.date(),
            time: fields.time(),
            time_zone: fields.time_zone(),
            rest: MeetingChange {
                title: fields.title(),
                description: fields.description(),
                schedule: None,
                estimated_duration: fields.estimated_duration(),
                max_participants: fields.max_participants(places.most),
                status: fields.status(),
                waiting_room: fields.flag("waitingRoom"),
                guests_allowed: fields.flag("guestsAllowed"),
                passcode: fields.passcode(),
                co_hosts: fields.co_hosts(),
            },
        };
        fields.finish(|| Some(request))
    }

    /// What it comes to for this meeting: a new date, time or zone alone means a new instant.
    pub fn of(mut self, meeting: &Meeting) -> Result<MeetingChange, MeetingError> {
        if let Some(co_hosts) = &mut self.rest.co_hosts {
            co_hosts.retain(|user| *user != meeting.host);
        }
        if self.date.is_none() && self.time.is_none() && self.time_zone.is_none() {
            return Ok(self.rest);
        }
        let Schedule { date, time, time_zone, .. } = meeting.schedule.clone();
        let schedule = Schedule::resolve(
            self.date.unwrap_or(date),
            self.time.unwrap_or(time),
            self.time_zone.unwrap_or(time_zone),
        )
        .map_err(|code| MeetingError::Invalid(vec![code.into()]))?;
        Ok(MeetingChange { schedule: Some(schedule), ..self.rest })
    }
}

impl MeetingChange {
    /// Whether nothing is to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a room that is live has to hear of this.
    #[must_use]
    pub const fn rules(&self) -> bool {
        self.max_participants.is_some()
            || self.waiting_room.is_some()
            || self.guests_allowed.is_some()
            || self.passcode.is_some()
            || self.co_hosts.is_some()
    }

    /// Why the meeting's room ends with this, if it does.
    #[must_use]
    pub const fn ends(&self) -> Option<EndReason> {
        match self.status {
            Some(MeetingStatus::Completed) => Some(EndReason::Completed),
            Some(MeetingStatus::Cancelled) => Some(EndReason::Cancelled),
            Some(MeetingStatus::Active) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use plenum_contract::UserId;
    use serde_json::{Value, json};

    use super::{super::NewMeeting, *};

    const PLACES: Places = Places { usual: 10, most: 1_000 };

    fn meeting() -> Meeting {
        let new =
            json!({"title": "Planning", "date": "2026-01-02", "time": "09:30", "timeZone": "Europe/Madrid"});
        NewMeeting::read(new.as_object().unwrap(), PLACES)
            .unwrap()
            .hosted_by(UserId::random(), Timestamp::UNIX_EPOCH)
    }

    fn read(value: &Value) -> Result<ChangeRequest, Vec<ErrorCode>> {
        ChangeRequest::read(value.as_object().unwrap(), PLACES)
            .map_err(|problems| problems.iter().map(|problem| problem.code).collect())
    }

    #[test]
    fn what_is_absent_is_not_touched() {
        let change = read(&json!({"title": " New ", "hostId": "me", "participants": []}))
            .unwrap()
            .of(&meeting())
            .unwrap();
        assert_eq!(change, MeetingChange { title: Some("New".into()), ..MeetingChange::default() });
        assert!(read(&json!({})).unwrap().of(&meeting()).unwrap().is_empty());
    }

    #[test]
    fn one_part_of_the_schedule_alone_moves_the_instant() {
        let starts = |value: &Value| {
            let schedule = read(value).unwrap().of(&meeting()).unwrap().schedule.unwrap();
            (schedule.date, schedule.time, schedule.time_zone, schedule.starts_at.to_string())
        };
        let expected =
            |date: &str, time: &str, zone: &str, at: &str| (date.into(), time.into(), zone.into(), at.into());
        assert_eq!(
            starts(&json!({"time": "10:00"})),
            expected("2026-01-02", "10:00", "Europe/Madrid", "2026-01-02T09:00:00Z")
        );
        assert_eq!(
            starts(&json!({"date": "2026-07-02"})),
            expected("2026-07-02", "09:30", "Europe/Madrid", "2026-07-02T07:30:00Z")
        );
        assert_eq!(
            starts(&json!({"timeZone": "UTC"})),
            expected("2026-01-02", "09:30", "UTC", "2026-01-02T09:30:00Z")
        );
    }

    #[test]
    fn what_is_there_must_be_right() {
        let codes = read(&json!({"title": "", "date": null, "status": "paused", "maxParticipants": 1001}))
            .unwrap_err();
        assert_eq!(
            codes,
            [
                ErrorCode::InvalidDate,
                ErrorCode::InvalidTitle,
                ErrorCode::InvalidCapacity,
                ErrorCode::InvalidStatus
            ]
        );
    }

    #[test]
    fn options_are_changed_one_by_one() {
        let meeting = meeting();
        let ben = UserId::random();
        let change = |value: &Value| read(value).unwrap().of(&meeting).unwrap();
        assert_eq!(change(&json!({"waitingRoom": true})).waiting_room, Some(true));
        assert_eq!(change(&json!({"guestsAllowed": false})).guests_allowed, Some(false));
        assert_eq!(change(&json!({"passcode": " sesame "})).passcode, Some(Passcode::parse("sesame")));
        for nothing in [Value::Null, json!(""), json!("  ")] {
            let change = change(&json!({ "passcode": nothing }));
            assert_eq!(change.passcode, Some(None));
            assert!(change.rules() && !change.is_empty());
        }
        let co_hosts = change(&json!({"coHosts": [ben, meeting.host, ben]})).co_hosts;
        assert_eq!(co_hosts, Some(vec![ben]), "each once, and the host is no co-host");
        assert!(!change(&json!({"title": "New"})).rules());
    }

    #[test]
    fn options_must_be_right() {
        let ids: Vec<UserId> = (0..51).map(|_| UserId::random()).collect();
        let cases = [
            ("waitingRoom", ErrorCode::InvalidOption, vec![json!("true"), json!(1), Value::Null]),
            ("guestsAllowed", ErrorCode::InvalidOption, vec![json!("false"), json!(0), Value::Null]),
            ("passcode", ErrorCode::InvalidPasscode, vec![json!("abc"), json!(1234), json!("x".repeat(33))]),
            (
                "coHosts",
                ErrorCode::InvalidCoHosts,
                vec![json!("x"), json!([5]), json!(["a b"]), Value::Null, json!(ids)],
            ),
        ];
        for (field, code, values) in cases {
            for value in values {
                let mut object = json!({});
                object[field] = value;
                assert_eq!(read(&object), Err(vec![code]), "{object}");
            }
        }
    }

    #[test]
    fn completing_and_cancelling_end_the_room() {
        let ends = |status: &str| read(&json!({"status": status})).unwrap().of(&meeting()).unwrap().ends();
        assert_eq!(ends("completed"), Some(EndReason::Completed));
        assert_eq!(ends("cancelled"), Some(EndReason::Cancelled));
        assert_eq!(ends("active"), None);
    }
}
