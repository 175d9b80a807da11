//! Where a service's paths begin.

use super::nodes::Nodes;

/// A service behind the gateway.
#[derive(Clone)]
pub struct Mount {
    /// For logs and `/ready`.
    pub name: &'static str,
    /// Paths that are the service's: each itself and everything below it.
    pub prefixes: &'static [&'static str],
    /// Where its socket.io connections are opened, if it has any.
    pub socket: Option<&'static str>,
    /// Where it is asked what the code is of to which somebody without an account was invited, if it has such.
    pub invitations: Option<&'static str>,
    /// Where it runs.
    pub nodes: Nodes,
}

impl Mount {
    /// Meetings, chat and calls.
    #[must_use]
    pub const fn chat(nodes: Nodes) -> Self {
        Self {
            name: "chat-backend",
            prefixes: &["/api/meetings", "/api/chat", "/api/call"],
            socket: Some("/socket.io/"),
            invitations: Some("/api/meetings/code/"),
            nodes,
        }
    }

    /// Whether a path is the service's.
    pub(super) fn has(&self, path: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.prefixes.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(below))
    }

    /// Whether a path is where socket.io connections are opened.
    pub(super) fn has_socket(&self, path: &str) -> bool {
        self.socket == Some(path)
    }
}
