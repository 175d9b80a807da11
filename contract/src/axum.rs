//! The wire in axum's terms, the same for every service: failures as answers, JSON bodies, the caller's
//! language, routers that list their routes. With the feature `axum`.

pub mod body;
mod caller;
pub mod failure;
mod json;
mod listed;
pub mod locale;

pub use self::{body::JsonObject, failure::Failure, json::Json, listed::Listed};
