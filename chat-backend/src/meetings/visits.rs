//! Who was in a meeting, and when.

use std::{cmp::Reverse, collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use plenum_contract::{
    UserId,
    limits::EMPTY_AFTER_END,
    meeting::{Attendance, MeetingReport, MeetingStatus, Visit},
};
use plenum_service::clock;

use super::Meeting;

/// Characters of a name that are kept.
const NAME_KEPT: usize = 200;

/// One stay of one person, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRecord {
    /// Which: once in its meeting.
    pub id: Arc<str>,
    /// Who came.
    pub came: Coming,
    /// To the millisecond; none while it lasts, or when nobody could say any more.
    pub left_at: Option<Timestamp>,
}

/// That somebody came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The user, or guest.
    pub user: UserId,
    /// The name that was shown.
    pub name: Arc<str>,
    /// Whether it was a guest.
    pub guest: bool,
    /// To the millisecond.
    pub at: Timestamp,
}

impl Coming {
    /// The name, no longer than what is kept.
    #[must_use]
    pub fn kept_name(&self) -> String {
        self.name.chars().filter(|c| *c != '\0').take(NAME_KEPT).collect()
    }
}

/// What is noted of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitNote {
    /// Which visit.
    pub id: Arc<str>,
    /// Who came; none when that was noted before.
    pub came: Option<Coming>,
    /// When they went. A later time wins.
    pub left_at: Option<Timestamp>,
}

impl Meeting {
    /// Whether it is over without anybody having said so: past its planned end, and empty for long enough.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let quiet_since =
            [Some(self.planned_end()), Some(self.created_at), Some(self.updated_at), self.emptied_at];
        let quiet_since = quiet_since.into_iter().flatten().max().unwrap_or(now);
        self.status == MeetingStatus::Active
            && self.active_participants == 0
            && quiet_since.saturating_add(EMPTY_AFTER_END).is_ok_and(|over| over <= now)
    }

    /// Who was there, from what is stored of it. A visit of which nobody said that it ended lasts until now while somebody is
    /// there, and else until the latest that is known of the meeting.
    #[must_use]
    pub fn report(&self, mut visits: Vec<VisitRecord>, now: Timestamp) -> MeetingReport {
        visits.sort_by(|a, b| (a.came.at, &a.id).cmp(&(b.came.at, &b.id)));
        let goes_on = self.active_participants > 0;
        let known = visits.iter().flat_map(|visit| [Some(visit.came.at), visit.left_at]).flatten();
        let latest = if goes_on { Some(now) } else { known.chain(self.emptied_at).max() };
        let latest = latest.unwrap_or(now);
        let there = goes_on && visits.iter().any(|visit| visit.left_at.is_none());
        let ended_at = visits.iter().map(|visit| visit.left_at.unwrap_or(latest)).max().filter(|_| !there);
        let mut order: Vec<UserId> = Vec::new();
        let mut of_user: HashMap<UserId, Vec<&VisitRecord>> = HashMap::new();
        for visit in &visits {
            of_user.entry(visit.came.user.clone()).or_insert_with_key(|user| {
                order.push(user.clone());
                Vec::new()
            });
            of_user.entry(visit.came.user.clone()).or_default().push(visit);
        }
        let people = order.into_iter().filter_map(|user| {
            let visits = of_user.remove(&user)?;
            Some(attendance(user, &visits, latest))
        });
        MeetingReport {
            meeting_id: self.id.clone(),
            title: self.title.clone(),
            began_at: visits.first().map(|visit| clock::iso(visit.came.at)),
            ended_at: ended_at.map(clock::iso),
            people: people.collect(),
        }
    }
}

