//! What a personal token may be used for.

use std::fmt;

use http::Method;
use utoipa::ToSchema;

/// A thing that a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Scope {
    /// Reading meetings, chat's and calls' state, profiles.
    Read,
    /// Making and changing meetings.
    Write,
    /// socket.io: being in rooms.
    Realtime,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Realtime];

    /// The word on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Realtime => "realtime",
        }
    }

    /// Parses the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// Some scopes, each once. None of them: nothing may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// These.
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().fold(0, |all, scope| all | 1 << scope as u8))
    }

    /// Reads a comma list. Words that nobody knows give nothing.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::of(text.split(',').filter_map(Scope::parse))
    }

    /// Whether this is among them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.each().map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// What a request needs of a token that has scopes; none when no such token may ask it: accounts, sessions and tokens are
/// their user's alone.
#[must_use]
pub fn needed(method: &Method, path: &str) -> Option<Scope> {
    let under =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if path == "/socket.io/" {
        return Some(Scope::Realtime);
    }
    if ["/api/meetings", "/api/chat", "/api/call"].into_iter().any(under) {
        return Some(if reads { Scope::Read } else { Scope::Write });
    }
    (reads && (path == "/api/me" || under("/api/users"))).then_some(Scope::Read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_unknown_words_give_nothing() {
        let scopes = Scopes::read("write,read,admin,,read");
        assert_eq!(scopes.to_string(), "read,write");
        assert_eq!(Scopes::read(&scopes.to_string()), scopes);
        assert!(!scopes.has(Scope::Realtime));
        assert_eq!(Scopes::read(""), Scopes::default());
    }

    #[test]
    fn a_tokens_scopes_never_reach_accounts_sessions_and_tokens() {
        let asks = |method: Method, path| needed(&method, path);
        assert_eq!(asks(Method::GET, "/api/meetings/one"), Some(Scope::Read));
        assert_eq!(asks(Method::POST, "/api/meetings"), Some(Scope::Write));
        assert_eq!(asks(Method::GET, "/api/users/search"), Some(Scope::Read));
        assert_eq!(asks(Method::POST, "/socket.io/"), Some(Scope::Realtime));
        for (method, path) in [
            (Method::PUT, "/api/users/profile"),
            (Method::DELETE, "/api/users/profile"),
            (Method::GET, "/api/auth/sessions"),
            (Method::POST, "/api/auth/personal-tokens"),
            (Method::PUT, "/api/auth/update-password"),
            (Method::GET, "/api/meetingsx"),
            (Method::GET, "/socket.io"),
        ] {
            assert_eq!(asks(method, path), None, "{path}");
        }
    }
}
