//! `plenum doctor URL`: a Plenum that runs, tested from outside as a browser would use it.

mod checks;
mod socket;
mod visitor;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Args;
use plenum_service::process::{self, StartError};

use self::visitor::Visitor;
use super::print;

/// How long the server's ping may take to come: it sends one every 25 s, whatever stands between has to be that patient.
const PING: Duration = Duration::from_secs(30);

/// What is tested, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
It registers a throw-away account, uses it and deletes it. Where registration is closed or addresses have to be verified, give an
account that there is: --login ana@example.com --password-file FILE.

Exit status 0 when all is well, 1 when something is to be mended.")]
pub struct Doctor {
    /// Plenum's address as people use it, such as `https://meet.example.com`
    url: reqwest::Url,
    /// The origin of a web app that uses it, such as `https://app.example.com`; may be given several times
    #[arg(long)]
    origin: Vec<String>,
    /// Don't wait half a minute for the server's ping, which shows whether a proxy cuts idle connections
    #[arg(long)]
    quick: bool,
    /// Sign in with this account instead of a throw-away one
    #[arg(long, requires = "password_file")]
    login: Option<String>,
    /// A file with that account's password
    #[arg(long, requires = "login")]
    password_file: Option<PathBuf>,
}

/// What a check has found.
pub enum Finding {
    /// As it should be.
    Well(String),
    /// Not as it should be, and the line that mends it.
    Wrong {
        /// What was seen.
        seen: String,
        /// What to do.
        mend: String,
    },
    /// Nothing to mend, and worth knowing.
    Note(String),
}

impl Finding {
    fn wrong(seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Wrong { seen: seen.into(), mend: mend.into() }
    }
}

/// What was found so far, told at once.
#[derive(Default)]
struct Report {
    wrong: usize,
}

impl Report {
    fn tell(&mut self, what: &str, finding: &Finding) {
        match finding {
            Finding::Well(seen) => drop(print::line(&format!("ok    {what}: {seen}"))),
            Finding::Note(text) => drop(print::line(&format!("note  {what}: {text}"))),
            Finding::Wrong { seen, mend } => {
                self.wrong += 1;
                print::line(&format!("WRONG {what}: {seen}"));
                for line in mend.lines() {
                    print::line(&format!("      mend: {line}"));
                }
            }
        }
    }

    fn end(self) -> Result<(), StartError> {
        match self.wrong {
            0 => {
                print::line("all is well");
                Ok(())
            }
            n => Err(format!("{} to be mended", print::count(n, "thing")).into()),
        }
    }
}

impl Doctor {
    /// Tests it.
    pub fn run(self) -> ExitCode {
        process::once(|_| (), async |(), _| self.test().await)
    }

    async fn test(self) -> Result<(), StartError> {
        let mut report = Report::default();
        let mut visitor = Visitor::new(&self.url)?;
        let health = match checks::reach(&visitor).await {
            Ok(health) => health,
            Err(finding) => {
                report.tell("the address", &finding);
                return report.end();
            }
        };
        report.tell("the address", &Finding::Well(format!("Plenum answers, in {}", health.environment)));
        report.tell("the clock", &checks::clock(&health));
        for origin in &self.origin {
            report.tell(&format!("CORS for {origin}"), &checks::cors(&visitor, origin).await);
        }
        report.tell("CORS for others", &checks::foreign(&visitor).await);
        match self.sign_in(&mut visitor).await {
            Ok(how) => report.tell("signing in", &Finding::Well(how)),
            Err(finding) => {
                report.tell("signing in", &finding);
                return report.end();
            }
        }
        for (what, finding) in checks::cookies(&visitor, &health, &self.origin) {
            report.tell(what, &finding);
        }
        report.tell("the session", &checks::session(&visitor).await);
        for (what, finding) in checks::proxy(&visitor).await {
            report.tell(what, &finding);
        }
        let patience = (!self.quick).then_some(PING);
        if patience.is_some() {
            print::line("...   waiting up to half a minute for the server's pings");
        }
        let (polling, websocket) =
            tokio::join!(socket::polling(&visitor, patience), socket::websocket(&visitor, patience));
        report.tell("polling", &polling);
        report.tell("WebSocket", &websocket);
        report.tell("sockets of others", &socket::foreign(&visitor).await);
        if let Some(finding) = visitor.leaves().await {
            report.tell("leaving", &finding);
        }
        report.end()
    }

    async fn sign_in(&self, visitor: &mut Visitor) -> Result<String, Finding> {
        let (Some(email), Some(file)) = (&self.login, &self.password_file) else {
            visitor.registers().await?;
            return Ok("as a throw-away account".into());
        };
        let password = std::fs::read_to_string(file).map_err(|error| {
            Finding::wrong(
                format!("{} can't be read: {error}", file.display()),
                "name a file with the password",
            )
        })?;
        visitor.logs_in(email, password.trim_end_matches(['\r', '\n'])).await?;
        Ok(format!("as {email}"))
    }
}
