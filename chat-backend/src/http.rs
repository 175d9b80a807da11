//! Meetings, chat and calls over HTTP, for the callers that the gateway names.

mod acts;
mod calls;
mod guests;
mod meetings;
mod moderation;
pub mod router;
mod stats;
mod trust;

use std::sync::Arc;

use plenum_contract::Locale;
use utoipa::OpenApi;

pub use self::trust::Trust;
use crate::{Config, acts::Acts, ice::IceServers, meetings::Meetings};

/// What every request may need. Clones share the same.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    meetings: Meetings,
    acts: Acts,
    trust: Trust,
    environment: String,
    /// `MAX_PARTICIPANTS` and `MIN_PARTICIPANTS`, which stats report.
    participants: (u32, u32),
    ice_servers: IceServers,
    frontend: Option<String>,
    locale: Locale,
}

/// Every operation that the gateway passes on to here, as its handler tells it.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    acts::act,
    meetings::list,
    meetings::create,
    meetings::of_user,
    meetings::today,
    meetings::get,
    meetings::update,
    meetings::delete,
    meetings::join,
    meetings::leave,
    meetings::by_code,
    meetings::calendar,
    moderation::end,
    moderation::remove,
    moderation::readmit,
    moderation::report,
    stats::chat,
    stats::call_health,
    calls::stats,
    calls::ice_servers,
    calls::room,
))]
pub struct Document;

impl ApiState {
    /// What the routes work on.
    #[must_use]
    pub fn new(meetings: Meetings, acts: Acts, config: &Config) -> Self {
        Self(Arc::new(Inner {
            meetings,
            acts,
            trust: config.trust.clone(),
            environment: config.environment.clone(),
            participants: (config.max_participants, config.min_participants),
            ice_servers: config.ice_servers.clone(),
            frontend: config.frontend.clone(),
            locale: config.locale,
        }))
    }
}
