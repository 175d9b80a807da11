//! What is looked at over socket.io's two transports.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use plenum_service::clock;
use reqwest::{Method, StatusCode, header};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::client::generate_key, protocol::Role},
};

use super::{
    Finding,
    checks::NOBODYS_ORIGIN,
    visitor::{Answer, Visitor},
};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
/// How long what comes at once may take.
const AT_ONCE: Duration = Duration::from_secs(10);

const PASS: &str = "nginx: location /socket.io/ { proxy_pass http://plenum; proxy_buffering off; }";
const UPGRADE: &str = "nginx: proxy_http_version 1.1;\n\
    nginx: proxy_set_header Upgrade $http_upgrade;\n\
    nginx: proxy_set_header Connection $connection_upgrade; (with: map $http_upgrade $connection_upgrade { default upgrade; '' ''; })";
const TIMEOUT: &str = "nginx: proxy_read_timeout 90s;\n\
    (any proxy: connections that say nothing for 25 s must live)";

/// Whether a client that polls is served; with `patience` also through the time between two pings.
pub async fn polling(visitor: &Visitor, patience: Option<Duration>) -> Finding {
    match poll(visitor, patience).await {
        Ok(seen) => Finding::Well(seen),
        Err(finding) => finding,
    }
}

async fn poll(visitor: &Visitor, patience: Option<Duration>) -> Result<String, Finding> {
    let not_passed = |seen: String| Finding::wrong(seen, PASS);
    let opened = visitor.get(POLLING).await.map_err(not_passed)?;
    let open: serde_json::Value =
        opened.text.strip_prefix('0').and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let Some(sid) = open["sid"].as_str().filter(|_| opened.status == StatusCode::OK) else {
        return Err(not_passed(format!("a handshake was answered {}", opened.brief())));
    };
    let path = format!("{POLLING}&sid={sid}");
    let say = async |text: &'static str| {
        let request = visitor
            .ask(Method::POST, &path)
            .header(header::CONTENT_TYPE, "text/plain;charset=UTF-8")
            .body(text);
        said_well(Visitor::read(request, Duration::ZERO).await)
    };
    say("40").await.map_err(not_passed)?;
    let (began, mut heard) = (clock::instant(), Heard::default());
    loop {
        let polled =
            said_well(Visitor::read(visitor.ask(Method::GET, &path), patience.unwrap_or(AT_ONCE)).await);
        let polled = polled.map_err(|seen| {
            if !heard.welcome {
                return not_passed(format!("it was not let in: {seen}"));
            }
            Finding::wrong(format!("a poll that waited was cut: {seen}"), TIMEOUT)
        })?;
        for packet in polled.text.split('\u{1e}') {
            if heard.is_ping(packet, clock::instant().duration_since(began)) {
                say("3").await.map_err(not_passed)?;
            }
        }
        if heard.is_enough(patience) {
            break;
        }
    }
    let seen = if patience.is_some() {
        "it is served, and polls may wait as long as they do"
    } else {
        "it is served"
    };
    say("1").await.ok(); // an orderly end; without it the server ends it later
    Ok(seen.to_owned())
}

/// What a connection has heard. The first ping comes at once; only a later one tells that the connection lives while
/// nobody speaks.
#[derive(Default)]
struct Heard {
    welcome: bool,
    late_ping: bool,
}

impl Heard {
    /// Takes a packet that came this long after the connection was opened, and says whether a pong is due.
    fn is_ping(&mut self, packet: &str, after: Duration) -> bool {
        self.welcome |= packet.starts_with("40");
        self.late_ping |= packet == "2" && after > AT_ONCE;
        packet == "2"
    }

    const fn is_enough(&self, patience: Option<Duration>) -> bool {
        self.welcome && (patience.is_none() || self.late_ping)
    }
}

fn said_well(answer: Result<Answer, String>) -> Result<Answer, String> {
    answer.and_then(|answer| if answer.status == StatusCode::OK { Ok(answer) } else { Err(answer.brief()) })
}

/// Whether a WebSocket is opened; with `patience` also whether it lives through the time between two pings.
pub async fn websocket(visitor: &Visitor, patience: Option<Duration>) -> Finding {
    match upgrade(visitor, patience).await {
        Ok(seen) => Finding::Well(seen),
        Err(finding) => finding,
    }
}

async fn upgrade(visitor: &Visitor, patience: Option<Duration>) -> Result<String, Finding> {
    let no_upgrade = |seen: String| Finding::wrong(format!("no upgrade: {seen}"), UPGRADE);
    let asked = visitor
        .ask(Method::GET, WEBSOCKET)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key())
        .send();
    let answer = tokio::time::timeout(AT_ONCE, asked).await;
    let answer = answer.map_err(|_| no_upgrade("no answer in time".into()))?;
    let answer = answer.map_err(|error| no_upgrade(error.to_string()))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(no_upgrade(format!("it was answered {}", answer.status().as_u16())));
    }
    let connection = answer.upgrade().await.map_err(|error| no_upgrade(error.to_string()))?;
    let mut socket = WebSocketStream::from_raw_socket(connection, Role::Client, None).await;
    let (began, mut heard) = (clock::instant(), Heard::default());
    let talking = async {
        while !heard.is_enough(patience) {
            let packet = match socket.next().await {
                Some(Ok(Message::Text(packet))) => packet,
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    return Err("the connection was cut".to_owned());
                }
                Some(Ok(_)) => continue,
            };
            let answer = match packet.as_str() {
                open if open.starts_with("0{") => "40",
                other if heard.is_ping(other, clock::instant().duration_since(began)) => "3",
                _ => continue,
            };
            socket.send(Message::text(answer)).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    let wait = AT_ONCE + patience.unwrap_or_default();
    let talked = tokio::time::timeout(wait, talking).await;
    let talked = talked.unwrap_or_else(|_| Err(format!("nothing came within {} s", wait.as_secs())));
    talked.map_err(|seen| Finding::wrong(seen, if heard.welcome { TIMEOUT } else { UPGRADE }))?;
    socket.close(None).await.ok();
    Ok(if patience.is_some() { "it is opened, and lives while nobody speaks" } else { "it is opened" }
        .to_owned())
}

/// Whether a browser on a foreign site gets no socket.
pub async fn foreign(visitor: &Visitor) -> Finding {
    let request = visitor.ask(Method::GET, POLLING).header(header::ORIGIN, NOBODYS_ORIGIN);
    match Visitor::read(request, Duration::ZERO).await {
        Ok(answer) if answer.status == StatusCode::FORBIDDEN => Finding::Well("they get none".into()),
        Ok(answer) => Finding::wrong(
            format!("a foreign site's was answered {}", answer.status.as_u16()),
            "let the proxy pass the Origin header as it is",
        ),
        Err(seen) => Finding::wrong(seen, PASS),
    }
}
