//! Accounts, sessions and the gateway: the only way in from outside.
//!
//! Domain files (`accounts`, `sessions`, `app_tokens`, `avatars`, `devices`, `identities`, `limits`, `mail`, `mail_codes`, `oauth`,
//! `operator`, `passwords`, `personal_tokens`, `proof`, `registration`, `rules`, `scopes`, `second_factor`, `signatures`, `tokens`, `trusted`,
//! `verification`) know no HTTP of ours and no SQL;
//! `http` and `store` translate, and `outside` asks other servers. It never knows an event's name, nor what a meeting is.

pub mod config;
pub mod error;

pub mod accounts;
pub mod admin;
pub mod alone;
pub mod app_tokens;
pub mod avatars;
pub mod devices;
pub mod identities;
pub mod limits;
pub mod mail;
pub mod mail_codes;
pub mod metrics;
pub mod oauth;
pub mod operator;
pub mod outside;
pub mod passwords;
pub mod personal_tokens;
pub mod proof;
pub mod registration;
pub mod rules;
pub mod scopes;
pub mod second_factor;
pub mod sessions;
pub mod signatures;
mod sweeping;
pub mod tokens;
pub mod trusted;
mod turns;
pub mod verification;

pub mod gateway;
pub mod guests;
pub mod http;
pub mod pictures;
pub mod serve;
pub mod state;
pub mod store;

pub use config::Config;
pub use serve::serve;
pub use state::AppState;
