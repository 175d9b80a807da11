//! Bodies of `/api/auth/*` and `/api/users/*`.

use serde::Serialize;

use crate::ids::UserId;

/// What register and login answer.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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

/// One's own profile.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
    /// ISO 8601 UTC.
    pub created_at: String,
    /// ISO 8601 UTC.
    pub updated_at: String,
}

/// What others may see of an account.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
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
