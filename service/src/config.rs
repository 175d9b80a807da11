//! Variables: read once at start, all problems told in one message.

use std::{collections::BTreeSet, fmt, str::FromStr};

use http::Uri;
use secrecy::SecretString;

type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// What can be looked up, and what was wrong with it so far.
pub struct Env {
    lookup: Lookup,
    problems: Vec<String>,
    read: BTreeSet<&'static str>,
}

/// Every bad or missing variable, each with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadVariables(pub Vec<String>);

impl fmt::Display for BadVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration has problems:")?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  - {problem}"))
    }
}

impl std::error::Error for BadVariables {}

impl Env {
    /// The process's own variables, with those of `.env` where they are not set otherwise.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads variables")]
    pub fn process() -> Self {
        let file = dotenvy::dotenv();
        let mut env = Self::lookup(|name| std::env::var(name).ok());
        if let Err(error) = file
            && !error.not_found()
        {
            env.problem(format!(".env can't be read: {error}"));
        }
        env
    }

    /// Variables from anywhere: tests fill them from a map.
    pub fn lookup(lookup: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { lookup: Box::new(lookup), problems: Vec::new(), read: BTreeSet::new() }
    }

    /// Notes a problem that concerns several variables.
    pub fn problem(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        if !self.problems.contains(&problem) {
            self.problems.push(problem); // two parts of a process may read the same variable
        }
    }

    /// A variable, or the contents of the file that `NAME_FILE` names. Blank is absent.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.read.insert(name);
        let filled = |text: String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let direct = (self.lookup)(name).and_then(filled);
        let Some(path) = (self.lookup)(&format!("{name}_FILE")).and_then(filled) else {
            return direct;
        };
        if direct.is_some() {
            self.problem(format!("{name} and {name}_FILE are both set; keep one"));
            return None;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => filled(text),
            Err(error) => {
                self.problem(format!("{name}_FILE names {path}, which can't be read: {error}"));
                None
            }
        }
    }

    /// A secret: it never prints.
    pub fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A variable that must parse, with a default. `what` says what it should be.
    pub fn parse<T: FromStr>(&mut self, name: &'static str, default: T, what: &str) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.problem(format!("{name} must be {what}, not {text:?}"));
            default
        })
    }

    /// A whole number within bounds, with a default.
    pub fn number<T>(&mut self, name: &'static str, default: T, least: T, most: T) -> T
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let what = format!("a whole number from {least} to {most}");
        let value = self.parse(name, default, &what);
        if value < least || value > most {
            self.problem(format!("{name} must be {what}, not {value}"));
            return default;
        }
        value
    }

    /// The address of a web app: `http://` or `https://` and a host, perhaps with a path.
    pub fn web_address(&mut self, name: &'static str) -> Option<Uri> {
        let text = self.text(name)?;
        let uri = text.parse().ok().filter(|uri: &Uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if uri.is_none() {
            self.problem(format!(
                "{name} must be an address that begins with http:// or https://, not {text:?}"
            ));
        }
        uri
    }

    /// A comma list; `default` when absent.
    pub fn list(&mut self, name: &'static str, default: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// The names that were read, for checking `.env.example` against.
    #[must_use]
    pub fn names_read(&self) -> Vec<&'static str> {
        self.read.iter().copied().collect()
    }

    /// Ends the reading: all problems at once, or none.
    pub fn finish(self) -> Result<(), BadVariables> {
        if self.problems.is_empty() { Ok(()) } else { Err(BadVariables(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> Env {
        Env::lookup(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut env = env(&[("PORT", "door"), ("MAX", "0"), ("KEY_FILE", "/nowhere/key")]);
        assert_eq!(env.number("PORT", 3000_u16, 1, u16::MAX), 3000);
        assert_eq!(env.number("MAX", 10_u32, 1, 20), 10);
        assert_eq!(env.text("KEY"), None);
        let BadVariables(problems) = env.finish().unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        for name in ["PORT", "MAX", "KEY_FILE"] {
            assert!(problems.iter().any(|p| p.contains(name)), "{name} in {problems:?}");
        }
    }

    #[test]
    fn a_variable_can_be_in_a_file() {
        let path = std::env::temp_dir().join(format!("plenum-secret-{}", std::process::id()));
        std::fs::write(&path, "  hush\n").unwrap();
        let named = path.to_str().unwrap().to_owned();
        let mut env = Env::lookup(move |name| (name == "SECRET_FILE").then(|| named.clone()));
        assert_eq!(env.text("SECRET").as_deref(), Some("hush"));
        std::fs::remove_file(path).unwrap();
        assert!(env.finish().is_ok());
    }

    #[test]
    fn blank_is_absent() {
        let mut env = env(&[("HOST", "  ")]);
        assert_eq!(env.text("HOST"), None);
        assert_eq!(env.list("ORIGINS", "a, b,"), ["a", "b"]);
    }
}
