//! Why something was refused, in the domain's words.

use plenum_contract::{ErrorCode, error::Problem};

/// The store did not answer in time, or not as it should; the text is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the accounts store can't be used: {0}")]
pub struct StoreUnavailable(pub String);

/// Why a request about accounts or sessions was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The input breaks rules: all of them, one at least.
    #[error("invalid input")]
    Invalid(Vec<Problem>),
    /// Another account has this mail address.
    #[error("the mail address is taken")]
    EmailTaken,
    /// Unknown address or wrong password.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// The request has no session.
    #[error("no session")]
    NoSession,
    /// The session ended, expired, or never was.
    #[error("no such session")]
    InvalidSession,
    /// No such user.
    #[error("no such user")]
    UserNotFound,
    /// Too many passwords wait to be hashed.
    #[error("too many passwords wait")]
    Busy,
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreUnavailable),
    /// Our fault; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// What the caller is told, one at least.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let code = match self {
            Self::Invalid(problems) => return problems.clone(),
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::NoSession => ErrorCode::NoSession,
            Self::InvalidSession => ErrorCode::InvalidSession,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::Busy => ErrorCode::Busy,
            Self::Store(_) => ErrorCode::StoreUnavailable,
            Self::Internal(_) => ErrorCode::Internal,
        };
        vec![code.into()]
    }
}
