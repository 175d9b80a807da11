//! The languages people read, and the one table of texts (`locales/`).

use std::str::FromStr;

/// A language of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Locale {
    /// All of ours, the default first.
    pub const ALL: &'static [Self] = &[Self::En, Self::Es];

    /// The language tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of a tag such as `es` or `es-ES`, if it is one of ours.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.iter().copied().find(|locale| locale.as_str().eq_ignore_ascii_case(primary))
    }

    /// What an `Accept-Language` header asks for: the best of ours, `otherwise` when none is or `*` leads.
    #[must_use]
    pub fn negotiate(accept_language: Option<&str>, otherwise: Self) -> Self {
        let Some(header) = accept_language else {
            return otherwise;
        };
        accept_language::parse(header)
            .iter()
            .find_map(|tag| if tag == "*" { Some(otherwise) } else { Self::from_tag(tag) })
            .unwrap_or(otherwise)
    }
}

impl FromStr for Locale {
    type Err = NotOurs;

    fn from_str(tag: &str) -> Result<Self, NotOurs> {
        Self::from_tag(tag).ok_or(NotOurs)
    }
}

/// The tag is of no language of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language of ours")]
pub struct NotOurs;

/// What went well, in the caller's words: the text under `said.{what}`.
#[must_use]
pub fn said(what: &str, locale: Locale) -> String {
    of(&format!("said.{what}"), locale, &[])
}

/// The text under `key`, its `%{name}`s filled in.
#[must_use]
pub fn of(key: &str, locale: Locale, args: &[(&'static str, String)]) -> String {
    let text = rust_i18n::t!(key, locale = locale.as_str());
    if args.is_empty() {
        return text.into_owned();
    }
    let names: Vec<&str> = args.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = args.iter().map(|(_, value)| value.clone()).collect();
    rust_i18n::replace_patterns(&text, &names, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_ours_is_chosen() {
        let asked = |header: &str| Locale::negotiate(Some(header), Locale::En);
        assert_eq!(asked("es-ES,es;q=0.9,en;q=0.8"), Locale::Es);
        assert_eq!(asked("en;q=0.2, es;q=0.9"), Locale::Es);
        assert_eq!(asked("de-DE, fr"), Locale::En);
        assert_eq!(asked("*"), Locale::En);
        assert_eq!(asked(";;;,q=1,\u{fffd}"), Locale::En);
        assert_eq!(Locale::negotiate(Some("*"), Locale::Es), Locale::Es);
        assert_eq!(Locale::negotiate(None, Locale::Es), Locale::Es);
    }
}
