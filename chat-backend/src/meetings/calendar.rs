use icalendar::{Calendar, Component as _, Event, EventStatus};
use jiff::{SignedDuration, Timestamp};
use plenum_contract::meeting::MeetingStatus;

use super::Meeting;

impl Meeting {
    /// The meeting for a calendar (RFC 5545), with `link`, where people come in, if that is known.
    #[must_use]
    pub fn to_calendar(&self, link: Option<&str>) -> String {
        let description = [self.description.as_str(), link.unwrap_or_default()];
        let description: Vec<&str> = description.into_iter().filter(|text| !text.is_empty()).collect();
        let status = match self.status {
            MeetingStatus::Cancelled => EventStatus::Cancelled,
            MeetingStatus::Active | MeetingStatus::Completed => EventStatus::Confirmed,
        };
        let mut event = Event::new();
        event
            .uid(self.id.as_str())
            .add_property("DTSTAMP", utc(self.updated_at))
            .add_property("DTSTART", utc(self.schedule.starts_at))
            .add_property("DTEND", utc(self.planned_end()))
            .summary(&plain(&self.title))
            .description(&plain(&description.join("\n\n")))
            .status(status);
        if let Some(link) = link {
            event.url(link);
        }
        Calendar::empty()
            .append_property(("VERSION", "2.0"))
            .append_property(("PRODID", "-//Plenum//Plenum//EN"))
            .push(event.done())
            .to_string()
    }

    /// When it is planned to be over.
    #[must_use]
    pub fn planned_end(&self) -> Timestamp {
        let duration = SignedDuration::from_mins(self.estimated_duration.into());
        self.schedule.starts_at.saturating_add(duration).unwrap_or(Timestamp::MAX)
    }
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as the format can hold it: no control characters but line ends, of which there is one kind. A bare carriage return
/// would begin a line of its own for some readers.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::admission::tests::a_meeting, *};

    /// The lines, put together again where they were folded.
    fn lines(calendar: &str) -> Vec<String> {
        assert!(calendar.ends_with("\r\n") && !calendar.replace("\r\n", "").contains(['\r', '\n']));
        assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
        calendar.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_meeting_is_one_event_in_utc() {
        let mut meeting = a_meeting();
        meeting.description = "What next".into();
        let all = lines(&meeting.to_calendar(Some("https://app.example.com/m/abcd-efgh-jkmn")));
        for line in [
            "DTSTART:20300115T103000Z",
            "DTEND:20300115T113000Z",
            "DTSTAMP:19700101T000000Z",
            "SUMMARY:Planning",
            "DESCRIPTION:What next\\n\\nhttps://app.example.com/m/abcd-efgh-jkmn",
            "URL:https://app.example.com/m/abcd-efgh-jkmn",
            "STATUS:CONFIRMED",
            "VERSION:2.0",
            &format!("UID:{}", meeting.id),
        ] {
            assert_eq!(all.iter().filter(|known| *known == line).count(), 1, "{line} in {all:?}");
        }
        let ends = [all.first(), all.last()].map(|line| line.unwrap().as_str());
        assert_eq!(ends, ["BEGIN:VCALENDAR", "END:VCALENDAR"]);
        meeting.status = MeetingStatus::Cancelled;
        let all = lines(&meeting.to_calendar(None));
        assert!(all.contains(&"STATUS:CANCELLED".into()) && !all.iter().any(|line| line.starts_with("URL")));
    }

    #[test]
    fn what_people_write_stays_text() {
        let mut meeting = a_meeting();
        meeting.title = "a\r\nATTACH:x\rBEGIN:VALARM\n;,\\ \u{85}\u{7}".into();
        meeting.description = "ñ🎉\u{3000} ".repeat(1_000);
        let calendar = meeting.to_calendar(None);
        let all = lines(&calendar);
        assert!(all.contains(&r"SUMMARY:a\nATTACH:x\nBEGIN:VALARM\n\;\,\\ ".into()), "{all:?}");
        assert!(all.contains(&format!("DESCRIPTION:{}", meeting.description)));
        assert!(!all.iter().any(|line| line.starts_with("ATTACH") || line.starts_with("BEGIN:VALARM")));
    }
}
