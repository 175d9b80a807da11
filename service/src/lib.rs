//! What every server process needs, whatever it serves: variables, time, logs, metrics, traces, a life that ends in order,
//! connections that can be cut, and a database.
//!
//! It knows nothing of meetings, accounts or the wire.

pub mod clock;
pub mod config;
pub mod database;
pub mod incidents;
pub mod lifecycle;
mod memory;
pub mod metrics;
pub mod net;
pub mod process;
pub mod telemetry;
pub mod traces;

pub use config::Env;
pub use lifecycle::Lifecycle;
