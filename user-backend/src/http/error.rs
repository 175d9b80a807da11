//! The domain's errors as answers.

pub use plenum_contract::axum::Failure;

use crate::error::Error;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = matches!(error, Error::Store(_) | Error::Internal(_)).then(|| error.to_string());
        let failure = Self::all(error.problems(), cause);
        match error {
            Error::TooOften(wait) => failure.after(wait),
            _ => failure,
        }
    }
}
