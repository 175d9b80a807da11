//! Bodies of `/api/auth/*` and `/api/users/*`.

use serde::Serialize;

use crate::ids::{MeetingId, SessionId, UserId};

/// What register and login answer.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Account {
    /// The account's id.
    pub uid: UserId,
    /// Folded to lower case.
    pub email: String,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
    /// Years.
    pub age: u32,
}

/// What requests about an address answer, whoever has it.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct AddressBody {
    /// The address, folded to lower case.
    pub email: String,
}

/// One's own profile.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Profile {
    /// The account's id.
    pub id: UserId,
    /// The account's id again.
    pub uid: UserId,
    /// Folded to lower case.
    pub email: String,
    /// First name.
    pub name: String,
    /// Last name.
    #[serde(rename = "last_name")]
    pub last_name: String,
    /// Years.
    pub age: u32,
    /// Address of a picture.
    pub picture: Option<String>,
    /// Whether the mail address has been shown to be theirs.
    pub verified: bool,
    /// Whether they are an admin; absent for who is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    #[schema(required = false)]
    pub admin: bool,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Somebody without an account, who may come to one meeting.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct GuestProfile {
    /// The guest's id.
    pub id: UserId,
    /// The guest's id again.
    pub uid: UserId,
    /// The name that was given, which others see.
    pub name: String,
    /// Always true: a profile of an account has no such field.
    #[ts(type = "true")]
    pub guest: bool,
    /// The code of the meeting's link.
    #[schema(example = "abcd-efgh-jkmn")]
    pub code: String,
}

impl GuestProfile {
    /// Of this guest.
    #[must_use]
    pub fn new(id: UserId, name: String, code: String) -> Self {
        Self { uid: id.clone(), id, name, guest: true, code }
    }
}

/// What coming as a guest answers.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct GuestAccount {
    /// The guest's id.
    pub uid: UserId,
    /// The name that was given, trimmed.
    pub name: String,
    /// Always true.
    #[ts(type = "true")]
    pub guest: bool,
    /// The one meeting that they may come to.
    pub meeting_id: MeetingId,
    /// The code of its link.
    #[schema(example = "abcd-efgh-jkmn")]
    pub code: String,
}

/// One of one's own login sessions.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct OwnSession {
    /// To end it by. Nothing can be done in its name with that.
    pub id: SessionId,
    /// What it is used by, as that says itself: a browser's `User-Agent`.
    pub device: Option<String>,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// ISO 8601 UTC, to the minute or so.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// When it ends by itself at the latest. ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How one's own second factor stands.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SecondFactorBody {
    /// Whether it is asked for at logins.
    pub enabled: bool,
    /// Since when. ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub since: Option<String>,
    /// Recovery codes that were not used.
    #[ts(type = "number")]
    pub recovery_codes_left: u64,
    /// Whether the operator asks it of this user.
    pub required: bool,
}

/// A second factor that is to be confirmed.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct SecondFactorProposal {
    /// Base 32, for typing it into an authenticator app.
    pub secret: String,
    /// `otpauth://`, for a link that opens one.
    pub url: String,
    /// The same as a picture to scan: a `data:` address of a PNG.
    pub qr: String,
}

/// Codes for who has lost the authenticator app: each counts once.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecoveryCodes {
    /// Shown this once.
    pub recovery_codes: Vec<String>,
}

/// What an app holds in place of a cookie.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AppTokens {
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// For `Authorization: Bearer`, on every route and in the handshake of a socket.
    pub access_token: String,
    /// Seconds for which it is worth something.
    #[ts(type = "number")]
    pub expires_in: u64,
    /// To get the next pair by, once. Used again, the session ends.
    pub refresh_token: String,
    /// Seconds for which it is worth something.
    #[ts(type = "number")]
    pub refresh_expires_in: u64,
}

/// A token of one's own for scripts.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct PersonalTokenBody {
    /// To end it by. Nothing can be done in its name with that.
    pub id: SessionId,
    /// What its user calls it.
    pub name: String,
    /// `read`, `write`, `realtime`: what it may be used for.
    pub scopes: Vec<String>,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// ISO 8601 UTC, to the minute or so; null until it is used.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

/// A token that was just made.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct NewPersonalToken {
    /// What goes behind `Authorization: Bearer`. Shown this once.
    pub secret: String,
    /// The rest.
    #[serde(flatten)]
    pub token: PersonalTokenBody,
}

/// Where one may sign in beside here.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct Providers {
    /// Names for `/api/auth/oauth/:name`.
    pub providers: Vec<String>,
}

/// Where to go to sign in at a provider.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct ProviderAddress {
    /// For this browser, within ten minutes.
    pub url: String,
}

/// One of one's own identities: who one is elsewhere.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct IdentityBody {
    /// The provider's name here, or a trusted issuer.
    pub provider: String,
    /// `provider`, which one may unlink; `issuer`, which is the operator's own login.
    pub kind: &'static str,
    /// The address that the provider gave when it was linked.
    pub email: Option<String>,
    /// ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// What others may see of an account.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export)]
pub struct PublicProfile {
    /// The account's id.
    pub id: UserId,
    /// The account's id again.
    pub uid: UserId,
    /// First name.
    pub name: String,
    /// Last name.
    pub last_name: String,
    /// Address of a picture.
    pub picture: Option<String>,
}

/// What a server sees of one's own request.
#[derive(Debug, Clone, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SeenConnection {
    /// The client's address: what limits by address count.
    pub address: String,
    /// Who is at the other end of the connection: the client, or the nearest proxy.
    pub peer: String,
    /// Whether there were `X-Forwarded-*` headers that did not count, since the peer is not among `TRUSTED_PROXIES`.
    pub unbelieved: bool,
    /// Whether a trusted proxy says that it was asked with TLS.
    pub secure: bool,
    /// The `Host` that was asked for.
    pub host: String,
    /// The server's clock, ISO 8601 UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
}
