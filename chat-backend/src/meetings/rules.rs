use plenum_contract::UserId;
use serde::{Deserialize, Serialize};

use super::{Code, Meeting, NotAdmitted, Options};

/// Who may come to a meeting, and who has a host's tools: what live rooms hold of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Who created the meeting.
    pub host: UserId,
    /// How people come, and who may not come back.
    pub options: Options,
}

/// Somebody who wants to come.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    /// Who.
    pub user: &'a UserId,
    /// The code of the one meeting that a guest may come to; none for who has an account.
    pub guest: Option<&'a str>,
    /// Whether the meeting has taken them in before.
    pub known: bool,
}

impl From<&Meeting> for Rules {
    fn from(meeting: &Meeting) -> Self {
        Self { host: meeting.host.clone(), options: meeting.options.clone() }
    }
}

impl Rules {
    /// Whether a user has a host's tools.
    #[must_use]
    pub fn is_moderator(&self, user: &UserId) -> bool {
        self.options.has_tools(&self.host, user)
    }

    /// Who has a host's tools.
    #[must_use]
    pub fn moderators(&self) -> Vec<UserId> {
        let all = std::iter::once(&self.host).chain(&self.options.co_hosts);
        all.filter(|user| self.is_moderator(user)).cloned().collect()
    }

    /// Takes out what admits people: the passcode, and the code of the link, in whose place there is another.
    pub fn admit_nobody(&mut self) {
        (self.options.passcode, self.options.code) = (None, Code::random());
    }

    /// The rule by which a meeting takes people, whichever way they come.
    pub fn admits(&self, newcomer: Newcomer<'_>, passcode: Option<&str>) -> Result<(), NotAdmitted> {
        self.options.admits(&self.host, newcomer, passcode)
    }
}
