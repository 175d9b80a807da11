//! What is to be done about each error code: by who writes a client, or runs the server.

use crate::error::ErrorCode;

impl ErrorCode {
    /// What is to be done about it, in a sentence or two.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub const fn cure(self) -> &'static str {
        match self {
            Self::EmailTaken
            | Self::InvalidEmail
            | Self::InvalidName
            | Self::InvalidLastName
            | Self::InvalidAge
            | Self::WeakPassword
            | Self::PasswordRequired
            | Self::CurrentPasswordRequired
            | Self::ConfirmationRequired
            | Self::PasswordMismatch
            | Self::InvalidTitle
            | Self::InvalidDescription
            | Self::InvalidDate
            | Self::InvalidTime
            | Self::InvalidTimeZone
            | Self::InvalidDuration
            | Self::InvalidCapacity
            | Self::InvalidStatus
            | Self::MeetingFieldsRequired
            | Self::InvalidPasscode
            | Self::InvalidOption
            | Self::InvalidCoHosts
            | Self::InvalidQuery => "Show the message at the field and let the user write another value.",
            Self::WrongPassword | Self::InvalidCredentials => {
                "Ask for the password again; with many tries it is the wrong account or a reset is due."
            }
            Self::AccountDisabled => {
                "The user can do nothing: an operator enables the account with `plenum user enable`, or an admin on the page of accounts."
            }
            Self::SecondFactorRequired | Self::ConfirmSecondFactor => {
                "Ask for the code of the authenticator app, or a recovery code, and send the request again with it."
            }
            Self::InvalidSecondFactor => {
                "Let the user wait for the next code; where codes never fit, the clock of the phone or of the server is wrong. Who has lost everything asks an operator (`plenum user clear-second-factor`)."
            }
            Self::RecentLoginRequired | Self::NoSession | Self::InvalidSession | Self::OauthExpired => {
                "Send the user through the login again, then repeat the request."
            }
            Self::SecondFactorSetupRequired => {
                "Lead the user to the set-up of a second factor; an operator asks it of the role with `REQUIRE_SECOND_FACTOR`."
            }
            Self::SecondFactorEnabled
            | Self::NoSecondFactor
            | Self::SessionNotFound
            | Self::TokenNotFound
            | Self::IdentityNotFound
            | Self::ProviderLinked
            | Self::PollNotFound
            | Self::PollClosed
            | Self::MessageNotFound
            | Self::ParticipantNotFound
            | Self::PeerNotFound
            | Self::AlreadySignedIn => "Load the state again: it is not what the page shows.",
            Self::RateLimited | Self::TooManyTries => {
                "Wait as long as `Retry-After` says, or a minute, and try again; do not try in a loop. An operator sees who meets it under \"What went wrong\" and sets `RATE_LIMIT_*`."
            }
            Self::TwoCredentials => {
                "Send one credential only: the cookie in a browser, `Authorization` from an app."
            }
            Self::InvalidBearer => {
                "Get another token: an access token by its refresh token, a personal one from its user."
            }
            Self::InsufficientScope => {
                "Use a token with the scope that the route needs, or a browser's session where no token may."
            }
            Self::RefreshTokenRequired
            | Self::InvalidToken
            | Self::InvalidPayload
            | Self::InvalidSignal
            | Self::InvalidReaction
            | Self::InvalidPoll
            | Self::InvalidVote
            | Self::InvalidJson
            | Self::UnsupportedMediaType
            | Self::MethodNotAllowed
            | Self::NotFound
            | Self::InvalidPath
            | Self::UriTooLong
            | Self::BadHandshake
            | Self::EmptyMessage
            | Self::InvalidMeetingCode => {
                "Correct the request: the reference at `/docs` says what the route takes."
            }
            Self::TooManyTokens
            | Self::TooManyRooms
            | Self::TooManySockets
            | Self::TooManyPolls
            | Self::TooManyReactions => "Let the user end what they do not need, then try again.",
            Self::OauthNotConfigured => {
                "The operator sets the provider's id, secret and callback address; `.env.example` names the variables."
            }
            Self::OauthUnavailable => {
                "Let the user try again in a while, or sign in another way; the log says what the provider answered."
            }
            Self::OauthDenied => "Let the user try again, and say yes this time, or sign in another way.",
            Self::OauthFailed => {
                "Compare the client's id, secret and callback address with what the provider has; the log says what did not fit."
            }
            Self::OauthAddressUnverified => {
                "The user confirms the address at the provider, or signs in here by password."
            }
            Self::OauthAddressTaken => {
                "The user signs in as before and links the provider in the security settings."
            }
            Self::IdentityTaken => "The user unlinks it from the other account first.",
            Self::LastWayIn | Self::NoPassword => {
                "Set a password (by a reset link), or link another provider, before this one goes."
            }
            Self::EmailNotVerified | Self::InvalidVerificationCode => {
                "Ask for the digits of the mail (`POST /api/auth/verify`), and offer to send them again."
            }
            Self::ResetCodeRequired | Self::InvalidResetCode => {
                "Send the user to the page that sends a new link."
            }
            Self::RegistrationClosed
            | Self::InvitationRequired
            | Self::InvalidInvitation
            | Self::EmailDomainNotAllowed => {
                "Whoever runs the server invites people (`plenum invite`), or opens it with `REGISTRATION` and `REGISTRATION_DOMAINS`."
            }
            Self::UserNotFound => {
                "Show that there is no such account: it was deleted, or the id is mistaken."
            }
            Self::InvalidImage => "Let the user choose another picture: PNG, JPEG or WebP of 5 MiB at most.",
            Self::AvatarNotFound => "Show initials in its place.",
            Self::MeetingNotFound => "Check the link or the id; the meeting may have been deleted.",
            Self::MeetingFull => "Let the user wait for a place, or the host raise `maxParticipants`.",
            Self::CallFull => {
                "Let the user wait for a place in the call; an operator raises `MAX_PARTICIPANTS`."
            }
            Self::MeetingEnded => "Nothing is to be done: it is over. The host can plan another.",
            Self::NotHost => "Offer this to the host alone.",
            Self::NotModerator => {
                "Offer this to the host and co-hosts alone (`meeting:roles` says who they are)."
            }
            Self::NotAdmin => {
                "Offer this to admins alone (`admin` of the profile); an operator makes one with `plenum user grant`."
            }
            Self::OwnAccount => "Another admin does it, or an operator at the machine.",
            Self::NeedsSocket => "Send the event of the same name over a socket.",
            Self::NotAuthor => "Offer this to the author alone.",
            Self::MessageTooLong => "Cut the text, or send it in parts.",
            Self::NotInMeeting => "Join the meeting first (`join:meeting`); after a reconnect join again.",
            Self::NotInCall => {
                "Join the call first (`call:join`); another window of the user may have taken the seat."
            }
            Self::PasscodeRequired | Self::WrongPasscode => "Ask for the passcode and join again with it.",
            Self::MeetingLocked => "Let the user try later, or ask the host to unlock it.",
            Self::WaitingRoom => {
                "Show that the host will let them in, and wait for `lobby:admitted` or `lobby:denied`."
            }
            Self::WaitingRoomFull => "Try again in a moment; a host lets people in or turns some away.",
            Self::RemovedFromMeeting => "Nothing is to be done by the user: a host can let them come back.",
            Self::GuestsNotAllowed => "Let the user log in with an account, or the host allow guests.",
            Self::ScreenTaken => "Wait until nobody presents (`screen:stopped`), or a host ends it.",
            Self::BodyTooLarge => "Send less: the limits are in the guide.",
            Self::ForeignOrigin => {
                "The operator names the site in `CORS_ORIGIN`; requests of one's own site need nothing."
            }
            Self::Forbidden => "Do not offer it: it is another's, or not for guests.",
            Self::UnknownSid => "Connect again: the official client does so by itself.",
            Self::BadSecret => "The operator gives both services the same `INTERNAL_SECRET`.",
            Self::StoreUnavailable => {
                "Try again in a while, as clients do by themselves. The operator looks at the database (or Redis, Firestore, the bucket): `/ready` and the log say which is away."
            }
            Self::Busy => {
                "Try again in a moment. Where it lasts, the operator gives the process more, or runs several."
            }
            Self::ShuttingDown => {
                "Try again at once: another process answers, or this one is back in a moment."
            }
            Self::BackendUnavailable | Self::BackendTimeout => {
                "Try again in a while. The operator looks whether the chat backend runs and `CHAT_BACKEND_URL` names it."
            }
            Self::Internal => {
                "Report it with the request's id (`X-Request-Id`): the server's log says under that id what happened."
            }
        }
    }
}
