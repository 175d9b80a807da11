//! What people may type: names, addresses, ages, passwords.

use email_address::{EmailAddress, Options};
use plenum_contract::{ErrorCode, error::Problem, limits};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::Error;

pub use plenum_contract::axum::body::Input;

/// The fewest characters of a name.
const NAME_MIN: usize = 2;
/// Years.
const AGE_MAX: u32 = 120;

/// A mail address, trimmed and folded to lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Parses what someone typed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let folded = text.trim().to_lowercase();
        let options =
            Options::default().with_minimum_sub_domains(2).without_domain_literal().without_display_text();
        let fits = folded.chars().count() <= limits::EMAIL_MAX;
        (fits && EmailAddress::parse_with_options(&folded, options).is_ok()).then_some(Self(folded))
    }

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A registration that keeps the rules.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Where mail goes.
    pub email: Email,
    /// As typed.
    pub password: SecretString,
    /// First name, trimmed.
    pub name: String,
    /// Last name, trimmed.
    pub last_name: String,
    /// Years.
    pub age: u32,
}

/// A login that keeps the rules.
#[derive(Debug, Clone)]
pub struct Login {
    /// The account's address.
    pub email: Email,
    /// As typed.
    pub password: SecretString,
}

/// What went through, and what did not.
#[derive(Default)]
struct Checks(Vec<Problem>);

impl Checks {
    fn keep<T>(&mut self, checked: Result<T, Problem>) -> Option<T> {
        checked.map_err(|problem| self.0.push(problem)).ok()
    }
}

impl Registration {
    /// Reads a registration. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input, password_min: usize) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let email = checks.keep(an_email(input));
        let password = checks.keep(new_password(input, password_min));
        let name = checks.keep(a_name(input, "name", &NAME));
        let last_name = checks.keep(a_name(input, "last_name", &LAST_NAME));
        let age = checks.keep(an_age(input));
        match (email, password, name, last_name, age) {
            (Some(email), Some(password), Some(name), Some(last_name), Some(age)) => {
                Ok(Self { email, password, name, last_name, age })
            }
            _ => Err(Error::Invalid(checks.0)),
        }
    }
}

impl Login {
    /// Reads a login. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let email = checks.keep(an_email(input));
        let password = checks.keep(given_password(input));
        match (email, password) {
            (Some(email), Some(password)) => Ok(Self { email, password }),
            _ => Err(Error::Invalid(checks.0)),
        }
    }
}

fn text<'a>(input: &'a Input, field: &str) -> Option<&'a str> {
    input.get(field).and_then(Value::as_str)
}

fn an_email(input: &Input) -> Result<Email, Problem> {
    text(input, "email").and_then(Email::parse).ok_or_else(|| ErrorCode::InvalidEmail.into())
}

struct NameTexts {
    code: ErrorCode,
    required: &'static str,
    empty: &'static str,
}

const NAME: NameTexts = NameTexts {
    code: ErrorCode::InvalidName,
    required: "invalid_name.required",
    empty: "invalid_name.empty",
};
const LAST_NAME: NameTexts = NameTexts {
    code: ErrorCode::InvalidLastName,
    required: "invalid_last_name.required",
    empty: "invalid_last_name.empty",
};

fn a_name(input: &Input, field: &str, texts: &NameTexts) -> Result<String, Problem> {
    let typed = match input.get(field) {
        None | Some(Value::Null) => return Err(Problem::said(texts.code, texts.required)),
        Some(Value::String(typed)) => typed.trim(),
        Some(_) => return Err(texts.code.into()),
    };
    match typed.chars().count() {
        0 => Err(Problem::said(texts.code, texts.empty)),
        NAME_MIN..=limits::NAME_MAX if !typed.chars().any(char::is_control) => Ok(typed.to_owned()),
        _ => Err(texts.code.into()),
    }
}

/// A whole number, or its digits.
fn an_age(input: &Input) -> Result<u32, Problem> {
    let years = match input.get("age") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(typed)) => {
            let typed = typed.trim();
            typed.bytes().all(|b| b.is_ascii_digit()).then(|| typed.parse().ok()).flatten()
        }
        _ => None,
    };
    years
        .and_then(|years| u32::try_from(years).ok())
        .filter(|years| (1..=AGE_MAX).contains(years))
        .ok_or_else(|| ErrorCode::InvalidAge.into())
}

/// A password for an account that is to be made: never trimmed.
fn new_password(input: &Input, min: usize) -> Result<SecretString, Problem> {
    let typed = text(input, "password").unwrap_or_default();
    if typed.chars().count() < min {
        return Err(Problem::from(ErrorCode::WeakPassword).with("n", min));
    }
    if typed.len() > limits::PASSWORD_MAX {
        return Err(
            Problem::said(ErrorCode::WeakPassword, "weak_password.long").with("n", limits::PASSWORD_MAX)
        );
    }
    Ok(typed.into())
}

