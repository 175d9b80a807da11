use plenum_contract::error::{ErrorCode, Problem};

use crate::store::StoreError;

/// Why a meeting can't be had, made or changed.
#[derive(Debug, thiserror::Error)]
pub enum MeetingError {
    /// What was sent breaks these rules, one at least.
    #[error("not valid")]
    Invalid(Vec<Problem>),
    /// No such meeting.
    #[error("not found")]
    NotFound,
    /// Only the host may change it.
    #[error("not the host")]
    MayNotUpdate,
    /// Only the host may delete it.
    #[error("not the host")]
    MayNotDelete,
    /// The meeting, or its live room, does not let them.
    #[error("refused: {0:?}")]
    Refused(ErrorCode),
    /// The stored list of participants has no place for one more; how many it holds.
    #[error("full")]
    Full(usize),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MeetingError {
    /// What is wrong, to be said to people.
    #[must_use]
    pub fn problems(self) -> Vec<Problem> {
        let problem = match self {
            Self::Invalid(problems) => return problems,
            Self::NotFound => ErrorCode::MeetingNotFound.into(),
            Self::MayNotUpdate => ErrorCode::NotHost.into(),
            Self::MayNotDelete => Problem::said(ErrorCode::NotHost, "not_host.delete"),
            Self::Refused(code) => code.into(),
            Self::Full(places) => Problem::new(ErrorCode::MeetingFull).with("n", places),
            Self::Store(StoreError::Unavailable(_)) => ErrorCode::StoreUnavailable.into(),
            Self::Store(StoreError::Corrupt(_)) => ErrorCode::Internal.into(),
        };
        vec![problem]
    }
}
