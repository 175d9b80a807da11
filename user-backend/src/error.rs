//! Why something was refused, in the domain's words.

use std::time::Duration;

use plenum_contract::{ErrorCode, error::Problem};

/// A store did not answer in time, or not as it should; the text is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a store can't be used: {0}")]
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
    /// Another account has the address that one's own was to have.
    #[error("the mail address is in use")]
    EmailInUse,
    /// The password that was to be changed is another.
    #[error("wrong password")]
    WrongPassword,
    /// An operator has disabled the account.
    #[error("the account is disabled")]
    AccountDisabled,
    /// Unknown address or wrong password.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// The request has no session.
    #[error("no session")]
    NoSession,
    /// The session ended, expired, or never was.
    #[error("no such session")]
    InvalidSession,
    /// A bearer token that can't be one, has expired, or was ended.
    #[error("no such bearer token")]
    InvalidBearer,
    /// Both a session's cookie and a bearer token.
    #[error("two credentials")]
    TwoCredentials,
    /// The token may not be used for this.
    #[error("the token's scopes don't reach that far")]
    InsufficientScope,
    /// Refused for a reason that is a code of its own.
    #[error("{}", .0.as_str())]
    Refused(ErrorCode),
    /// Asked too often: how long to wait.
    #[error("asked too often; wait {0:?}")]
    TooOften(Duration),
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
            Self::EmailInUse => return vec![Problem::said(ErrorCode::EmailTaken, "email_taken.profile")],
            Self::WrongPassword => ErrorCode::WrongPassword,
            Self::AccountDisabled => ErrorCode::AccountDisabled,
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::NoSession => ErrorCode::NoSession,
            Self::InvalidSession => ErrorCode::InvalidSession,
            Self::InvalidBearer => ErrorCode::InvalidBearer,
            Self::TwoCredentials => ErrorCode::TwoCredentials,
            Self::InsufficientScope => ErrorCode::InsufficientScope,
            Self::Refused(code) => *code,
            Self::TooOften(_) => ErrorCode::RateLimited,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::Busy => ErrorCode::Busy,
            Self::Store(_) => ErrorCode::StoreUnavailable,
            Self::Internal(_) => ErrorCode::Internal,
        };
        vec![code.into()]
    }
}
