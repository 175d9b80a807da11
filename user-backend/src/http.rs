//! The user backend over HTTP. Handlers translate; the rules are the domain's.

pub mod admin;
pub mod auth;
pub mod avatars;
pub mod client;
mod connection;
pub mod cookies;
mod cors;
pub mod document;
pub mod error;
pub mod guests;
pub mod mails;
pub mod oauth;
pub mod origin;
pub mod page;
pub mod router;
pub mod second_factor;
pub mod security;
pub mod session;
pub mod sessions;
pub mod tokens;
pub mod users;
mod web;
