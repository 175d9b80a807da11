//! The trusted service: meetings and the rooms in which they meet.
//!
//! It believes whatever the gateway says of the caller, and nothing a payload says. It knows no password, no
//! cookie and no browser. Domain files (`meetings`, `rooms`) know no HTTP, no socket library and no SQL.

pub mod config;
pub mod serve;

pub mod acts;
pub mod alone;
pub mod attendance;
pub mod cluster;
pub mod ice;
pub mod live_counts;
pub mod meetings;
pub mod metrics;
pub mod rooms;

pub mod http;
mod inside;
pub mod socket;
pub mod store;

pub use config::Config;
pub use serve::{serve, start};
