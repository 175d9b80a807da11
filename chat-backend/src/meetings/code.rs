use std::{fmt, sync::Arc};

use plenum_contract::MeetingId;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Letters that nobody takes for another one, or for a digit. Twelve of them are 54 bits.
const LETTERS: &[u8; 23] = b"abcdefghjkmnpqrstuvwxyz";
const LENGTH: usize = 12;
/// Letters between two hyphens.
const GROUP: usize = 4;

/// The code of a meeting's link: `xxxx-xxxx-xxxx`. Whoever has it finds the meeting.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(Arc<str>);

impl Code {
    /// Letters of a code, hyphens included.
    pub const WIDTH: usize = LENGTH + (LENGTH - 1) / GROUP;

    /// A new one that can't be guessed.
    #[must_use]
    pub fn random() -> Self {
        let mut random = rand::rng();
        Self::spelled(|| random.random_range(..LETTERS.len()))
    }

    /// The code of a meeting that has none, of before there were codes: always the same, and told by nothing but the id,
    /// which opens as much.
    #[must_use]
    pub fn of(meeting: &MeetingId) -> Self {
        let hash = Sha256::new().chain_update("a meeting's code ").chain_update(meeting.as_str()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        let mut rest = u128::from_be_bytes(bytes);
        Self::spelled(|| {
            let letter = rest % LETTERS.len() as u128;
            rest /= LETTERS.len() as u128;
            usize::try_from(letter).unwrap_or_default()
        })
    }

    fn spelled(mut letter: impl FnMut() -> usize) -> Self {
        let mut text = String::with_capacity(Self::WIDTH);
        for at in 0..LENGTH {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(LETTERS[letter()]));
        }
        Self(text.into())
    }

    /// What a person typed or a store holds: in any case, with hyphens or without.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 2 * Self::WIDTH {
            return None;
        }
        let letters = text.trim().bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_lowercase());
        let places: Option<Vec<usize>> =
            letters.map(|letter| LETTERS.iter().position(|known| *known == letter)).collect();
        let mut places = places.filter(|places| places.len() == LENGTH)?.into_iter();
        Some(Self::spelled(|| places.next().unwrap_or_default()))
    }

    /// As it stands in links.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_is_three_groups_of_four_plain_letters() {
        for code in [Code::random(), Code::of(&MeetingId::random())] {
            let groups: Vec<&str> = code.as_str().split('-').collect();
            assert!(groups.len() == 3 && groups.iter().all(|group| group.len() == 4), "{code}");
            assert!(code.as_str().bytes().all(|byte| byte == b'-' || LETTERS.contains(&byte)), "{code}");
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
    }

    #[test]
    fn codes_differ_and_a_meetings_own_stays() {
        let codes: HashSet<Code> = (0..1_000).map(|_| Code::random()).collect();
        assert_eq!(codes.len(), 1_000);
        let letters: HashSet<char> = codes.iter().flat_map(|code| code.as_str().chars()).collect();
        assert_eq!(letters.len(), LETTERS.len() + 1, "every letter comes up, and the hyphen");
        let ids: Vec<MeetingId> = (0..1_000).map(|_| MeetingId::random()).collect();
        let of: HashSet<Code> = ids.iter().map(Code::of).collect();
        assert_eq!(of.len(), 1_000);
        assert!(of.iter().eq(of.iter()) && ids.iter().all(|id| of.contains(&Code::of(id))));
        let old = MeetingId::parse("5f2c8a10-0000-4000-8000-000000000001").unwrap();
        assert_eq!(Code::of(&old), Code::of(&old));
    }

    #[test]
    fn it_may_be_typed_in_other_ways() {
        let code = Code::parse("abcd-efgh-jkmn").unwrap();
        for text in ["ABCD-EFGH-JKMN", "abcdefghjkmn", " abcd-efgh-jkmn ", "abc-def-ghj-kmn"] {
            assert_eq!(Code::parse(text).as_ref(), Some(&code), "{text}");
        }
        let long = "abcd-".repeat(100);
        for text in [
            "",
            "abcd-efgh-jkm",
            "abcd-efgh-jkmnp",
            "abcd-efgh-jkm1",
            "abcd efgh jkmn",
            "ábcd-efgh-jkm",
            &long,
        ] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
    }
}
