//! Stable error codes, shared by HTTP bodies, acks and socket `error` events.

use serde::{Deserialize, Serialize};

use crate::text::{self, Locale};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal),* $(,)?) => {
        /// What went wrong, for programs. The wire form never changes; the texts may.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
        #[ts(export)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it stands on the wire, and as the key of its text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }
        }
    };
}

codes! {
    /// Another account has this mail address.
    EmailTaken = "email_taken",
    /// Not a mail address.
    InvalidEmail = "invalid_email",
    /// A name outside 2 to 50 characters.
    InvalidName = "invalid_name",
    /// A last name outside 2 to 50 characters.
    InvalidLastName = "invalid_last_name",
    /// An age outside 1 to 120, or no number.
    InvalidAge = "invalid_age",
    /// A password that is too short or too long.
    WeakPassword = "weak_password",
    /// No password was given.
    PasswordRequired = "password_required",
    /// Unknown address or wrong password; never which.
    InvalidCredentials = "invalid_credentials",
    /// The request has no session.
    NoSession = "no_session",
    /// The session ended, expired, or never was.
    InvalidSession = "invalid_session",
    /// No such user.
    UserNotFound = "user_not_found",

    /// Title, date or time is missing.
    MeetingFieldsRequired = "meeting_fields_required",
    /// A title outside 1 to 200 characters.
    InvalidTitle = "invalid_title",
    /// A description that is too long or no text.
    InvalidDescription = "invalid_description",
    /// Not a day as `YYYY-MM-DD`.
    InvalidDate = "invalid_date",
    /// Not a time as `HH:mm`.
    InvalidTime = "invalid_time",
    /// Not an IANA time zone.
    InvalidTimeZone = "invalid_time_zone",
    /// A duration outside 1 to 1440 minutes.
    InvalidDuration = "invalid_duration",
    /// A capacity outside 1 to `MAX_MEETING_CAPACITY`.
    InvalidCapacity = "invalid_capacity",
    /// Not `active`, `completed` or `cancelled`.
    InvalidStatus = "invalid_status",
    /// No such meeting.
    MeetingNotFound = "meeting_not_found",
    /// All places of the meeting's room are taken.
    MeetingFull = "meeting_full",
    /// The meeting was completed, cancelled or deleted.
    MeetingEnded = "meeting_ended",
    /// Only the host may do this.
    NotHost = "not_host",

    /// A payload that is not what the event takes.
    InvalidPayload = "invalid_payload",
    /// A message of nothing but blanks.
    EmptyMessage = "empty_message",
    /// A message past 4,000 characters.
    MessageTooLong = "message_too_long",
    /// The user is not in the room.
    NotInMeeting = "not_in_meeting",
    /// Too many events or requests; try again after a moment.
    RateLimited = "rate_limited",
    /// This socket is in too many rooms.
    TooManyRooms = "too_many_rooms",
    /// This user holds too many sockets.
    TooManySockets = "too_many_sockets",

    /// No such route or thing.
    NotFound = "not_found",
    /// The route has no such method.
    MethodNotAllowed = "method_not_allowed",
    /// The body is not JSON, or not an object.
    InvalidJson = "invalid_json",
    /// The body is too large.
    BodyTooLarge = "body_too_large",
    /// The URL is too long.
    UriTooLong = "uri_too_long",
    /// The body's content type is not one the route takes.
    UnsupportedMediaType = "unsupported_media_type",
    /// A path with dot segments, encoded slashes or the like.
    InvalidPath = "invalid_path",
    /// The Origin is neither allowed nor the server's own.
    ForeignOrigin = "foreign_origin",
    /// Signed in, but not allowed.
    Forbidden = "forbidden",
    /// A socket.io handshake that names a wrong protocol or transport.
    BadHandshake = "bad_handshake",
    /// No such socket.io session, or not this user's.
    UnknownSid = "unknown_sid",
    /// The caller of a backend did not show the shared secret.
    BadSecret = "bad_secret",

    /// A store did not answer in time; try again.
    StoreUnavailable = "store_unavailable",
    /// A queue is full; try again after a moment.
    Busy = "busy",
    /// This node is about to stop; connect again.
    ShuttingDown = "shutting_down",
    /// The backend can't be reached.
    BackendUnavailable = "backend_unavailable",
    /// The backend did not answer in time.
    BackendTimeout = "backend_timeout",
    /// Our fault; the log names the request id.
    Internal = "internal",
}

