use plenum_contract::UserId;
use serde::{Deserialize, Serialize};

use super::{Code, Passcode};

/// Who may come to a meeting, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The code of its link.
    pub code: Code,
    /// Who else has a host's tools.
    pub co_hosts: Vec<UserId>,
    /// Whether people wait until a host lets them in.
    pub waiting_room: bool,
    /// Whether people without an account may come by the link.
    pub guests_allowed: bool,
    /// What one says to come in.
    pub passcode: Option<Passcode>,
    /// Who may not come back.
    pub removed: Vec<UserId>,
}

impl Options {
    /// Open to whoever has an account and this code.
    #[must_use]
    pub const fn open(code: Code) -> Self {
        Self {
            code,
            co_hosts: Vec::new(),
            waiting_room: false,
            guests_allowed: false,
            passcode: None,
            removed: Vec::new(),
        }
    }
}

impl Default for Options {
    /// Open, with a new code.
    fn default() -> Self {
        Self::open(Code::random())
    }
}
