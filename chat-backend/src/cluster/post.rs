//! Letters from node to node: what one tells another for certain, through a trimmed stream that is the other's own.
//!
//! A letter is read at least once, and handed on once, while Redis keeps it. A node that is told by pub/sub that there
//! are letters fetches them; it also looks by itself, since such a word may get lost.

use std::sync::Arc;

use futures_util::future::try_join_all;
use plenum_contract::{MeetingId, SessionId};
use redis::{PushInfo, PushKind, Script, Value};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};

use super::{
    link::{Away, Link, script},
    nodes::TICK,
};
use crate::rooms::entry::SocketId;

/// Letters kept for a node, about: past it the oldest go.
const KEPT: usize = 4_096;
/// Seconds that letters are kept for a node that fetches none. (A node is taken for gone long before.)
const TTL_S: u64 = 600;
/// Letters fetched at once.
const AT_ONCE: usize = 100;

/// What nodes tell each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Letter {
    /// A login session ended: its sockets have to go.
    SessionEnded {
        /// Which.
        session: SessionId,
    },
    /// Something of the moment for one socket of the node.
    ForSocket {
        /// In the room or call of which meeting.
        meeting: MeetingId,
        /// For which.
        socket: SocketId,
        /// The event's name.
        event: String,
        /// Its payload, encoded.
        data: String,
    },
    /// Of a kind that a later release knows.
    #[serde(other)]
    Unknown,
}

/// One node's post: its own letters, and the way to the others.
pub struct Post {
    /// Where its letters are, and the channel that says so.
    letters: String,
    bell: String,
    link: Link,
    /// Told when there may be letters.
    rung: Notify,
    leave: Script,
    fetch: Script,
}

/// The stream of a node's letters.
fn letters_of(node: &str) -> String {
    format!("plenum:{{node:{node}}}:letters")
}

/// Where a node is told that there are letters.
fn bell_of(node: &str) -> String {
    format!("plenum:{{node:{node}}}:bell")
}

impl Post {
    /// This node's.
    pub fn new(node: &str, link: Link) -> Self {
        Self {
            letters: letters_of(node),
            bell: bell_of(node),
            link,
            rung: Notify::new(),
            leave: script(include_str!("scripts/leave.lua")),
            fetch: script(include_str!("scripts/fetch.lua")),
        }
    }

    /// The channel that says that there are letters.
    pub fn bell(&self) -> String {
        self.bell.clone()
    }

    /// Whether it is this node's bell that was pushed.
    pub fn is_rung_by(&self, push: &PushInfo) -> bool {
        push.kind == PushKind::Message
            && matches!(push.data.first(), Some(Value::BulkString(channel)) if *channel == self.bell.as_bytes())
    }

    /// There may be letters.
    pub fn ring(&self) {
        self.rung.notify_one();
    }

    /// Leaves a letter for these nodes: for all, or it is said that it could not be done.
    pub async fn send(&self, nodes: &[String], letter: &Letter) -> Result<(), Away> {
        let letter = serde_json::to_string(letter).map_err(|_| Away)?;
        try_join_all(
            nodes.iter().map(|node| {
                let args = [bell_of(node), letter.clone(), KEPT.to_string(), TTL_S.to_string()];
                async move {
                    self.link.run_script::<Value>(&self.leave, &[&letters_of(node)], &args).await.map(drop)
                }
            }),
        )
        .await
        .map(drop)
    }

    /// Hands on what comes, until nobody takes it any more.
    pub async fn hand_on(self: Arc<Self>, to: mpsc::Sender<Letter>) {
        // Those that were handed on, and may still be in the stream.
        let mut read = Vec::new();
        loop {
            tokio::select! {
                () = self.rung.notified() => {}
                () = tokio::time::sleep(TICK) => {}
                () = to.closed() => return,
            }
            while self.link.is_up() {
                let Ok(letters) = self.fetch(&read).await else { break };
                read.clear();
                for (id, letter) in letters {
                    // One that can't be read is of no use later either.
                    let letter = serde_json::from_str(&letter).unwrap_or(Letter::Unknown);
                    if to.send(letter).await.is_err() {
                        return;
                    }
                    read.push(id);
                }
                if read.is_empty() {
                    break;
                }
            }
        }
    }

    /// The next letters with their ids, without those that were read.
    async fn fetch(&self, read: &[String]) -> Result<Vec<(String, String)>, Away> {
        let most = AT_ONCE.to_string();
        let args: Vec<&str> = std::iter::once(most.as_str()).chain(read.iter().map(String::as_str)).collect();
        self.link.run_script(&self.fetch, &[&self.letters], &args).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_a_later_release_is_read_as_one_that_nobody_knows() {
        let later = r#"{"is":"signal","to":"somebody","signal":{}}"#;
        assert_eq!(serde_json::from_str::<Letter>(later).unwrap(), Letter::Unknown);
    }

    #[test]
    fn a_letter_looks_the_same_in_every_release() {
        // Written down, so that a change shows: nodes of two releases run side by side.
        let letter = Letter::SessionEnded { session: SessionId::parse("one").unwrap() };
        assert_eq!(serde_json::to_string(&letter).unwrap(), r#"{"is":"session_ended","session":"one"}"#);
    }
}
