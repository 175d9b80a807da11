//! How the gateway names its caller to a backend.
//!
//! To another process the gateway removes every header in Plenum's namespace from what a client sends, then stamps
//! either a caller or [`NOBODY`]. A backend that sees neither was not called through the gateway. Within one process
//! a [`Stamp`] among the request's extensions says it, and headers say nothing.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::ids::{SessionId, UserId};

/// The shared secret of both services.
pub const SECRET: HeaderName = HeaderName::from_static("x-plenum-secret");
/// Who calls: a user id, or [`NOBODY`].
pub const USER: HeaderName = HeaderName::from_static("x-plenum-user");
/// The caller's session id.
pub const SESSION: HeaderName = HeaderName::from_static("x-plenum-session");
/// The name shown to others, percent-encoded UTF-8.
pub const NAME: HeaderName = HeaderName::from_static("x-plenum-name");
/// When the session ends by itself, milliseconds since 1970.
pub const EXPIRES: HeaderName = HeaderName::from_static("x-plenum-expires");
/// The code of the one meeting that a guest may come to; absent for who has an account.
pub const GUEST: HeaderName = HeaderName::from_static("x-plenum-guest");
/// The value of [`USER`] for a request without a session. No id can be equal to it.
pub const NOBODY: &str = "(nobody)";
/// Every name that begins with this, in any case, with `_` read as `-`, is Plenum's own.
pub const NAMESPACE: &str = "x-plenum-";

/// A user whose session the gateway has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// The login session the request came with.
    pub session: SessionId,
    /// The name shown to others: the profile's.
    pub name: String,
    /// When the session ends by itself, milliseconds since 1970; none when that is not known.
    pub expires_at: Option<i64>,
    /// The code of the one meeting that a guest may come to; none for who has an account.
    pub guest: Option<String>,
}

/// What the gateway said of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    /// A signed-in user.
    Caller(Caller),
    /// The request had no session.
    Nobody,
    /// No stamp at all: the request did not come through the gateway.
    Absent,
    /// A stamp that can't be read.
    Malformed,
}

/// Whether a header name is one that only the gateway may say.
#[must_use]
pub fn is_own_header(name: &str) -> bool {
    name.len() >= NAMESPACE.len()
        && name
            .bytes()
            .zip(NAMESPACE.bytes())
            .all(|(b, own)| b.to_ascii_lowercase() == own || (b == b'_' && own == b'-'))
}

/// Removes whatever a client said in Plenum's namespace.
pub fn strip(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> = headers.keys().filter(|name| is_own_header(name.as_str())).cloned().collect();
    for name in own {
        headers.remove(name);
    }
}

/// Writes the caller, or that there is none. The headers must have been stripped before.
pub fn stamp(headers: &mut HeaderMap, caller: Option<&Caller>) {
    let Some(caller) = caller else {
        headers.insert(USER, HeaderValue::from_static(NOBODY));
        return;
    };
    let name = utf8_percent_encode(&caller.name, NON_ALPHANUMERIC).to_string();
    let expires_at = caller.expires_at.map(|at| at.to_string());
    let mut said =
        vec![(USER, caller.user.as_str()), (SESSION, caller.session.as_str()), (NAME, name.as_str())];
    said.extend(expires_at.as_deref().map(|at| (EXPIRES, at)));
    said.extend(caller.guest.as_deref().map(|code| (GUEST, code)));
    for (header, value) in said {
        // Ids and percent-encoded text hold only visible ASCII, so this can't fail.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(header, value);
        }
    }
}

/// Reads what the gateway stamped.
#[must_use]
pub fn read(headers: &HeaderMap) -> Stamp {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let Some(user) = text(USER) else {
        return if headers.contains_key(USER) { Stamp::Malformed } else { Stamp::Absent };
    };
    if user == NOBODY {
        return Stamp::Nobody;
    }
    let caller = || {
        Some(Caller {
            user: UserId::parse(user).ok()?,
            session: SessionId::parse(text(SESSION)?).ok()?,
            name: percent_decode_str(text(NAME)?).decode_utf8().ok()?.into_owned(),
            expires_at: text(EXPIRES).map(str::parse).transpose().ok()?,
            guest: text(GUEST).map(str::to_owned),
        })
    };
    caller().map_or(Stamp::Malformed, Stamp::Caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> Caller {
        Caller {
            user: UserId::random(),
            session: SessionId::random(),
            name: "Ana Ñandú %41\n".into(),
            expires_at: Some(1_795_228_800_007),
            guest: Some("abcd-efgh-jkmn".into()),
        }
    }

    #[test]
    fn a_stamped_caller_reads_back() {
        let (mut headers, ana) = (HeaderMap::new(), ana());
        stamp(&mut headers, Some(&ana));
        assert_eq!(read(&headers), Stamp::Caller(ana));
    }

    #[test]
    fn nobody_and_no_stamp_are_told_apart() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers), Stamp::Absent);
        stamp(&mut headers, None);
        assert_eq!(read(&headers), Stamp::Nobody);
    }

    #[test]
    fn a_caller_without_session_is_malformed() {
        let mut headers = HeaderMap::new();
        stamp(&mut headers, Some(&ana()));
        headers.remove(SESSION);
        assert_eq!(read(&headers), Stamp::Malformed);
    }

    #[test]
    fn our_own_headers_are_stripped_in_every_spelling() {
        let mut headers = HeaderMap::new();
        for name in ["X-Plenum-User", "x_plenum_user", "X-PLENUM_Secret", "x-plenum-", "x_plenum-anything"] {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("x"));
        }
        headers.append("x-plenu", HeaderValue::from_static("kept"));
        strip(&mut headers);
        assert_eq!(headers.len(), 1, "{headers:?}");
    }
}
