//! Meetings, chat and calls over HTTP, for the callers that the gateway names.

mod meetings;
pub mod router;
mod stats;
mod trust;

use std::sync::Arc;

use plenum_contract::Locale;

pub use self::trust::Trust;
use crate::{Config, meetings::Meetings};

/// What every request may need. Clones share the same.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    meetings: Meetings,
    trust: Trust,
    environment: String,
    /// `MAX_PARTICIPANTS` and `MIN_PARTICIPANTS`, which stats report.
    participants: (u32, u32),
    locale: Locale,
}

impl ApiState {
    /// What the routes work on.
    #[must_use]
    pub fn new(meetings: Meetings, config: &Config) -> Self {
        Self(Arc::new(Inner {
            meetings,
            trust: config.trust.clone(),
            environment: config.environment.clone(),
            participants: (config.max_participants, config.min_participants),
            locale: config.locale,
        }))
    }
}
