//! `plenum user …`

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use plenum_service::{clock, process::StartError};
use serde_json::json;
use user_backend::{Config, accounts::User, operator::Operator};

use super::print;

/// What is done with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List accounts, or those in whose names or address a text stands
    List {
        /// The text
        search: Option<String>,
        /// One object of JSON a line
        #[arg(long)]
        json: bool,
    },
    /// Show an account
    Show {
        #[command(flatten)]
        who: Who,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let nobody sign in with an account any more: its sessions, tokens and sockets end within a second
    Disable(Who),
    /// Let its user sign in again
    Enable(Who),
    /// Print a link by which an account's user sets another password, once, within 30 minutes
    ResetPassword(Who),
    /// Take the second factor from an account whose user has lost it and all recovery codes; its sessions end
    ClearSecondFactor(Who),
    /// Give an account a role, such as admin (the only way to one); its user has to sign in anew
    Grant {
        #[command(flatten)]
        who: Who,
        /// The role's name
        role: String,
    },
    /// Take a role from an account; its user has to sign in anew
    RevokeRole {
        #[command(flatten)]
        who: Who,
        /// The role's name
        role: String,
    },
}

/// An account.
#[derive(Debug, Args)]
pub struct Who {
    /// Its mail address or id
    #[arg(id = "account", value_name = "ACCOUNT")]
    pub account: String,
}

/// An invitation to register.
#[derive(Debug, Args)]
pub struct Invite {
    /// The one address that can use it; without it whoever holds it can
    email: Option<String>,
    /// Days for which it is good
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
}

impl Invite {
    /// Makes it, and prints what goes into `invitation` of a registration.
    pub async fn run(self, operator: &Operator) -> Result<(), StartError> {
        let lasts = SignedDuration::from_hours(24 * i64::from(self.days));
        let token = operator.invite(self.email.as_deref(), lasts, clock::now()).await?;
        print::line(token.reveal());
        Ok(())
    }
}

impl Command {
    /// Does it.
    pub async fn run(self, operator: &Operator, config: &Config) -> Result<(), StartError> {
        let now = clock::now();
        match self {
            Self::List { search, json } => {
                let show = |user: User| print::line(&if json { as_json(&user) } else { as_line(&user) });
                operator.each_account(search.as_deref(), show).await?;
            }
            Self::Show { who, json } => {
                let user = operator.account(&who.account).await?;
                print::line(&if json { as_json(&user) } else { as_text(&user) });
            }
            Self::Disable(who) => {
                let user = operator.account(&who.account).await?;
                let ended = operator.set_disabled(&user, true, now).await?;
                print::line(&format!("{} is disabled; {} ended", user.email, print::count(ended, "session")));
            }
            Self::Enable(who) => {
                let user = operator.account(&who.account).await?;
                operator.set_disabled(&user, false, now).await?;
                print::line(&format!("{} can sign in again", user.email));
            }
            Self::ResetPassword(who) => {
                let user = operator.account(&who.account).await?;
                let code = operator.reset_password(&user, now).await?;
                print::line(&config.mail.sender(config.address.port()).reset_link(code.reveal()));
            }
            Self::ClearSecondFactor(who) => {
                let user = operator.account(&who.account).await?;
                if !user.has_second_factor {
                    print::line(&format!("{} has no second factor", user.email));
                    return Ok(());
                }
                let ended = operator.clear_second_factor(&user, now).await?;
                let ended = print::count(ended, "session");
                print::line(&format!("{} signs in without a second factor now; {ended} ended", user.email));
            }
            Self::Grant { who, role } => {
                let user = operator.account(&who.account).await?;
                print::line(&match operator.grant(&user, &role, now).await? {
                    None => format!("{} had the role {role} already", user.email),
                    Some(ended) => {
                        format!(
                            "{} has the role {role} now; {} ended",
                            user.email,
                            print::count(ended, "session")
                        )
                    }
                });
            }
            Self::RevokeRole { who, role } => {
                let user = operator.account(&who.account).await?;
                print::line(&match operator.revoke_role(&user, &role, now).await? {
                    None => format!("{} had no role {role}", user.email),
                    Some(ended) => {
                        format!(
                            "{} has no role {role} any more; {} ended",
                            user.email,
                            print::count(ended, "session")
                        )
                    }
                });
            }
        }
        Ok(())
    }
}

fn as_line(user: &User) -> String {
    let mut notes = user.roles.clone();
    if user.disabled_at.is_some() {
        notes.push("disabled".into());
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join(", ")) };
    format!(
        "{}  {}  {}{notes}  {}",
        user.id.as_str(),
        print::time(Some(user.created_at)),
        user.email,
        user.display_name()
    )
}

fn as_text(user: &User) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let roles = if user.roles.is_empty() { "-".into() } else { user.roles.join(", ") };
    [
        ("id", user.id.as_str().to_owned()),
        ("address", user.email.clone()),
        ("verified", yes(user.verified).into()),
        ("name", user.display_name()),
        ("roles", roles),
        ("second factor", yes(user.has_second_factor).into()),
        ("registered", print::time(Some(user.created_at))),
        ("changed", print::time(Some(user.updated_at))),
        ("disabled", print::time(user.disabled_at)),
    ]
    .map(|(name, value)| format!("{name:<14}{value}"))
    .join("\n")
}

fn as_json(user: &User) -> String {
    json!({
        "id": user.id.as_str(),
        "email": user.email,
        "verified": user.verified,
        "name": user.name,
        "last_name": user.last_name,
        "roles": user.roles,
        "hasSecondFactor": user.has_second_factor,
        "createdAt": clock::iso(user.created_at),
        "updatedAt": clock::iso(user.updated_at),
        "disabledAt": user.disabled_at.map(clock::iso),
    })
    .to_string()
}
