//! Logs: text on a terminal, JSON elsewhere. Never a secret, a cookie, a password or the text of a message.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::Env;

/// Libraries that would log statements, packets, frames or headers, whatever `RUST_LOG` says.
const CAPPED: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,socketioxide=warn,engineioxide=warn,\
    tungstenite=warn,tokio_tungstenite=warn,hyper=info,hyper_util=info,h2=info,reqwest=info,tonic=info,\
    rustls=info,firestore=info,gcloud_sdk=info";

/// How logs are written.
#[derive(Debug, Clone)]
pub struct LogConfig {
    json: bool,
    filter: String,
}

impl LogConfig {
    /// Reads `LOG_FORMAT` and `RUST_LOG`.
    pub fn read(env: &mut Env) -> Self {
        let json = match env.text("LOG_FORMAT").as_deref() {
            None => !std::io::stderr().is_terminal(),
            Some("json") => true,
            Some("text") => false,
            Some(other) => {
                env.problem(format!("LOG_FORMAT must be text or json, not {other:?}"));
                false
            }
        };
        let filter = env.text("RUST_LOG").unwrap_or_else(|| "info".into());
        if let Err(error) = EnvFilter::try_new(&filter) {
            env.problem(format!("RUST_LOG can't be read: {error}"));
        }
        Self { json, filter }
    }

    /// As [`read`](Self::read), for a command that a person has typed: warnings alone, unless told otherwise.
    pub(crate) fn of_command(env: &mut Env) -> Self {
        let spoken = env.text("RUST_LOG").is_some();
        let config = Self::read(env);
        if spoken { config } else { Self { filter: "warn".into(), ..config } }
    }

    /// Begins to write logs to standard error. A second call changes nothing.
    pub fn start(&self) {
        let filter = EnvFilter::new(format!("{},{CAPPED}", self.filter));
        let registry = tracing_subscriber::registry().with(filter);
        let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        if self.json {
            registry.with(lines.json().flatten_event(true)).try_init().ok();
        } else {
            registry.with(lines.with_target(false)).try_init().ok();
        }
    }
}
