//! `plenum config check`

use std::process::ExitCode;

use chat_backend::cluster::Cluster;
use clap::Subcommand;
use plenum_service::{
    database::Database,
    process::{self, StartError},
};

use super::print;

/// What is done with the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read every variable, reach what they name, and say what would go wrong
    Check,
}

/// Looks at everything, and fails when something would not work.
pub fn run() -> ExitCode {
    let read = |env: &mut plenum_service::Env| {
        (user_backend::Config::read(env), chat_backend::Config::read_embedded(env))
    };
    process::once(read, async |(user, chat), _| {
        let mut wrong = 0;
        print::line("ok    every variable can be read");
        let mut tell = |what: &str, found: Result<String, String>| match found {
            Ok(text) => drop(print::line(&format!("ok    {what}: {text}"))),
            Err(text) => {
                wrong += 1;
                print::line(&format!("WRONG {what}: {text}"));
            }
        };
        tell("the database", database(&user).await);
        if chat.firestore.is_some() {
            tell("Firestore", firestore(&chat).await);
        }
        if let Some(redis) = &chat.redis {
            let found = Cluster::check(redis).await;
            tell("Redis", found.map(|survives| format!("an acknowledged message survives {survives}")));
        }
        for advice in advice(&user) {
            print::line(&format!("note  {advice}"));
        }
        match wrong {
            0 => Ok(()),
            _ => Err(StartError::from("Plenum would not work with this configuration")),
        }
    })
}

async fn database(config: &user_backend::Config) -> Result<String, String> {
    let database = Database::open(config.database_url()).await.map_err(|error| error.to_string())?;
    database.ping().await.map_err(|error| error.to_string())?;
    Ok(database.file().map_or_else(|| "it answers".into(), |file| format!("it is {}", file.display())))
}

async fn firestore(config: &chat_backend::Config) -> Result<String, String> {
    let store = chat_backend::store::open(config, None).await.map_err(|error| error.to_string())?;
    store.ping().await.map(|()| "it answers".into()).map_err(|error| error.to_string())
}

/// What would work, and is most likely not what is meant.
fn advice(config: &user_backend::Config) -> Vec<&'static str> {
    let mut advice = Vec::new();
    if config.is_production() {
        if config.proxies.is_none() {
            advice.push(
                "TRUSTED_PROXIES is not set: behind a proxy all clients have its address, and are limited as one",
            );
        }
        if config.origins.is_any() {
            advice.push("CORS_ORIGIN is *: no browser's socket is let in but the own origin's");
        }
        if config.limits.auth.is_none() {
            advice.push("RATE_LIMIT_AUTH_PER_MINUTE is 0: passwords can be guessed without end");
        }
    } else {
        advice.push("APP_ENV is not production: cookies are Secure only where a trusted proxy says https");
    }
    advice
}
