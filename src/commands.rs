//! What an operator types: each command does one thing and ends.

mod accounts;
mod audit;
mod check;
mod database;
mod doctor;
mod health;
mod print;
mod replay;
mod sessions;

use std::process::ExitCode;

use clap::Subcommand;
use plenum_service::{
    database::Database,
    process::{self, StartError},
};
use user_backend::{Config, operator::Operator};

/// What is done instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List, show, disable and enable accounts, and give them roles
    #[command(subcommand)]
    User(accounts::Command),
    /// Make an invitation to register, for servers with REGISTRATION=invite
    Invite(accounts::Invite),
    /// List and end an account's sessions
    #[command(subcommand)]
    Session(sessions::Command),
    /// What admins and operators did
    #[command(subcommand)]
    Audit(audit::Command),
    /// Bring the database's tables up to date, as a start does
    Migrate,
    /// Copy the embedded database into a new file, while Plenum runs
    Backup(database::Backup),
    /// Put a backup in the place of the embedded database, while Plenum does not run
    Restore(database::Restore),
    /// Look at the configuration before Plenum is started with it
    #[command(subcommand)]
    Config(check::Command),
    /// Play a room's recording again, and see what each person saw
    Replay(replay::Replay),
    /// Serve accounts, sessions and the gateway alone, as `user-backend` does
    UserBackend,
    /// Serve meetings, chat and calls alone, as `chat-backend` does
    ChatBackend,
    /// Ask the Plenum of this machine how it is
    Health(health::Health),
    /// Test a Plenum that runs from outside, as a browser would use it, and say what to mend
    Doctor(doctor::Doctor),
}

impl Command {
    /// Does it.
    pub fn run(self) -> ExitCode {
        match self {
            Self::User(command) => {
                with_operator(async |operator, config| command.run(&operator, &config).await)
            }
            Self::Invite(invite) => with_operator(async |operator, _| invite.run(&operator).await),
            Self::Session(command) => with_operator(async |operator, _| command.run(&operator).await),
            Self::Audit(command) => with_operator(async |operator, _| command.run(&operator).await),
            Self::Migrate => database::migrate(),
            Self::Backup(backup) => backup.run(),
            Self::Restore(restore) => restore.run(),
            Self::Config(check::Command::Check) => check::run(),
            Self::Replay(replay) => replay.run(),
            Self::UserBackend => user_backend::alone::run(),
            Self::ChatBackend => chat_backend::alone::run(),
            Self::Health(health) => health.run(),
            Self::Doctor(doctor) => doctor.run(),
        }
    }
}

/// Does something to the accounts in `DATABASE_URL`.
fn with_operator(work: impl AsyncFnOnce(Operator, Config) -> Result<(), StartError>) -> ExitCode {
    process::once(Config::read, async |config, _| {
        let database = Database::open(config.database_url()).await?;
        work(Operator::open(database).await?, config).await
    })
}
