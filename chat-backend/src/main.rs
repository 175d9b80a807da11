//! `chat-backend`: meetings, rooms and sockets, behind a gateway that it trusts.

use std::process::ExitCode;

use clap::Parser;

/// Meetings, chat and calls, for the callers that the gateway names.
///
/// Trusts whoever reaches it: listen on loopback, or set `INTERNAL_SECRET` on both services.
#[derive(Parser)]
#[command(name = "chat-backend", version, after_help = HELP)]
struct Arguments {}

const HELP: &str = "\
Everything is set by variables, read from the environment and from .env:
  PORT                 where to listen (4000)
  HOST                 on which address (127.0.0.1)
  INTERNAL_SECRET      shared with the user backend; required beyond loopback
  DATABASE_URL         meetings (sqlite://data/plenum.db; postgres:// and mysql:// too)
  FIREBASE_PROJECT_ID  meetings in Firestore instead
  REDIS_URL            several nodes share their rooms; docs/several-nodes.md
.env.example names all of them. Each may also be given as a file, by NAME_FILE.";

fn main() -> ExitCode {
    Arguments::parse();
    chat_backend::alone::run()
}
