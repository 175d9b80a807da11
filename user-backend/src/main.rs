//! `user-backend`: accounts, sessions and the gateway, apart from the services behind it.

use std::process::ExitCode;

use clap::Parser;

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
    user_backend::alone::run()
}