/// A password to be compared.
fn given_password(input: &Input) -> Result<SecretString, Problem> {
    match text(input, "password") {
        None | Some("") => Err(ErrorCode::PasswordRequired.into()),
        Some(typed) => Ok(typed.into()),
    }
}

#[cfg(test)]
mod tests {
    use plenum_contract::Locale;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn with(field: &str, value: Value) -> Input {
        let ana = json!({
            "email": " Ana@Example.COM ", "password": " secret ", "name": " Ana ", "last_name": "Ñandú", "age": 30,
        });
        let Value::Object(mut ana) = ana else { unreachable!("an object is written above") };
        ana.insert(field.to_owned(), value);
        ana
    }

    fn texts(input: &Input, locale: Locale) -> Vec<String> {
        match Registration::read(input, 6) {
            Err(Error::Invalid(problems)) => problems.iter().map(|problem| problem.text(locale)).collect(),
            other => panic!("{input:?} gave {other:?}"),
        }
    }

    #[test]
    fn what_was_typed_is_trimmed_and_folded_but_not_the_password() {
        let ana = Registration::read(&with("userId", json!("someone")), 6).unwrap();
        assert_eq!(ana.email.as_str(), "ana@example.com");
        assert_eq!((ana.name.as_str(), ana.last_name.as_str(), ana.age), ("Ana", "Ñandú", 30));
        assert_eq!(ana.password.expose_secret(), " secret ");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = texts(&Input::new(), Locale::En);
        assert_eq!(problems.len(), 5, "{problems:?}");
        for word in [
            "valid email address",
            "at least 6 characters",
            "Name is required",
            "Last name is required",
            "between 1 and 120",
        ] {
            assert!(problems.iter().any(|text| text.contains(word)), "{word} in {problems:?}");
        }
    }

    #[test]
    fn a_name_is_told_apart_missing_empty_and_too_long() {
        let es = |value| texts(&with("name", value), Locale::Es);
        assert_eq!(es(Value::Null), ["Los nombres son obligatorios"]);
        assert_eq!(es(json!("  ")), ["Los nombres no pueden estar vacíos"]);
        for wrong in [json!("A"), json!("x".repeat(51)), json!(7), json!(["Ana"]), json!("An\u{7}a")] {
            assert_eq!(es(wrong), ["Los nombres deben tener entre 2 y 50 caracteres"]);
        }
        assert!(Registration::read(&with("name", json!("ñ".repeat(50))), 6).is_ok());
    }

    #[test]
    fn an_age_is_a_whole_number_or_its_digits() {
        for right in [json!(1), json!(120), json!("30"), json!(" 30 ")] {
            assert!(Registration::read(&with("age", right.clone()), 6).is_ok(), "{right}");
        }
        for wrong in [
            json!(0),
            json!(121),
            json!(-1),
            json!(30.5),
            json!("+30"),
            json!("3e1"),
            json!(""),
            json!(true),
            json!("99999999999999999999999"),
        ] {
            assert_eq!(texts(&with("age", wrong.clone()), Locale::En).len(), 1, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_one_that_mail_could_reach() {
        for right in ["a@b.co", "ana+tag@mail.example.com", "josé@example.com"] {
            assert!(Email::parse(right).is_some(), "{right}");
        }
        let long = format!("a@{}.com", "b".repeat(260));
        for wrong in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "ana@[127.0.0.1]",
            "Ana <ana@example.com>",
            "a@b@c.com",
            "ana@exa mple.com",
            "ana@example.com\r\nBcc: b@c.com",
            &long,
        ] {
            assert!(Email::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_password_counts_characters_and_is_bounded_in_bytes() {
        assert!(Registration::read(&with("password", json!("ñandús")), 6).is_ok());
        assert!(Registration::read(&with("password", json!("ñandú")), 6).is_err());
        assert!(Registration::read(&with("password", json!(123_456)), 6).is_err());
        assert!(Registration::read(&with("password", json!("x".repeat(limits::PASSWORD_MAX))), 6).is_ok());
        let long = texts(&with("password", json!("x".repeat(limits::PASSWORD_MAX + 1))), Locale::En);
        assert!(long[0].contains("at most"), "{long:?}");
    }

    #[test]
    fn a_login_needs_an_address_and_a_password() {
        assert!(Login::read(&with("x", Value::Null)).is_ok());
        let Err(Error::Invalid(problems)) = Login::read(&with("password", json!(""))) else {
            panic!("an empty password went through");
        };
        assert_eq!(problems[0].code, ErrorCode::PasswordRequired);
        assert!(Login::read(&with("email", json!("ana"))).is_err());
    }
}
