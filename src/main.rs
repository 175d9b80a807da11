//! `plenum`: accounts, meetings and rooms in one process, and what an operator does with them.

mod commands;

#[cfg(test)]
mod documents;

use std::process::ExitCode;

use clap::Parser;
use plenum_service::{
    Lifecycle,
    database::Database,
    net,
    process::{self, StartError},
};
use user_backend::gateway::{Mount, Nodes};

/// Meetings, chat and calls behind your own login, from one process.
///
/// Starts with an embedded database in data/ and nothing else installed. Accounts, sessions and the gateway are
/// the user backend's, meetings and rooms the chat backend's; both also run apart (`user-backend`,
/// `chat-backend`). Without a command it serves.
#[derive(Parser)]
#[command(name = "plenum", version, after_help = HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Option<commands::Command>,
}

const HELP: &str = "\
Everything is set by variables, read from the environment and from .env:
  PORT          where to listen (3000)
  DATABASE_URL  accounts, sessions, meetings (sqlite://data/plenum.db; postgres:// and mysql:// too)
  CORS_ORIGIN   where your web app is served from (http://localhost:5173)
  APP_ENV       production makes cookies Secure
  REDIS_URL     several plenums behind one balancer; NODE_ADDRESS is where the others reach this one
.env.example names all of them. Each may also be given as a file, by NAME_FILE.

Try it:
  plenum                                run it
  PORT=8080 LOG_FORMAT=json plenum      on another port, with logs for machines
  curl localhost:3000/health            see that it is up
  plenum user grant ana@example.com admin      make the first admin
  plenum backup plenum-today.db         copy the embedded database while it runs
  plenum doctor https://meet.example.com --origin https://app.example.com      test it from outside";

fn main() -> ExitCode {
    match Arguments::parse().command {
        Some(command) => command.run(),
        None => serve(),
    }
}

fn serve() -> ExitCode {
    process::run(
        |env| (user_backend::Config::read(env), chat_backend::Config::read_embedded(env)),
        async |(user, chat), life| -> Result<(), StartError> {
            let listener = net::bind(user.address, "HOST and PORT")?;
            let database = Database::open(user.database_url()).await?;
            let nodes = chat_nodes(chat, &user, database.clone(), &life).await?;
            user_backend::serve(user, database, vec![Mount::chat(nodes)], listener, life).await
        },
    )
}

/// The chat backend in this process, and with `REDIS_URL` those of the other plenums, which reach this one too.
async fn chat_nodes(
    config: chat_backend::Config,
    user: &user_backend::Config,
    database: Database,
    life: &Lifecycle,
) -> Result<Nodes, StartError> {
    let (limits, node) = (config.limits(), config.node.clone());
    let listener = node.as_ref().map(|node| net::bind(node.listen(), "NODE_ADDRESS")).transpose()?;
    let chat = chat_backend::start(config, Some(database), life).await?;
    let (Some(node), Some(listener), Some(peers)) = (node, listener, chat.peers) else {
        return Ok(Nodes::local(chat.answers));
    };
    life.spawn(chat_backend::serve(chat.answers.clone(), limits, listener, life.clone()));
    Ok(Nodes::cluster(chat.answers, node.uri(), peers, user.internal_secret.as_ref(), life)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plenum_service::{Env, process::Settings};

    #[test]
    fn the_example_of_env_lists_exactly_the_variables_that_are_read() {
        let mut read = BTreeSet::new();
        // What is read may depend on what is set: with a project id, Firestore's variables are, with a bucket, Amazon's.
        for set in [[].as_slice(), &[("FIREBASE_PROJECT_ID", "a-project"), ("AVATAR_STORE", "s3://bucket")]] {
            let value =
                |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
            let mut env = Env::lookup(value);
            Settings::read(&mut env);
            user_backend::Config::read(&mut env);
            chat_backend::Config::read(&mut env);
            chat_backend::Config::read_embedded(&mut env);
            read.extend(env.names_read());
        }
        let example = include_str!("../.env.example");
        let listed: BTreeSet<&str> = example
            .lines()
            .filter_map(|line| line.strip_prefix('#').unwrap_or(line).split_once('='))
            .map(|(name, _)| name)
            .filter(|name| {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            })
            .collect();
        let listed: BTreeSet<&str> = listed.into_iter().filter(|name| *name != "NAME_FILE").collect();
        assert_eq!(read, listed);
    }
}
