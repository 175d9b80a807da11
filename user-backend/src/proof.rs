//! How somebody has shown who they are.
//!
//! Checking a password takes a while, in which another may be set, or a second factor. So a session begins only where what was
//! checked still holds, which is looked at once more in the step that begins it.

use plenum_contract::{ErrorCode, UserId};

use crate::error::Error;

/// What was shown, and found right.
#[derive(Clone)]
pub struct Proof {
    /// Whose account it opens.
    pub user: UserId,
    /// By what.
    pub by: By,
    /// The secret of the second factor that was shown too; none where the account had none.
    pub factor: Option<String>,
}

/// By what an account was opened.
#[derive(Clone)]
pub enum By {
    /// The password with this hash.
    Password(String),
    /// An identity that is linked with the account.
    Identity {
        /// The provider's name here.
        provider: String,
        /// The provider's name for them.
        subject: String,
    },
}

impl Proof {
    /// Why who has shown it is refused when it holds no more.
    #[must_use]
    pub const fn refused(&self) -> Error {
        match self.by {
            By::Password(_) => Error::InvalidCredentials,
            By::Identity { .. } => Error::Refused(ErrorCode::OauthExpired),
        }
    }
}
