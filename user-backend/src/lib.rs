//! Accounts, sessions and the gateway: the only way in from outside.
//!
//! Domain files (`accounts`, `sessions`, `passwords`, `rules`, `tokens`) know no HTTP and no SQL; `http` and
//! `store` translate. It never knows an event's name, nor what a meeting is.

pub mod config;
pub mod error;

pub mod accounts;
pub mod passwords;
pub mod rules;
pub mod sessions;
pub mod tokens;

pub mod gateway;
pub mod http;
pub mod serve;
pub mod state;
pub mod store;

pub use config::Config;
pub use serve::serve;
pub use state::AppState;
