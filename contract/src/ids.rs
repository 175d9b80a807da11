//! Ids that travel. Each is parsed at the edge, so that code behind it never sees a bare string.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::ID_MAX;

/// The text is not an id: empty, longer than [`ID_MAX`], or with a character outside `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

fn check(text: &str) -> Result<(), NotAnId> {
    let fits = !text.is_empty() && text.len() <= ID_MAX;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits && plain { Ok(()) } else { Err(NotAnId) }
}

macro_rules! id {
    ($(#[doc = $doc:literal])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, ts_rs::TS)]
        #[serde(try_from = "String")]
        #[ts(type = "string")]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new id that can't be guessed (122 random bits).
            #[must_use]
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4().to_string().into())
            }

            /// Parses what a client or a store says.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                check(text).map(|()| Self(text.into()))
            }

            /// The id, to be held by others too.
            #[must_use]
            pub const fn shared(&self) -> &Arc<str> {
                &self.0
            }

            /// The id as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::schema::id(concat!($($doc),*)).into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                Self::parse(&text)
            }
        }
    };
}

id! {
    /// An account, or a user that an older system stored in a meeting.
    UserId
}
id! {
    /// A meeting, and the room in which it meets.
    MeetingId
}
id! {
    /// A login session. Not its token: knowing the id opens nothing.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert!(UserId::parse("8f14e45f-ceea-467f-a9c1-0b5c0a2b7f11").is_ok());
        for bad in ["", " ", "a b", "../x", "é", "a/b", &"x".repeat(ID_MAX + 1)] {
            assert_eq!(MeetingId::parse(bad), Err(NotAnId), "{bad:?}");
        }
    }

    #[test]
    fn two_random_ids_differ() {
        assert_ne!(SessionId::random(), SessionId::random());
    }
}
