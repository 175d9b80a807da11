//! Passcodes, and who guesses them.

use std::{fmt, num::NonZeroU32, sync::Arc};

use governor::{DefaultKeyedRateLimiter, Quota};
use plenum_contract::{Caller, MeetingId, UserId, error::ErrorCode, limits::PASSCODE_MAX};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::{Meeting, NotAdmitted};

/// Characters of a passcode, at least.
const PASSCODE_MIN: usize = 4;
/// Passcodes that one user may try at one meeting in a minute.
const TRIES: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Users and meetings whose tries are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// What one says to come into a meeting. Its host reads it and passes it on, so it is kept as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passcode(Arc<str>);

impl Passcode {
    /// Of 4 to 32 characters, trimmed. U+0000 is none: PostgreSQL can't hold it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (PASSCODE_MIN..=PASSCODE_MAX).contains(&text.chars().count()) && !text.contains('\0');
        fits.then(|| Self(text.into()))
    }

    /// Whether this is what was given, in a time that does not tell how much of it is right.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.trim().as_bytes()).into()
    }

    /// For hosts, and for the store.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode")
    }
}

/// Counts who tries passcodes, for all of this process. Clones are the same.
#[derive(Clone)]
pub struct Passcodes(Arc<DefaultKeyedRateLimiter<(MeetingId, UserId)>>);

impl fmt::Debug for Passcodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passcodes").field("remembered", &self.0.len()).finish()
    }
}

impl Default for Passcodes {
    fn default() -> Self {
        Self(Arc::new(DefaultKeyedRateLimiter::dashmap(Quota::per_minute(TRIES))))
    }
}

impl Passcodes {
    /// Whether the meeting [admits](Meeting::admits) who asks with this passcode. [`ErrorCode::TooManyTries`] for who tried
    /// too many just now, whether or not this one is right.
    pub fn check(&self, meeting: &Meeting, who: &Caller, given: Option<&str>) -> Result<(), ErrorCode> {
        let admitted = match (meeting.admits(who, None), given) {
            (Err(NotAdmitted::PasscodeRequired), Some(_)) => {
                self.count(&meeting.id, &who.user)?;
                meeting.admits(who, given)
            }
            (admitted, _) => admitted,
        };
        Ok(admitted?)
    }

    /// Counts one try. [`ErrorCode::TooManyTries`] for who tried too many just now.
    pub fn count(&self, meeting: &MeetingId, user: &UserId) -> Result<(), ErrorCode> {
        if self.0.len() >= REMEMBERED_MAX {
            self.0.retain_recent();
            if self.0.len() >= REMEMBERED_MAX {
                return Err(ErrorCode::TooManyTries);
            }
        }
        let key = (meeting.clone(), user.clone());
        self.0.check_key(&key).map_err(|_| ErrorCode::TooManyTries)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::admission::tests::*, *};

    #[test]
    fn a_passcode_is_short_trimmed_and_does_not_print() {
        assert_eq!(Passcode::parse("  open sesame ").unwrap().reveal(), "open sesame");
        for bad in ["", "abc", "  abc  ", &"x".repeat(33), "abc\0d"] {
            assert_eq!(Passcode::parse(bad), None, "{bad:?}");
        }
        assert!(Passcode::parse(&"ñ".repeat(32)).is_some());
        let passcode = Passcode::parse("1234").unwrap();
        assert!(passcode.is("1234") && passcode.is(" 1234\n") && !passcode.is("12345") && !passcode.is(""));
        assert!(!format!("{passcode:?}").contains("1234"));
    }

    #[test]
    fn who_guesses_too_often_waits_and_others_do_not() {
        let (passcodes, meeting) = (Passcodes::default(), with_passcode("sesame"));
        let (eve, ben) = (somebody(), somebody());
        for _ in 0..5 {
            assert_eq!(passcodes.check(&meeting, &eve, Some("guess")), Err(ErrorCode::WrongPasscode));
        }
        assert_eq!(passcodes.check(&meeting, &eve, Some("guess")), Err(ErrorCode::TooManyTries));
        assert_eq!(passcodes.check(&meeting, &eve, Some("sesame")), Err(ErrorCode::TooManyTries));
        assert_eq!(passcodes.check(&meeting, &eve, None), Err(ErrorCode::PasscodeRequired));
        assert_eq!(passcodes.check(&meeting, &ben, Some("sesame")), Ok(()));
        assert_eq!(passcodes.check(&with_passcode("sesame"), &eve, Some("sesame")), Ok(()));
    }

    #[test]
    fn what_needs_no_passcode_counts_no_tries() {
        let (passcodes, mut meeting, ben) = (Passcodes::default(), with_passcode("sesame"), somebody());
        meeting.participants.push(ben.user.clone());
        for _ in 0..100 {
            assert_eq!(passcodes.check(&meeting, &ben, Some("guess")), Ok(()));
        }
        assert_eq!(passcodes.0.len(), 0);
    }

    #[test]
    fn the_memory_of_tries_is_bounded() {
        let (passcodes, meeting) = (Passcodes::default(), with_passcode("sesame"));
        for _ in 0..REMEMBERED_MAX {
            assert_eq!(passcodes.check(&meeting, &somebody(), Some("guess")), Err(ErrorCode::WrongPasscode));
        }
        assert_eq!(passcodes.check(&meeting, &somebody(), Some("sesame")), Err(ErrorCode::TooManyTries));
        assert!(passcodes.0.len() <= REMEMBERED_MAX);
    }
}
