//! The secret in a session's cookie, and the hash of it that is stored.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::Error;

/// Random bytes of a token.
const BYTES: usize = 32;
/// Characters of a token.
const LENGTH: usize = 43;

/// 256 random bits as text. Who shows it has the session; it is never stored and never printed.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new token from the system's generator.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; BYTES];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Error::Internal(format!("the system gives no random bytes: {error}")))?;
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads what a cookie holds; none when it can't be a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (text.len() == LENGTH && plain).then(|| Self(text.to_owned()))
    }

    /// What stands here for a token of others, which may have any form: its hash.
    #[must_use]
    pub fn standing_for(text: &str) -> Self {
        Self(TokenHash::of(text).to_text())
    }

    /// The text that a cookie holds.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// SHA-256 of a token's text. Knowing it opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of another secret, of which nobody could guess as many as it would take.
    pub(crate) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// 43 characters of `[A-Za-z0-9_-]`.
    #[must_use]
    pub fn to_text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what [`to_text`](Self::to_text) wrote; none when it can't be a hash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Whether `stored` is this hash, in a time that does not tell how much of it is.
    #[must_use]
    pub fn is(self, stored: &str) -> bool {
        self.to_text().as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_no_two_are_alike() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_eq!(Token::parse(one.reveal()).unwrap().hash(), one.hash());
        assert_ne!(one.hash(), other.hash());
        assert!(one.hash().is(&one.hash().to_text()));
        assert_eq!(TokenHash::parse(&one.hash().to_text()), Some(one.hash()));
        assert_eq!(TokenHash::parse(&one.hash().to_text()[1..]), None);
        assert!(!one.hash().is(&other.hash().to_text()));
    }

    #[test]
    fn a_token_in_another_case_is_another() {
        let token = Token::parse(&"a".repeat(LENGTH)).unwrap();
        assert_ne!(token.hash(), Token::parse(&"A".repeat(LENGTH)).unwrap().hash());
    }

    #[test]
    fn what_can_not_be_a_token_is_none() {
        for text in [
            "",
            "x",
            &"x".repeat(LENGTH - 1),
            &"x".repeat(LENGTH + 1),
            &format!("{} ", "x".repeat(LENGTH - 1)),
        ] {
            assert!(Token::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn neither_prints() {
        let token = Token::random().unwrap();
        let printed = format!("{token:?} {:?}", token.hash());
        assert!(!printed.contains(token.reveal()) && !printed.contains(&token.hash().to_text()));
    }
}
