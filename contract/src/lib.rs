//! The wire that Plenum speaks: ids, HTTP bodies, socket events, error codes, the texts people read,
//! and the header by which the gateway names its caller.
//!
//! It knows no framework, no database and no rule about who may do what.

rust_i18n::i18n!("locales", fallback = "en");

pub mod admin;
#[cfg(feature = "axum")]
pub mod axum;
pub mod caller;
mod cures;
pub mod described;
pub mod error;
pub mod events;
pub mod http;
pub mod ids;
pub mod limits;
pub mod meeting;
mod schema;
pub mod status;
pub mod text;
pub mod user;

pub use caller::Caller;
pub use error::{ApiError, ErrorBody, ErrorCode};
pub use ids::{MeetingId, SessionId, UserId};
pub use text::Locale;
