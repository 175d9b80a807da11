//! Redis' settings that the promises need, looked at on each new connection.

use std::collections::HashMap;

use redis::{ErrorKind, RedisError};

use super::connection::{Connection, Server};

/// The oldest Redis whose scripts do what ours need.
const VERSION_LEAST: u32 = 7;

/// What an acknowledged message survives, by Redis' settings: in a cluster by those of the server that keeps least.
pub async fn check(connection: &mut Connection) -> Result<&'static str, String> {
    let mut least = Survives::Machine;
    for server in connection.servers().await.map_err(|error| error.to_string())? {
        least = least.min(check_one(connection, &server).await?);
    }
    Ok(least.text())
}

async fn check_one(connection: &mut Connection, server: &Server) -> Result<Survives, String> {
    let mut ask = redis::cmd("INFO");
    ask.arg("server");
    let info: String = connection.ask(server, ask).await.map_err(|error| error.to_string())?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("0");
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < VERSION_LEAST {
        return Err(format!("it is Redis {version}; {VERSION_LEAST} or newer is needed"));
    }
    let mut ask = redis::cmd("CONFIG");
    ask.arg("GET").arg(&["maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "save"]);
    let settings: Result<HashMap<String, String>, RedisError> = connection.ask(server, ask).await;
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) if matches!(error.kind(), ErrorKind::Server(_)) => return Ok(Survives::Unknown),
        Err(error) => return Err(error.to_string()),
    };
    let value = |name: &str| settings.get(name).map_or("", String::as_str);
    if value("maxmemory") != "0" && value("maxmemory-policy") != "noeviction" {
        return Err(format!(
            "its maxmemory-policy is {}: it would drop rooms with people in them; set it to noeviction",
            value("maxmemory-policy")
        ));
    }
    Ok(match (value("appendonly"), value("appendfsync")) {
        ("yes", "always") => Survives::Machine,
        ("yes", _) => Survives::Crash,
        _ if value("save").is_empty() => Survives::Nodes,
        _ => Survives::Save,
    })
}

/// What the log survives, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Survives {
    Unknown,
    Nodes,
    Save,
    Crash,
    Machine,
}

impl Survives {
    const fn text(self) -> &'static str {
        match self {
            Self::Unknown => {
                "unknown: CONFIG GET is not allowed; see docs/several-nodes.md for the settings that are needed"
            }
            Self::Nodes => "every node of Plenum, but no restart of Redis (no persistence)",
            Self::Save => {
                "every node of Plenum; a restart of Redis loses what came after its last save (appendonly is no)"
            }
            Self::Crash => {
                "a crash of Redis; up to a second of it is lost with its machine (appendfsync everysec)"
            }
            Self::Machine => "a crash of Redis and of its machine (appendfsync always)",
        }
    }
}
