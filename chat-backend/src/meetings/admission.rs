use plenum_contract::{Caller, UserId, error::ErrorCode, meeting::MeetingStatus};

use super::{Code, Meeting, Newcomer, Options};

/// Why somebody may not come to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted {
    /// It is not active.
    Ended,
    /// It takes no guests, or the guest was asked to another meeting.
    NoGuests,
    /// A host has removed them.
    Removed,
    /// It has a passcode, and none was given.
    PasscodeRequired,
    /// Another passcode was given.
    WrongPasscode,
}

impl From<NotAdmitted> for ErrorCode {
    fn from(why: NotAdmitted) -> Self {
        match why {
            NotAdmitted::Ended => Self::MeetingEnded,
            NotAdmitted::NoGuests => Self::GuestsNotAllowed,
            NotAdmitted::Removed => Self::RemovedFromMeeting,
            NotAdmitted::PasscodeRequired => Self::PasscodeRequired,
            NotAdmitted::WrongPasscode => Self::WrongPasscode,
        }
    }
}

impl Options {
    /// Whether a user has a host's tools in a meeting of this host.
    #[must_use]
    pub fn has_tools(&self, host: &UserId, user: &UserId) -> bool {
        host == user || (self.co_hosts.contains(user) && !self.removed.contains(user))
    }

    /// Whether this is the code of the meeting.
    #[must_use]
    pub fn is_of(&self, code: &str) -> bool {
        Code::parse(code).is_some_and(|code| code == self.code)
    }

    /// Whether somebody may come to the meeting of this host: the one rule, for HTTP, for rooms and for calls. Who took part
    /// before has given the passcode then. It counts no tries: [`Passcodes`](super::Passcodes) do.
    pub fn admits(
        &self,
        host: &UserId,
        newcomer: Newcomer<'_>,
        passcode: Option<&str>,
    ) -> Result<(), NotAdmitted> {
        let Newcomer { user, guest, known } = newcomer;
        if guest.is_some_and(|code| !self.guests_allowed || !self.is_of(code)) {
            return Err(NotAdmitted::NoGuests);
        }
        if self.removed.contains(user) {
            return Err(NotAdmitted::Removed);
        }
        match (&self.passcode, passcode) {
            (None, _) => Ok(()),
            _ if known || self.has_tools(host, user) => Ok(()),
            (Some(_), None) => Err(NotAdmitted::PasscodeRequired),
            (Some(passcode), Some(given)) if passcode.is(given) => Ok(()),
            (Some(_), Some(_)) => Err(NotAdmitted::WrongPasscode),
        }
    }
}

impl Meeting {
    /// Whether a user has a host's tools here.
    #[must_use]
    pub fn is_moderator(&self, user: &UserId) -> bool {
        self.options.has_tools(&self.host, user)
    }

    /// Whether a host has removed a user.
    #[must_use]
    pub fn has_removed(&self, user: &UserId) -> bool {
        self.options.removed.contains(user)
    }

    /// Whether this is the meeting that a guest was asked to.
    #[must_use]
    pub fn is_of(&self, code: &str) -> bool {
        self.options.is_of(code)
    }

    /// Whether somebody may come, as far as the store says.
    pub fn admits(&self, who: &Caller, passcode: Option<&str>) -> Result<(), NotAdmitted> {
        if self.status != MeetingStatus::Active {
            return Err(NotAdmitted::Ended);
        }
        let (user, guest) = (&who.user, who.guest.as_deref());
        let known = self.participants.contains(user);
        self.options.admits(&self.host, Newcomer { user, guest, known }, passcode)
    }
}

#[cfg(test)]
pub mod tests {
    use jiff::Timestamp;
    use plenum_contract::{MeetingId, SessionId};

    use super::{
        super::{Options, Passcode, Schedule},
        *,
    };

    pub fn somebody() -> Caller {
        let (user, session) = (UserId::random(), SessionId::random());
        Caller { user, session, name: "Ana".into(), expires_at: None, guest: None }
    }

    fn guest_of(meeting: &Meeting) -> Caller {
        Caller { guest: Some(meeting.options.code.to_string()), ..somebody() }
    }

    pub fn a_meeting() -> Meeting {
        let host = UserId::random();
        Meeting {
            id: MeetingId::random(),
            title: "Planning".into(),
            description: String::new(),
            schedule: Schedule::resolve("2030-01-15".into(), "10:30".into(), "UTC".into()).unwrap(),
            estimated_duration: 60,
            max_participants: 10,
            participants: vec![host.clone()],
            host,
            active_participants: 0,
            emptied_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            status: MeetingStatus::Active,
            options: Options::default(),
        }
    }

    pub fn with_passcode(text: &str) -> Meeting {
        let mut meeting = a_meeting();
        meeting.options.passcode = Passcode::parse(text);
        meeting
    }

    fn as_host(meeting: &Meeting) -> Caller {
        Caller { user: meeting.host.clone(), ..somebody() }
    }

    #[test]
    fn nobody_comes_to_what_has_ended() {
        let mut meeting = a_meeting();
        assert_eq!(meeting.admits(&somebody(), None), Ok(()));
        for status in [MeetingStatus::Completed, MeetingStatus::Cancelled] {
            meeting.status = status;
            assert_eq!(meeting.admits(&as_host(&meeting), None), Err(NotAdmitted::Ended));
        }
    }

    #[test]
    fn guests_come_by_the_meetings_own_code_where_they_may() {
        let mut meeting = a_meeting();
        let guest = guest_of(&meeting);
        assert_eq!(meeting.admits(&guest, None), Err(NotAdmitted::NoGuests));
        meeting.options.guests_allowed = true;
        assert_eq!(meeting.admits(&guest, None), Ok(()));
        assert_eq!(meeting.admits(&guest_of(&a_meeting()), None), Err(NotAdmitted::NoGuests));
        let other = Caller { guest: Some("anything".into()), ..somebody() };
        assert_eq!(meeting.admits(&other, None), Err(NotAdmitted::NoGuests));
    }

    #[test]
    fn who_was_removed_does_not_come_back_even_as_a_co_host_with_the_passcode() {
        let mut meeting = with_passcode("sesame");
        let ben = somebody();
        meeting.participants.push(ben.user.clone());
        meeting.options.co_hosts.push(ben.user.clone());
        assert!(meeting.is_moderator(&ben.user));
        meeting.options.removed.push(ben.user.clone());
        assert_eq!(meeting.admits(&ben, Some("sesame")), Err(NotAdmitted::Removed));
        assert!(!meeting.is_moderator(&ben.user));
    }

    #[test]
    fn a_passcode_is_asked_of_newcomers_alone() {
        let mut meeting = with_passcode("sesame");
        let (ben, eva) = (somebody(), somebody());
        assert_eq!(meeting.admits(&ben, None), Err(NotAdmitted::PasscodeRequired));
        assert_eq!(meeting.admits(&ben, Some("Sesame")), Err(NotAdmitted::WrongPasscode));
        assert_eq!(meeting.admits(&ben, Some(" sesame ")), Ok(()));
        assert_eq!(meeting.admits(&as_host(&meeting), None), Ok(()));
        meeting.options.co_hosts.push(eva.user.clone());
        assert_eq!(meeting.admits(&eva, Some("wrong")), Ok(()));
        meeting.participants.push(ben.user.clone());
        assert_eq!(meeting.admits(&ben, None), Ok(()));
    }
}
