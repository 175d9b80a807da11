//! The user backend over HTTP. Handlers translate; the rules are the domain's.

pub mod auth;
pub mod cookies;
pub mod cors;
pub mod error;
pub mod origin;
pub mod page;
pub mod router;
pub mod security;
pub mod session;
pub mod users;
