use plenum_contract::{error::Problem, events::EndReason, meeting::MeetingStatus};

use super::{
    Meeting, MeetingError, Places, Schedule,
    fields::{Fields, Object},
};

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
            },
        };
        fields.finish(|| Some(request))
    }

    /// What it comes to for this meeting: a new date, time or zone alone means a new instant.
    pub fn of(self, meeting: &Meeting) -> Result<MeetingChange, MeetingError> {
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
    use plenum_contract::{UserId, error::ErrorCode};
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
    fn completing_and_cancelling_end_the_room() {
        let ends = |status: &str| read(&json!({"status": status})).unwrap().of(&meeting()).unwrap().ends();
        assert_eq!(ends("completed"), Some(EndReason::Completed));
        assert_eq!(ends("cancelled"), Some(EndReason::Cancelled));
        assert_eq!(ends("active"), None);
    }
}
