use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::{Disambiguation, TimeZone},
};
use plenum_contract::error::ErrorCode;

/// The zone of a meeting that names none.
pub const UTC: &str = "UTC";

/// When a meeting takes place: a day and a time as the host typed them, in the host's zone, and the instant
/// they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// `HH:mm`.
    pub time: String,
    /// An IANA name.
    pub time_zone: String,
    /// The instant of the above.
    pub starts_at: Timestamp,
}

impl Schedule {
    /// Finds the instant. A time that the clocks skip means the later one, a time that they show twice the
    /// first. Fails with the code of the first part that is none.
    pub fn resolve(date: String, time: String, time_zone: String) -> Result<Self, ErrorCode> {
        let day = parse_date(&date).ok_or(ErrorCode::InvalidDate)?;
        let clock = parse_time(&time).ok_or(ErrorCode::InvalidTime)?;
        let zone = parse_zone(&time_zone).ok_or(ErrorCode::InvalidTimeZone)?;
        let starts_at = zone
            .to_ambiguous_zoned(day.to_datetime(clock))
            .disambiguate(Disambiguation::Compatible)
            .map_err(|_| ErrorCode::InvalidDate)? // past what can be an instant
            .timestamp();
        Ok(Self { date, time, time_zone, starts_at })
    }
}

/// A day that exists, as `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A time of day, as `HH:mm` from `00:00` to `23:59`.
pub fn parse_time(text: &str) -> Option<Time> {
    let [hour, minute] = numbers(text, ':', [2, 2])?;
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// A zone of the IANA database. Its rules move with the database, so the name is what is kept.
pub fn parse_zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some())
}

/// Numbers of so many digits each, and nothing else.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i16; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| plain)?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(date: &str, time: &str, zone: &str) -> String {
        Schedule::resolve(date.into(), time.into(), zone.into()).unwrap().starts_at.to_string()
    }

    #[test]
    fn an_instant_is_found_in_the_zone() {
        assert_eq!(starts("2026-11-21", "09:30", UTC), "2026-11-21T09:30:00Z");
        assert_eq!(starts("2026-11-21", "09:30", "Europe/Madrid"), "2026-11-21T08:30:00Z");
        assert_eq!(starts("2026-07-21", "09:30", "Europe/Madrid"), "2026-07-21T07:30:00Z");
    }

    #[test]
    fn a_skipped_time_is_the_later_one_and_a_repeated_one_the_first() {
        assert_eq!(starts("2026-03-29", "02:30", "Europe/Madrid"), "2026-03-29T01:30:00Z");
        assert_eq!(starts("2026-10-25", "02:30", "Europe/Madrid"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn only_real_days_and_times_in_this_very_form_count() {
        for bad in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-1-01",
            "26-01-01",
            "2026-01-01T00:00",
            "２026-01-01",
            "+026-01-01",
        ] {
            assert_eq!(parse_date(bad), None, "{bad:?}");
        }
        for bad in ["", "24:00", "9:30", "09:60", "09:30:00", " 9:30", "09-30", "+9:30"] {
            assert_eq!(parse_time(bad), None, "{bad:?}");
        }
        assert!(
            parse_date("2028-02-29").is_some()
                && parse_time("00:00").is_some()
                && parse_time("23:59").is_some()
        );
    }

    #[test]
    fn what_is_no_zone_or_no_instant_is_told_by_its_code() {
        let code =
            |date: &str, zone: &str| Schedule::resolve(date.into(), "23:59".into(), zone.into()).unwrap_err();
        for zone in ["", "Europe/Atlantis", "../etc/passwd", "+02:00"] {
            assert_eq!(code("2026-01-01", zone), ErrorCode::InvalidTimeZone, "{zone:?}");
        }
        assert_eq!(code("9999-12-31", "America/Los_Angeles"), ErrorCode::InvalidDate);
    }
}
