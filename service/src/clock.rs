//! The one place that reads clocks. Domain code takes the time as an argument.

use jiff::Timestamp;

/// The time of day, UTC.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A time for measuring how long something takes; unmoved by changes of the clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// ISO 8601 UTC with milliseconds and `Z`, as the wire has it.
#[must_use]
pub fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Milliseconds since 1970, as stores keep it.
#[must_use]
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_z() {
        assert_eq!(iso(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(from_millis(1_795_228_800_007)), "2026-11-21T02:40:00.007Z");
    }
}