impl ErrorCode {
    /// Whether the same request may succeed later without being changed.
    #[must_use]
    pub const fn retry_helps(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::MeetingFull
                | Self::StoreUnavailable
                | Self::Busy
                | Self::ShuttingDown
                | Self::BackendUnavailable
                | Self::BackendTimeout
                | Self::Internal
        )
    }
}

/// One thing that is wrong: a code, and how to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// For programs.
    pub code: ErrorCode,
    key: &'static str,
    args: Vec<(&'static str, String)>,
}

impl Problem {
    /// The code in its usual words.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, key: code.as_str(), args: Vec::new() }
    }

    /// The code in other words: a key of the table of texts.
    #[must_use]
    pub const fn said(code: ErrorCode, key: &'static str) -> Self {
        Self { code, key, args: Vec::new() }
    }

    /// Fills a `%{name}` of the text.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers give numbers")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// The sentence for people.
    #[must_use]
    pub fn text(&self, locale: Locale) -> String {
        text::of(self.key, locale, &self.args)
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

/// `{code, message, details?}`: the error of an HTTP body, an ack or a socket `error` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ErrorBody {
    /// For programs.
    pub code: ErrorCode,
    /// For people, in the caller's language; several texts are joined with ", ".
    pub message: String,
    /// Each problem, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(as = "Option<Vec<ErrorDetail>>", optional)]
    pub details: Vec<ErrorDetail>,
}

/// One of several problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ErrorDetail {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

impl ErrorBody {
    /// One problem in the caller's language.
    #[must_use]
    pub fn one(problem: &Problem, locale: Locale) -> Self {
        Self { code: problem.code, message: problem.text(locale), details: Vec::new() }
    }

    /// All problems, the first's code leading; [`ErrorCode::Internal`] when there is none.
    #[must_use]
    pub fn all(problems: &[Problem], locale: Locale) -> Self {
        match problems {
            [] => Self::one(&ErrorCode::Internal.into(), locale),
            [one] => Self::one(one, locale),
            [first, ..] => {
                let details: Vec<_> =
                    problems.iter().map(|p| ErrorDetail { code: p.code, message: p.text(locale) }).collect();
                let mut texts: Vec<&str> = details.iter().map(|d| d.message.as_str()).collect();
                texts.dedup();
                Self { code: first.code, message: texts.join(", "), details }
            }
        }
    }
}

/// The body of every failed HTTP request: `{success:false, message, error}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(export)]
pub struct ApiError {
    /// Always false.
    pub success: bool,
    /// The same as `error.message`.
    pub message: String,
    /// What went wrong.
    pub error: ErrorBody,
}

impl From<ErrorBody> for ApiError {
    fn from(error: ErrorBody) -> Self {
        Self { success: false, message: error.message.clone(), error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_in_every_language() {
        for code in ErrorCode::ALL {
            for locale in Locale::ALL {
                let text = Problem::new(*code).text(*locale);
                assert!(
                    !text.contains(code.as_str()) || !code.as_str().contains('_'),
                    "{code:?} in {locale:?}: {text}"
                );
                assert!(text.len() > 3, "{code:?} in {locale:?}: {text}");
            }
        }
    }

    #[test]
    fn the_wire_form_is_the_texts_key() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn several_texts_are_joined() {
        let body =
            ErrorBody::all(&[ErrorCode::InvalidEmail.into(), ErrorCode::InvalidAge.into()], Locale::En);
        assert_eq!(body.code, ErrorCode::InvalidEmail);
        assert_eq!(body.details.len(), 2);
        assert!(body.message.contains(", "), "{}", body.message);
    }

    #[test]
    fn arguments_are_filled_in() {
        let full = Problem::new(ErrorCode::MeetingFull).with("n", 10);
        assert_eq!(full.text(Locale::Es), "Meeting is full (maximum 10 participants)");
    }
}
