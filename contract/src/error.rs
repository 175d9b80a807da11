//! Stable error codes, shared by HTTP bodies, acks and socket `error` events.

use serde::{Deserialize, Serialize};

use crate::text::{self, Locale};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $wire:literal),* $(,)?) => {
        /// What went wrong, for programs. The wire form never changes; the texts may.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
        #[ts(export)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* #[serde(rename = $wire)] $name,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What brings it about.
            #[must_use]
            pub fn cause(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim_ascii(),)* }
            }

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
    /// The current password is another.
    WrongPassword = "wrong_password",
    /// No current password was given.
    CurrentPasswordRequired = "current_password_required",
    /// The new password was not typed again.
    ConfirmationRequired = "confirmation_required",
    /// The new password was typed differently the second time.
    PasswordMismatch = "password_mismatch",
    /// An operator has disabled the account.
    AccountDisabled = "account_disabled",
    /// A search for less than two characters.
    InvalidQuery = "invalid_query",
    /// No such session of one's own.
    SessionNotFound = "session_not_found",
    /// The password was right, and a code of the second factor is needed.
    SecondFactorRequired = "second_factor_required",
    /// A code of the second factor that is wrong, or was used.
    InvalidSecondFactor = "invalid_second_factor",
    /// This change needs a code of the second factor, shown in the last ten minutes.
    ConfirmSecondFactor = "confirm_second_factor",
    /// This change of an account without a password needs a session that began in the last ten minutes.
    RecentLoginRequired = "recent_login_required",
    /// Of this user a second factor is asked, and they have to set it up first.
    SecondFactorSetupRequired = "second_factor_setup_required",
    /// There is a second factor already.
    SecondFactorEnabled = "second_factor_enabled",
    /// There is no second factor, and none was proposed.
    NoSecondFactor = "no_second_factor",
    /// Too many wrong codes; try again in a quarter of an hour.
    TooManyTries = "too_many_tries",
    /// Both a session's cookie and a bearer token were sent.
    TwoCredentials = "two_credentials",
    /// A bearer token that can't be one, has expired, or was ended.
    InvalidBearer = "invalid_bearer",
    /// The token may not be used for this.
    InsufficientScope = "insufficient_scope",
    /// No refresh token was given.
    RefreshTokenRequired = "refresh_token_required",
    /// A personal token without a name, without scopes, or that is to last too long.
    InvalidToken = "invalid_token",
    /// The user has as many personal tokens as they may.
    TooManyTokens = "too_many_tokens",
    /// No such personal token of one's own.
    TokenNotFound = "token_not_found",
    /// The server has no such provider of sign-in.
    OauthNotConfigured = "oauth_not_configured",
    /// The provider of sign-in can't be reached, or does not answer as it should.
    OauthUnavailable = "oauth_unavailable",
    /// Nobody was sent there with this state, not from this browser, or too long ago.
    OauthExpired = "oauth_expired",
    /// They said no at the provider.
    OauthDenied = "oauth_denied",
    /// What the provider says is not right.
    OauthFailed = "oauth_failed",
    /// The provider does not say that the mail address was shown to be theirs.
    OauthAddressUnverified = "oauth_address_unverified",
    /// An account has the mail address, and it was not shown here that it is theirs.
    OauthAddressTaken = "oauth_address_taken",
    /// Another account is signed in to by this identity.
    IdentityTaken = "identity_taken",
    /// The account has another identity of this provider.
    ProviderLinked = "provider_linked",
    /// No such identity of one's own.
    IdentityNotFound = "identity_not_found",
    /// Without it nobody could sign in to the account.
    LastWayIn = "last_way_in",
    /// The account has no password.
    NoPassword = "no_password",
    /// The password was right, and the mail address has to be shown to be theirs first.
    EmailNotVerified = "email_not_verified",
    /// A code for an address that is wrong, has expired, or was tried too often; or the address has none.
    InvalidVerificationCode = "invalid_verification_code",
    /// No code of a reset link was given.
    ResetCodeRequired = "reset_code_required",
    /// A reset link that never was, has expired, or was used.
    InvalidResetCode = "invalid_reset_code",
    /// Nobody can register here.
    RegistrationClosed = "registration_closed",
    /// Only who was invited can register here.
    InvitationRequired = "invitation_required",
    /// An invitation that never was, has expired, was used, or is for another address.
    InvalidInvitation = "invalid_invitation",
    /// Addresses of this domain can't register here.
    EmailDomainNotAllowed = "email_domain_not_allowed",
    /// Unknown address or wrong password; never which.
    InvalidCredentials = "invalid_credentials",
    /// The request has no session.
    NoSession = "no_session",
    /// The session ended, expired, or never was.
    InvalidSession = "invalid_session",
    /// No such user.
    UserNotFound = "user_not_found",
    /// A picture that can't be read, or has too many pixels.
    InvalidImage = "invalid_image",
    /// The user has no picture here.
    AvatarNotFound = "avatar_not_found",

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
    /// All places in the call are taken.
    CallFull = "call_full",
    /// The user is not in the call.
    NotInCall = "not_in_call",
    /// Whom a signal is for is not in the call.
    PeerNotFound = "peer_not_found",
    /// A signal that can't be passed on.
    InvalidSignal = "invalid_signal",
    /// The meeting has a passcode, and none was given.
    PasscodeRequired = "passcode_required",
    /// Another passcode than the meeting's.
    WrongPasscode = "wrong_passcode",
    /// The meeting takes nobody new now.
    MeetingLocked = "meeting_locked",
    /// The user waits to be let in by a host.
    WaitingRoom = "waiting_room",
    /// Too many wait already.
    WaitingRoomFull = "waiting_room_full",
    /// A host has removed the user from the meeting.
    RemovedFromMeeting = "removed_from_meeting",
    /// Who is signed in with an account needs no guest's session.
    AlreadySignedIn = "already_signed_in",
    /// No code of a meeting's link was given.
    InvalidMeetingCode = "invalid_meeting_code",
    /// The meeting takes no guests.
    GuestsNotAllowed = "guests_not_allowed",
    /// Only who hosts may do this.
    NotModerator = "not_moderator",
    /// Only admins may.
    NotAdmin = "not_admin",
    /// An admin can't do this to their own account.
    OwnAccount = "own_account",
    /// Only a socket can do this: it is of its own coming and going, or of its seat in the call.
    NeedsSocket = "needs_socket",
    /// No such user in the meeting.
    ParticipantNotFound = "participant_not_found",
    /// No such message, or one that is too old to be changed.
    MessageNotFound = "message_not_found",
    /// The message is another's.
    NotAuthor = "not_author",
    /// Not one emoji.
    InvalidReaction = "invalid_reaction",
    /// Too many different reactions to one message.
    TooManyReactions = "too_many_reactions",
    /// Somebody presents already.
    ScreenTaken = "screen_taken",
    /// A poll outside its bounds.
    InvalidPoll = "invalid_poll",
    /// As many polls as a meeting may have.
    TooManyPolls = "too_many_polls",
    /// No such poll.
    PollNotFound = "poll_not_found",
    /// The poll is over.
    PollClosed = "poll_closed",
    /// Choices that the poll does not have, or too many.
    InvalidVote = "invalid_vote",
    /// A passcode outside 4 to 32 characters.
    InvalidPasscode = "invalid_passcode",
    /// A meeting's option that is neither true nor false.
    InvalidOption = "invalid_option",
    /// Co-hosts that are no list of ids, or too many.
    InvalidCoHosts = "invalid_co_hosts",
}

/// By hand: a derive does not see through the macro to the names on the wire.
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .description(Some("What went wrong, for programs. The wire form never changes; the texts may."))
            .into()
    }
}

impl utoipa::ToSchema for ErrorCode {}

impl ErrorCode {
    /// Whether the same request may succeed later without being changed.
    #[must_use]
    pub const fn retry_helps(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::TooManyTries
                | Self::MeetingFull
                | Self::StoreUnavailable
                | Self::Busy
                | Self::OauthUnavailable
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct ErrorBody {
    /// For programs.
    pub code: ErrorCode,
    /// For people, in the caller's language; several texts are joined with ", ".
    pub message: String,
    /// Each problem, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(as = "Option<Vec<ErrorDetail>>", optional)]
    #[schema(min_items = 2)]
    pub details: Vec<ErrorDetail>,
}

/// One of several problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct ApiError {
    /// Always false.
    #[schema(schema_with = crate::schema::no)]
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