/// One person's part; `visits` begin one after the other.
fn attendance(user_id: UserId, visits: &[&VisitRecord], latest: Timestamp) -> Attendance {
    // Visits may overlap: of who came by two devices.
    let (mut time, mut counted_until) = (Duration::ZERO, Timestamp::MIN);
    for visit in visits {
        let until = visit.left_at.unwrap_or(latest);
        let from = visit.came.at.max(counted_until);
        time += Duration::try_from(until.duration_since(from)).unwrap_or_default();
        counted_until = counted_until.max(until);
    }
    let last = visits.iter().max_by_key(|visit| (visit.came.at, Reverse(visit.left_at)));
    Attendance {
        user_id,
        username: last.map(|visit| visit.came.name.to_string()).unwrap_or_default(),
        guest: visits.iter().any(|visit| visit.came.guest),
        seconds: time.as_secs(),
        visits: visits
            .iter()
            .map(|visit| Visit {
                joined_at: clock::iso(visit.came.at),
                left_at: visit.left_at.map(clock::iso),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{super::admission::tests::a_meeting, *};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn visit(id: &str, user: &UserId, came: i64, left: Option<i64>) -> VisitRecord {
        let came =
            Coming { user: user.clone(), name: format!("{user} {id}").into(), guest: false, at: at(came) };
        VisitRecord { id: id.into(), came, left_at: left.map(at) }
    }

    fn users() -> [UserId; 2] {
        ["ana", "ben"].map(|name| UserId::parse(name).unwrap())
    }

    #[test]
    fn each_person_stands_once_with_the_time_that_they_were_there() {
        let [ana, ben] = users();
        let visits = vec![
            visit("3", &ana, 100, Some(160)),
            visit("1", &ana, 0, Some(30)),
            visit("2", &ben, 10, Some(70)),
            visit("4", &ana, 120, Some(180)),
            visit("5", &ana, 130, Some(140)),
        ];
        let report = a_meeting().report(visits, at(1_000));
        let people: Vec<(&str, &str, u64, usize)> = report
            .people
            .iter()
            .map(|one| (one.user_id.as_str(), one.username.as_str(), one.seconds, one.visits.len()))
            .collect();
        assert_eq!(people, [("ana", "ana 5", 110, 4), ("ben", "ben 2", 60, 1)]);
        assert_eq!(report.began_at, Some(clock::iso(at(0))));
        assert_eq!(report.ended_at, Some(clock::iso(at(180))));
    }

    #[test]
    fn a_visit_without_an_end_lasts_until_now_or_until_the_latest_that_is_known() {
        let [ana, ben] = users();
        let mut meeting = a_meeting();
        let visits = vec![visit("1", &ana, 0, None), visit("2", &ben, 10, Some(70))];
        meeting.active_participants = 1;
        let report = meeting.report(visits.clone(), at(1_000));
        assert_eq!((report.people[0].seconds, report.ended_at), (1_000, None));
        meeting.active_participants = 0;
        let report = meeting.report(visits.clone(), at(1_000));
        assert_eq!((report.people[0].seconds, report.ended_at), (70, Some(clock::iso(at(70)))));
        assert_eq!(report.people[0].visits[0].left_at, None);
        meeting.emptied_at = Some(at(300));
        assert_eq!(meeting.report(visits, at(1_000)).people[0].seconds, 300);
        let nobody = meeting.report(Vec::new(), at(1_000));
        assert_eq!((nobody.people.len(), nobody.began_at, nobody.ended_at), (0, None, None));
    }

    #[test]
    fn a_meeting_is_overdue_when_it_was_quiet_for_long_enough_after_its_end() {
        let mut meeting = a_meeting();
        let end = meeting.planned_end();
        let (quiet, second) =
            (SignedDuration::try_from(EMPTY_AFTER_END).unwrap(), SignedDuration::from_secs(1));
        assert!(!meeting.is_overdue(end + quiet - second) && meeting.is_overdue(end + quiet));
        for later in [
            &mut |m: &mut Meeting, at| m.emptied_at = Some(at),
            &mut |m: &mut Meeting, at| {
                m.updated_at = at;
            },
            &mut |m: &mut Meeting, at| m.created_at = at,
        ] as [&mut dyn FnMut(&mut Meeting, Timestamp); 3]
        {
            let mut meeting = meeting.clone();
            later(&mut meeting, end + second);
            assert!(!meeting.is_overdue(end + quiet) && meeting.is_overdue(end + quiet + second));
        }
        meeting.active_participants = 1;
        assert!(!meeting.is_overdue(Timestamp::MAX));
        (meeting.active_participants, meeting.status) = (0, MeetingStatus::Completed);
        assert!(!meeting.is_overdue(Timestamp::MAX));
    }
}
