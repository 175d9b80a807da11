//! What people do in a room besides coming, going and talking.

use plenum_contract::{
    UserId,
    limits::{POLL_OPTION_MAX, POLL_OPTIONS_MAX, POLL_QUESTION_MAX, REACTION_MAX},
};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{entry::Refusal, recording::redacted};

/// One thing that somebody does, as it is asked and as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Act {
    /// Another text for one's own message.
    Edit {
        /// The message's number.
        message: u64,
        /// Trimmed, in the log.
        text: String,
    },
    /// One's own message taken back, or by a host anybody's.
    Delete {
        /// The message's number.
        message: u64,
    },
    /// A reaction to a message.
    React {
        /// The message's number.
        message: u64,
        /// One emoji.
        reaction: String,
        /// Set or taken back.
        on: bool,
    },
    /// To be heard in the call or not.
    Mute {
        /// Not to be heard.
        on: bool,
    },
    /// To be seen in the call or not.
    Video {
        /// To be seen.
        on: bool,
    },
    /// To present.
    ShareScreen,
    /// Nobody presents any more; by a host, who was named does not.
    StopScreen {
        /// Whose; one's own when none is named.
        user: Option<UserId>,
    },
    /// One's hand up.
    RaiseHand,
    /// A hand down; another's by a host.
    LowerHand {
        /// Whose; one's own when none is named.
        user: Option<UserId>,
    },
    /// By a host: who waits is let in.
    Admit {
        /// Who; all when none is named.
        user: Option<UserId>,
    },
    /// By a host: who waits is not let in.
    Deny {
        /// Who.
        user: UserId,
    },
    /// By a host: nobody new, or people again.
    Lock {
        /// Nobody new.
        on: bool,
    },
    /// By a host: not to be heard in the call.
    MuteOther {
        /// Who; all but the host when none is named.
        user: Option<UserId>,
    },
    /// By a host: a question to all.
    OpenPoll {
        /// Trimmed, in the log.
        question: String,
        /// Trimmed, in the log.
        options: Vec<String>,
        /// Whether one may choose several.
        multiple: bool,
    },
    /// An answer; none takes it back.
    Vote {
        /// The poll's number.
        poll: u64,
        /// The options' places, in order, in the log.
        choices: Vec<u8>,
    },
    /// By a host: no more answers.
    ClosePoll {
        /// The poll's number.
        poll: u64,
    },
}

impl Act {
    /// Whether it changes who may do what.
    #[must_use]
    pub const fn rules(&self) -> bool {
        matches!(self, Self::Admit { .. } | Self::Lock { .. } | Self::ShareScreen | Self::ClosePoll { .. })
    }

    /// Whether it is a host's alone to do.
    #[must_use]
    pub fn is_hosts(&self, by: &UserId) -> bool {
        match self {
            Self::Admit { .. }
            | Self::Deny { .. }
            | Self::Lock { .. }
            | Self::MuteOther { .. }
            | Self::OpenPoll { .. }
            | Self::ClosePoll { .. } => true,
            Self::LowerHand { user } | Self::StopScreen { user } => {
                user.as_ref().is_some_and(|user| user != by)
            }
            _ => false,
        }
    }

    /// Whether it is done in the call, which takes no seat in the room.
    #[must_use]
    pub const fn is_of_call(&self) -> bool {
        matches!(
            self,
            Self::Mute { .. } | Self::Video { .. } | Self::ShareScreen | Self::StopScreen { user: None }
        )
    }

    /// Takes out what was written, but for how long it was.
    pub(super) fn redact(&mut self) {
        match self {
            Self::Edit { text, .. } => *text = redacted(text),
            Self::OpenPoll { question, options, .. } => {
                for text in std::iter::once(question).chain(options) {
                    *text = redacted(text);
                }
            }
            _ => {}
        }
    }

    /// Bytes it takes in a log, near enough.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Edit { text, .. } => text.len(),
            Self::OpenPoll { question, options, .. } => {
                question.len() + options.iter().map(String::len).sum::<usize>()
            }
            _ => 0,
        }
    }
}

/// One emoji, or it is refused: what people see as one sign that is no plain letter, digit or blank.
pub fn reaction(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    let one = text.len() <= REACTION_MAX && text.graphemes(true).count() == 1;
    let plain = text
        .chars()
        .next()
        .is_none_or(|first| first.is_ascii() || first.is_alphanumeric() || first.is_control());
    if one && (!plain || text.contains('\u{20e3}')) { Ok(text) } else { Err(Refusal::InvalidReaction) }
}

/// A poll's question and options, trimmed, or it is refused.
pub fn poll(question: &str, options: &[String]) -> Result<(String, Vec<String>), Refusal> {
    let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
    if options.len() > POLL_OPTIONS_MAX {
        return Err(Refusal::InvalidPoll); // before anything is done with each of however many fit into a frame
    }
    let question = question.trim();
    let options: Vec<String> = options.iter().map(|option| option.trim().to_owned()).collect();
    let differ = options.iter().enumerate().all(|(at, option)| !options[..at].contains(option));
    let right = fits(question, POLL_QUESTION_MAX)
        && options.len() >= 2
        && options.iter().all(|option| fits(option, POLL_OPTION_MAX))
        && differ;
    if right { Ok((question.to_owned(), options)) } else { Err(Refusal::InvalidPoll) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_one_emoji() {
        for emoji in ["👍", "🎉", "👍🏽", "👨‍👩‍👧", "❤️", "🇪🇸", "1️⃣"] {
            assert_eq!(reaction(emoji), Ok(emoji), "{emoji}");
        }
        for text in ["", " ", "a", "ñ", "👍👍", "<b>", "1", "漢", "\u{7}"] {
            assert_eq!(reaction(text), Err(Refusal::InvalidReaction), "{text:?}");
        }
    }

    #[test]
    fn a_poll_has_a_question_and_different_options() {
        let options = |list: &[&str]| list.iter().map(|&option| option.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            poll(" When? ", &options(&[" Monday", "Tuesday "])),
            Ok(("When?".into(), options(&["Monday", "Tuesday"])))
        );
        for (question, list) in [("", &["a", "b"][..]), ("Q", &["a"]), ("Q", &["a", " a"]), ("Q", &["a", ""])]
        {
            assert_eq!(poll(question, &options(list)), Err(Refusal::InvalidPoll));
        }
        assert_eq!(
            poll(&"q".repeat(POLL_QUESTION_MAX + 1), &options(&["a", "b"])),
            Err(Refusal::InvalidPoll)
        );
    }
}
