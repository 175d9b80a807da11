//! Meetings: what they are, what may be said about them, and who may change them.

mod admission;
mod calendar;
mod change;
mod code;
mod error;
mod fields;
mod live_rooms;
mod new;
mod options;
mod passcodes;
mod rules;
mod schedule;
mod service;
mod visits;

use jiff::Timestamp;
use plenum_contract::{
    MeetingId, UserId,
    meeting::{MeetingBody, MeetingStatus},
};
use plenum_service::clock;

pub use self::{
    admission::NotAdmitted,
    change::{ChangeRequest, MeetingChange, MeetingChangeBody},
    code::Code,
    error::MeetingError,
    live_rooms::LiveRooms,
    new::{JoinBody, NewMeeting, NewMeetingBody},
    options::Options,
    passcodes::{Passcode, Passcodes},
    rules::{Newcomer, Rules},
    schedule::Schedule,
    service::{Meetings, Places},
    visits::{Coming, VisitNote, VisitRecord},
};

/// A meeting, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Which one.
    pub id: MeetingId,
    /// Who created it, and alone may change it.
    pub host: UserId,
    /// 1 to 200 characters, trimmed.
    pub title: String,
    /// May be empty.
    pub description: String,
    /// When it takes place.
    pub schedule: Schedule,
    /// Minutes.
    pub estimated_duration: u32,
    /// Users in the room at once.
    pub max_participants: u32,
    /// Everyone who ever joined, the host first, then in order of arrival.
    pub participants: Vec<UserId>,
    /// Users in the room now, as last written.
    pub active_participants: u32,
    /// When the room was last found empty, to the millisecond; none before somebody was in it.
    pub emptied_at: Option<Timestamp>,
    /// To the millisecond.
    pub created_at: Timestamp,
    /// To the millisecond; when the host changed it, or somebody joined for the first time.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub status: MeetingStatus,
    /// Who may come, and how.
    pub options: Options,
}

impl Meeting {
    /// The meeting as every route answers it to this viewer. The passcode is told to hosts alone.
    #[must_use]
    pub fn into_body(self, viewer: Option<&UserId>) -> MeetingBody {
        let moderates = viewer.is_some_and(|viewer| self.is_moderator(viewer));
        let Options { code, co_hosts, waiting_room, guests_allowed, passcode, removed: _ } = self.options;
        MeetingBody {
            meeting_id: self.id.clone(),
            id: self.id,
            host_id: self.host,
            title: self.title,
            description: self.description,
            date: self.schedule.date,
            time: self.schedule.time,
            time_zone: self.schedule.time_zone,
            starts_at: clock::iso(self.schedule.starts_at),
            estimated_duration: self.estimated_duration,
            max_participants: self.max_participants,
            participants: self.participants,
            active_participants: self.active_participants,
            created_at: clock::iso(self.created_at),
            updated_at: clock::iso(self.updated_at),
            status: self.status,
            code: code.to_string(),
            co_hosts,
            waiting_room,
            guests_allowed,
            has_passcode: passcode.is_some(),
            passcode: passcode.filter(|_| moderates).map(|passcode| passcode.reveal().to_owned()),
        }
    }
}

/// The same time without what stores don't keep.
pub(crate) fn to_millis(at: Timestamp) -> Timestamp {
    clock::from_millis(at.as_millisecond())
}
