//! The user backend in a process of its own.

use std::process::ExitCode;

use plenum_service::{
    database::Database,
    net,
    process::{self, StartError},
};

use crate::{
    Config,
    gateway::{Mount, Nodes},
    serve,
};

/// Serves accounts, sessions and the gateway until the process is told to stop.
#[must_use]
pub fn run() -> ExitCode {
    process::run(Config::read, async |config, life| -> Result<(), StartError> {
        let listener = net::bind(config.address, "HOST and PORT")?;
        let database = Database::open(config.database_url()).await?;
        let nodes = Nodes::remote(&config.chat_backends, config.internal_secret.as_ref(), &life)?;
        serve(config, database, vec![Mount::chat(nodes)], listener, life).await
    })
}
