//! Reads the fields of a JSON object one by one, and collects what is wrong with them.

use std::ops::RangeInclusive;

use plenum_contract::{
    UserId,
    error::{ErrorCode, Problem},
    limits::{CO_HOSTS_MAX, DESCRIPTION_MAX, DURATION_MAX_MINUTES, TITLE_MAX},
    meeting::MeetingStatus,
};
use serde_json::{Map, Value};

use super::{Passcode, schedule};

/// The object a client sent.
pub type Object = Map<String, Value>;

/// An object, and what was wrong with it so far.
pub struct Fields<'a> {
    object: &'a Object,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub const fn of(object: &'a Object) -> Self {
        Self { object, problems: Vec::new() }
    }

    pub fn problem(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem.into());
    }

    /// All problems, or what was read.
    pub fn finish<T>(self, read: impl FnOnce() -> Option<T>) -> Result<T, Vec<Problem>> {
        match read() {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(self.problems),
        }
    }

    /// Whether a required field is missing: absent, null or blank.
    pub fn lacks(&self, name: &str) -> bool {
        match self.object.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        }
    }

    /// A field's value if it is there: none, and a problem, when `parse` makes nothing of it.
    fn read<T>(
        &mut self,
        name: &str,
        wrong: impl Into<Problem>,
        parse: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = parse(self.object.get(name)?);
        if value.is_none() {
            self.problem(wrong);
        }
        value
    }

    pub fn title(&mut self) -> Option<String> {
        self.read("title", ErrorCode::InvalidTitle, |value| text(value.as_str()?.trim(), 1..=TITLE_MAX))
    }

    pub fn description(&mut self) -> Option<String> {
        self.read("description", ErrorCode::InvalidDescription, |value| {
            text(value.as_str()?, 0..=DESCRIPTION_MAX)
        })
    }

    pub fn date(&mut self) -> Option<String> {
        self.read("date", ErrorCode::InvalidDate, |value| {
            let text = value.as_str()?;
            schedule::parse_date(text).map(|_| text.to_owned())
        })
    }

    pub fn time(&mut self) -> Option<String> {
        self.read("time", ErrorCode::InvalidTime, |value| {
            let text = value.as_str()?;
            schedule::parse_time(text).map(|_| text.to_owned())
        })
    }

    /// In the database's own spelling.
    pub fn time_zone(&mut self) -> Option<String> {
        self.read("timeZone", ErrorCode::InvalidTimeZone, |value| {
            schedule::parse_zone(value.as_str()?)?.iana_name().map(str::to_owned)
        })
    }

    pub fn estimated_duration(&mut self) -> Option<u32> {
        self.read("estimatedDuration", ErrorCode::InvalidDuration, |value| {
            number(value, DURATION_MAX_MINUTES)
        })
    }

    pub fn max_participants(&mut self, most: u32) -> Option<u32> {
        let wrong = Problem::new(ErrorCode::InvalidCapacity).with("n", most);
        self.read("maxParticipants", wrong, |value| number(value, most))
    }

    pub fn status(&mut self) -> Option<MeetingStatus> {
        self.read("status", ErrorCode::InvalidStatus, |value| MeetingStatus::parse(value.as_str()?))
    }

    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, ErrorCode::InvalidOption, Value::as_bool)
    }

    /// None within: null or blank, so that there is none any more.
    #[expect(clippy::option_option, reason = "absent, and taken off, are two things")]
    pub fn passcode(&mut self) -> Option<Option<Passcode>> {
        if self.object.contains_key("passcode") && self.lacks("passcode") {
            return Some(None);
        }
        self.read("passcode", ErrorCode::InvalidPasscode, |value| Passcode::parse(value.as_str()?).map(Some))
    }

    /// Each once.
    pub fn co_hosts(&mut self) -> Option<Vec<UserId>> {
        let wrong = Problem::new(ErrorCode::InvalidCoHosts).with("n", CO_HOSTS_MAX);
        self.read("coHosts", wrong, |value| {
            let ids = value.as_array().filter(|ids| ids.len() <= CO_HOSTS_MAX)?;
            let mut users = Vec::with_capacity(ids.len());
            for id in ids {
                let user = UserId::parse(id.as_str()?).ok()?;
                if !users.contains(&user) {
                    users.push(user);
                }
            }
            Some(users)
        })
    }
}

/// A text of so many characters. U+0000 is none: PostgreSQL can't hold it.
fn text(text: &str, length: RangeInclusive<usize>) -> Option<String> {
    (length.contains(&text.chars().count()) && !text.contains('\0')).then(|| text.to_owned())
}

fn number(value: &Value, most: u32) -> Option<u32> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    (1..=most).contains(&number).then_some(number)
}
