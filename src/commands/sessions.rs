//! `plenum session …`

use clap::Subcommand;
use plenum_service::{clock, process::StartError};
use serde_json::json;
use user_backend::operator::Operator;

use super::{accounts::Who, print};

/// What is done with sessions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List an account's sessions, the last used first
    List {
        #[command(flatten)]
        who: Who,
        /// One object of JSON a line
        #[arg(long)]
        json: bool,
    },
    /// End all sessions of an account, or one; their sockets are closed within a second
    Revoke {
        #[command(flatten)]
        who: Who,
        /// Only the session with this id
        #[arg(long)]
        session: Option<String>,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, operator: &Operator) -> Result<(), StartError> {
        let now = clock::now();
        match self {
            Self::List { who, json } => {
                let user = operator.account(&who.account).await?;
                for session in operator.sessions(&user, now).await? {
                    let device = session.device.as_deref().unwrap_or("-");
                    let text = if json {
                        json!({
                            "id": session.id.as_str(),
                            "device": session.device,
                            "createdAt": clock::iso(session.created_at),
                            "lastUsedAt": clock::iso(session.used_at),
                            "expiresAt": clock::iso(session.expires_at),
                        })
                        .to_string()
                    } else {
                        let [last, until] =
                            [session.used_at, session.expires_at].map(|at| print::time(Some(at)));
                        // What a device calls itself may hold anything.
                        let device: String =
                            device.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                        format!("{}  used {last}  until {until}  {device}", session.id.as_str())
                    };
                    if !print::line(&text) {
                        break;
                    }
                }
            }
            Self::Revoke { who, session } => {
                let user = operator.account(&who.account).await?;
                let ended = operator.revoke_sessions(&user, session.as_deref(), now).await?;
                print::line(&format!("{} of {} ended", print::count(ended, "session"), user.email));
            }
        }
        Ok(())
    }
}
