//! `user-backend`: accounts, sessions and the gateway, apart from the services behind it.

use std::process::ExitCode;

use clap::Parser;
use plenum_service::{
    database::Database,
    net,
    process::{self, StartError},
};
use user_backend::gateway::{Mount, Nodes};

/// Accounts, sessions and the gateway: the only way in.
///
/// Checks every session, and passes HTTP and socket.io connections on to the chat backend.
#[derive(Parser)]
#[command(name = "user-backend", version, after_help = HELP)]
struct Arguments {}

const HELP: &str = "\
Everything is set by variables, read from the environment and from .env:
  PORT              where to listen (3000)
  CHAT_BACKEND_URL  where the chat backend is (http://localhost:4000); a comma list of nodes
  INTERNAL_SECRET   shared with the chat backend
  DATABASE_URL      accounts and sessions (sqlite://data/plenum.db; postgres:// and mysql:// too)
  CORS_ORIGIN       where your web app is served from (http://localhost:5173)
.env.example names all of them. Each may also be given as a file, by NAME_FILE.";

fn main() -> ExitCode {
    Arguments::parse();
    process::run(user_backend::Config::read, async |config, life| -> Result<(), StartError> {
        let listener = net::bind(config.address, "HOST and PORT")?;
        let database = Database::open(config.database_url()).await?;
        let nodes = Nodes::remote(&config.chat_backends, config.internal_secret.as_ref(), &life)?;
        user_backend::serve(config, database, vec![Mount::chat(nodes)], listener, life).await
    })
}
