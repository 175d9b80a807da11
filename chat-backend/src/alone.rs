//! The chat backend in a process of its own.

use std::process::ExitCode;

use plenum_service::{
    net,
    process::{self, StartError},
};

use crate::{Config, serve, start};

/// Serves meetings, chat and calls until the process is told to stop.
#[must_use]
pub fn run() -> ExitCode {
    process::run(Config::read, async |config, life| -> Result<(), StartError> {
        let listener = net::bind(config.address, "HOST and PORT")?;
        let limits = config.limits();
        let chat = start(config, None, &life).await?;
        net::announce(&listener)?;
        serve(chat.answers, limits, listener, life).await;
        Ok(())
    })
}
