//! The HTTP status of each error code: the one place that knows them.

use http::StatusCode;

use crate::error::ErrorCode;

/// The status with which a code is answered over HTTP.
#[must_use]
pub const fn of(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::InvalidEmail
        | E::InvalidName
        | E::InvalidLastName
        | E::InvalidAge
        | E::WeakPassword
        | E::PasswordRequired
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
        | E::MessageTooLong
        | E::InvalidJson
        | E::InvalidPath
        | E::BadHandshake
        | E::UnknownSid => StatusCode::BAD_REQUEST,
        E::InvalidCredentials | E::NoSession | E::InvalidSession => StatusCode::UNAUTHORIZED,
        E::NotHost | E::NotInMeeting | E::ForeignOrigin | E::Forbidden | E::BadSecret => {
            StatusCode::FORBIDDEN
        }
        E::UserNotFound | E::MeetingNotFound | E::NotFound => StatusCode::NOT_FOUND,
        E::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        E::EmailTaken | E::MeetingFull | E::MeetingEnded => StatusCode::CONFLICT,
        E::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::UriTooLong => StatusCode::URI_TOO_LONG,
        E::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::RateLimited | E::TooManyRooms | E::TooManySockets => StatusCode::TOO_MANY_REQUESTS,
        E::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        E::BackendUnavailable => StatusCode::BAD_GATEWAY,
        E::StoreUnavailable | E::Busy | E::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        E::BackendTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
