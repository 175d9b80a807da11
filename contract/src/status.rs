//! The HTTP status of each error code: the one place that knows them.

use http::StatusCode;

use crate::error::ErrorCode;

/// The status with which a code is answered over HTTP.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a table, with a line for each code")]
pub const fn of(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::InvalidEmail
        | E::InvalidName
        | E::InvalidLastName
        | E::InvalidAge
        | E::WeakPassword
        | E::PasswordRequired
        | E::WrongPassword
        | E::CurrentPasswordRequired
        | E::ConfirmationRequired
        | E::PasswordMismatch
        | E::InvalidQuery
        | E::InvalidImage
        | E::TwoCredentials
        | E::RefreshTokenRequired
        | E::InvalidToken
        | E::OauthExpired
        | E::OauthDenied
        | E::OauthFailed
        | E::InvalidVerificationCode
        | E::ResetCodeRequired
        | E::InvalidResetCode
        | E::InvalidInvitation
        | E::EmailDomainNotAllowed
        | E::MeetingFieldsRequired
        | E::InvalidTitle
        | E::InvalidDescription
        | E::InvalidDate
        | E::InvalidTime
        | E::InvalidTimeZone
        | E::InvalidDuration
        | E::InvalidCapacity
        | E::InvalidStatus
        | E::InvalidPayload
        | E::EmptyMessage
        | E::InvalidSignal
        | E::InvalidReaction
        | E::InvalidPoll
        | E::InvalidVote
        | E::InvalidPasscode
        | E::InvalidOption
        | E::InvalidCoHosts
        | E::InvalidMeetingCode
        | E::MessageTooLong
        | E::InvalidJson
        | E::InvalidPath
        | E::BadHandshake
        | E::UnknownSid => StatusCode::BAD_REQUEST,
        E::InvalidCredentials
        | E::NoSession
        | E::InvalidSession
        | E::InvalidBearer
        | E::SecondFactorRequired
        | E::InvalidSecondFactor => StatusCode::UNAUTHORIZED,
        E::AccountDisabled
        | E::OauthAddressUnverified
        | E::EmailNotVerified
        | E::RegistrationClosed
        | E::InvitationRequired
        | E::InsufficientScope
        | E::ConfirmSecondFactor
        | E::RecentLoginRequired
        | E::SecondFactorSetupRequired
        | E::NotHost
        | E::NotInMeeting
        | E::NotInCall
        | E::PasscodeRequired
        | E::WrongPasscode
        | E::MeetingLocked
        | E::WaitingRoom
        | E::RemovedFromMeeting
        | E::GuestsNotAllowed
        | E::NotModerator
        | E::NotAdmin
        | E::NotAuthor
        | E::ForeignOrigin
        | E::Forbidden
        | E::BadSecret => StatusCode::FORBIDDEN,
        E::UserNotFound
        | E::AvatarNotFound
        | E::SessionNotFound
        | E::TokenNotFound
        | E::IdentityNotFound
        | E::MeetingNotFound
        | E::PeerNotFound
        | E::ParticipantNotFound
        | E::MessageNotFound
        | E::PollNotFound
        | E::NotFound => StatusCode::NOT_FOUND,
        E::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        E::EmailTaken
        | E::OauthAddressTaken
        | E::IdentityTaken
        | E::ProviderLinked
        | E::LastWayIn
        | E::NoPassword
        | E::TooManyTokens
        | E::SecondFactorEnabled
        | E::NoSecondFactor
        | E::AlreadySignedIn
        | E::MeetingFull
        | E::CallFull
        | E::WaitingRoomFull
        | E::TooManyReactions
        | E::ScreenTaken
        | E::NeedsSocket
        | E::OwnAccount
        | E::TooManyPolls
        | E::PollClosed
        | E::MeetingEnded => StatusCode::CONFLICT,
        E::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::UriTooLong => StatusCode::URI_TOO_LONG,
        E::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::RateLimited | E::TooManyTries | E::TooManyRooms | E::TooManySockets => {
            StatusCode::TOO_MANY_REQUESTS
        }
        E::Internal | E::OauthNotConfigured => StatusCode::INTERNAL_SERVER_ERROR,
        E::BackendUnavailable => StatusCode::BAD_GATEWAY,
        E::StoreUnavailable | E::Busy | E::ShuttingDown | E::OauthUnavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        E::BackendTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
