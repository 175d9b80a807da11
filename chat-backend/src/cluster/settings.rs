//! Redis' settings that the promises need, looked at on each new connection.

use redis::{RedisError, aio::MultiplexedConnection};

/// The oldest Redis whose scripts do what ours need.
const VERSION_LEAST: u32 = 7;

/// What an acknowledged message survives, by Redis' settings.
pub async fn check(connection: &mut MultiplexedConnection) -> Result<&'static str, String> {
    let info: String =
        redis::cmd("INFO").arg("server").query_async(connection).await.map_err(|error| error.to_string())?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("0");
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < VERSION_LEAST {
        return Err(format!("it is Redis {version}; {VERSION_LEAST} or newer is needed"));
    }
    let settings: Result<Vec<(String, String)>, RedisError> = redis::cmd("CONFIG")
        .arg("GET")
        .arg(&["maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "save"])
        .query_async(connection)
        .await;
    let Ok(settings) = settings else {
        return Ok(
            "unknown: CONFIG GET is not allowed; see docs/several-nodes.md for the settings that are needed",
        );
    };
    let value =
        |name: &str| settings.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if value("maxmemory") != "0" && value("maxmemory-policy") != "noeviction" {
        return Err(format!(
            "its maxmemory-policy is {}: it would drop rooms with people in them; set it to noeviction",
            value("maxmemory-policy")
        ));
    }
    Ok(match (value("appendonly"), value("appendfsync")) {
        ("yes", "always") => "a crash of Redis and of its machine (appendfsync always)",
        ("yes", _) => {
            "a crash of Redis; up to a second of it is lost with its machine (appendfsync everysec)"
        }
        _ if value("save").is_empty() => "every node of Plenum, but no restart of Redis (no persistence)",
        _ => {
            "every node of Plenum; a restart of Redis loses what came after its last save (appendonly is no)"
        }
    })
}
