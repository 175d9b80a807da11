//! `plenum migrate`, `backup` and `restore`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use plenum_service::{clock, database::Database, process};
use user_backend::{Config, operator::Operator};

use super::print;

/// Brings the tables of both services up to date.
pub fn migrate() -> ExitCode {
    let read = |env: &mut plenum_service::Env| (Config::read(env), chat_backend::Config::read_embedded(env));
    process::once(read, async |(user, chat), _| {
        let database = Database::open(user.database_url()).await?;
        Operator::open(database.clone()).await?;
        chat_backend::store::open(&chat, Some(database)).await?;
        print::line("the tables are up to date");
        Ok(())
    })
}

/// Where a copy goes.
#[derive(Debug, Args)]
pub struct Backup {
    /// A file that is not there yet
    file: PathBuf,
}

impl Backup {
    /// Writes it.
    pub fn run(self) -> ExitCode {
        process::once(Config::read, async |config, _| {
            let database = Database::open(config.database_url()).await?;
            database.back_up(&self.file).await?;
            let bytes = std::fs::metadata(&self.file)?.len();
            print::line(&format!("{} holds the whole database ({} KiB)", self.file.display(), bytes / 1024));
            Ok(())
        })
    }
}

/// Where a copy is.
#[derive(Debug, Args)]
pub struct Restore {
    /// What `plenum backup` wrote
    file: PathBuf,
}

impl Restore {
    /// Puts it back.
    pub fn run(self) -> ExitCode {
        process::once(Config::read, async |config, _| {
            let mark = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
            let before = Database::restore(config.database_url(), &self.file, &mark).await?;
            print::line(&format!("the database is what {} holds", self.file.display()));
            if let Some(before) = before {
                print::line(&format!("what was there before is kept as {}", before.display()));
            }
            Ok(())
        })
    }
}
