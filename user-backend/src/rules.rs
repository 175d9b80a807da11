//! What people may type: names, addresses, ages, passwords.

use std::{collections::HashSet, str::FromStr, sync::LazyLock};

use email_address::{EmailAddress, Options};
use plenum_contract::{ErrorCode, UserId, error::Problem, limits};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, Schema, Type},
};

use crate::error::Error;

pub use plenum_contract::axum::body::Input;

/// The fewest characters of a name.
const NAME_MIN: usize = 2;
/// Where addresses that stand for none end.
const NOBODYS: &str = "@no-address.invalid";
/// Years.
const AGE_MAX: u32 = 120;

/// What register takes.
#[derive(Debug, ToSchema)]
pub struct RegistrationBody {
    /// Trimmed, and folded to lower case.
    #[schema(format = Email, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// `PASSWORD_MIN_LENGTH` characters at least; never trimmed.
    #[schema(format = Password, max_length = 1_024, example = "correct horse")]
    pub password: String,
    /// First name, 2 to 50 characters, trimmed.
    #[schema(example = "Ana")]
    pub name: String,
    /// Last name, 2 to 50 characters, trimmed.
    #[schema(example = "Prueba")]
    pub last_name: String,
    /// Years, 1 to 120: a number, or its digits.
    #[schema(schema_with = age)]
    pub age: u32,
    /// Where registration is by invitation: what was sent with it.
    #[schema(nullable = false)]
    pub invitation: Option<String>,
}

impl RegistrationBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[
        ErrorCode::InvalidEmail,
        ErrorCode::WeakPassword,
        ErrorCode::InvalidName,
        ErrorCode::InvalidLastName,
        ErrorCode::InvalidAge,
    ];
}

/// What coming as a guest takes.
#[derive(Debug, ToSchema)]
pub struct ComingBody {
    /// The code of the meeting's link; its case and hyphens don't matter.
    #[schema(example = "abcd-efgh-jkmn")]
    pub code: String,
    /// Shown to others; 2 to 50 characters, trimmed.
    #[schema(example = "Gala")]
    pub name: String,
}

impl ComingBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[ErrorCode::InvalidMeetingCode, ErrorCode::InvalidName];
}

/// What login takes.
#[derive(Debug, ToSchema)]
pub struct LoginBody {
    /// The account's address.
    #[schema(format = Email, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// The account's password.
    #[schema(format = Password, min_length = 1, example = "correct horse")]
    pub password: String,
    /// Where there is a second factor: what the authenticator app shows, or a recovery code.
    #[schema(nullable = false)]
    pub code: Option<String>,
}

impl LoginBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[ErrorCode::InvalidEmail, ErrorCode::PasswordRequired];
}

/// What may be changed of one's own profile; what is absent stays.
#[derive(Debug, ToSchema)]
pub struct ProfileChangeBody {
    /// First name, 2 to 50 characters, trimmed.
    #[schema(example = "Ana")]
    pub name: Option<String>,
    /// Last name, 2 to 50 characters, trimmed.
    #[schema(example = "Prueba")]
    pub last_name: Option<String>,
    /// Years, 1 to 120: a number, or its digits.
    #[schema(schema_with = age, required = false)]
    pub age: Option<u32>,
    /// Another address, which nobody else has.
    #[schema(format = Email, max_length = 254, example = "ana@example.com")]
    pub email: Option<String>,
}

impl ProfileChangeBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] =
        &[ErrorCode::InvalidName, ErrorCode::InvalidLastName, ErrorCode::InvalidAge, ErrorCode::InvalidEmail];
}

/// What a change of password takes.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PasswordChangeBody {
    /// The one until now.
    #[schema(format = Password, min_length = 1, example = "correct horse")]
    pub current_password: String,
    /// The one from now on: `PASSWORD_MIN_LENGTH` characters at least; never trimmed.
    #[schema(format = Password, max_length = 1_024, example = "battery staple")]
    pub new_password: String,
    /// The same again.
    #[schema(format = Password, min_length = 1, example = "battery staple")]
    pub confirm_password: String,
}

impl PasswordChangeBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[
        ErrorCode::CurrentPasswordRequired,
        ErrorCode::WeakPassword,
        ErrorCode::ConfirmationRequired,
        ErrorCode::PasswordMismatch,
    ];
}

/// What shows once more who asks, before the ways into an account change.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct WayInBody {
    /// The account's password, where it has one.
    #[schema(format = Password, min_length = 1, nullable = false, example = "correct horse")]
    pub current_password: Option<String>,
}

/// What is asked for an address: a link, or other digits.
#[derive(Debug, ToSchema)]
pub struct AddressedBody {
    /// The account's address.
    #[schema(format = Email, max_length = 254, example = "ana@example.com")]
    pub email: String,
}

impl AddressedBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[ErrorCode::InvalidEmail];
}

/// What confirms an address.
#[derive(Debug, ToSchema)]
pub struct VerifyBody {
    /// The address.
    #[schema(format = Email, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// The six digits that were sent to it.
    #[schema(example = "287082")]
    pub code: String,
}

impl VerifyBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[ErrorCode::InvalidEmail, ErrorCode::InvalidVerificationCode];
}

/// What ends a password reset.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ResetBody {
    /// What the mail's link holds.
    #[schema(min_length = 1, example = "8Uu9m7l3cT0b4o1qV5yX2wZ6aB8dE0fG3hJ5kL7nP9r")]
    pub oob_code: String,
    /// The password from now on: `PASSWORD_MIN_LENGTH` characters at least; never trimmed.
    #[schema(format = Password, max_length = 1_024, example = "battery staple")]
    pub new_password: String,
}

impl ResetBody {
    /// How one is refused by itself.
    pub const REFUSALS: &[ErrorCode] = &[ErrorCode::ResetCodeRequired, ErrorCode::WeakPassword];
}

fn age() -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(AGE_MAX));
    let digits = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^\\s*[0-9]+\\s*$"));
    OneOfBuilder::new().item(number).item(digits).examples([30]).into()
}

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

    /// An address of nobody, for an account that has none: no mail is ever delivered there (RFC 2606). None if it could
    /// not be one.
    #[must_use]
    pub fn nobodys() -> Option<Self> {
        Self::parse(&format!("{}{NOBODYS}", UserId::random()))
    }

    /// Whether it stands for none.
    #[must_use]
    pub fn is_nobodys(&self) -> bool {
        self.0.ends_with(NOBODYS)
    }

    /// As much of it as its owner needs to know it by, and too little for anybody else.
    #[must_use]
    pub fn masked(&self) -> String {
        fn ends(text: &str) -> String {
            let (first, last) = (text.chars().take(1), text.chars().skip(3).last());
            first.chain(['…']).chain(last).collect()
        }
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let (host, top) = domain.rsplit_once('.').unwrap_or((domain, ""));
        format!("{}@{}.{top}", ends(local), ends(host))
    }

    /// What stands behind its `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address as it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a new password must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// `PASSWORD_MIN_LENGTH`: the fewest characters.
    pub min: usize,
    /// `PASSWORD_BLOCKLIST`: whether it may be one that everybody tries first.
    pub blocklist: Blocklist,
}

/// Whether the commonest passwords are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocklist {
    /// They are taken.
    #[default]
    Off,
    /// They are refused, in whatever letter case.
    On,
}

impl FromStr for Blocklist {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            _ => Err(()),
        }
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
    /// The invitation that was shown, whatever it is.
    pub invitation: Option<String>,
}

/// Somebody who comes as a guest, as the rules want it.
#[derive(Debug, Clone)]
pub struct Coming {
    /// What their link holds, whatever it is.
    pub code: String,
    /// The name they give, trimmed.
    pub name: String,
}

/// A login that keeps the rules.
#[derive(Debug, Clone)]
pub struct Login {
    /// The account's address.
    pub email: Email,
    /// As typed.
    pub password: SecretString,
}

/// A change of one's own profile that keeps the rules.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// First name, trimmed.
    pub name: Option<String>,
    /// Last name, trimmed.
    pub last_name: Option<String>,
    /// Years.
    pub age: Option<u32>,
    /// Where mail goes.
    pub email: Option<Email>,
}

/// A change of password that keeps the rules.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// As typed.
    pub current: SecretString,
    /// As typed, twice.
    pub new: SecretString,
}

/// The end of a reset that keeps the rules.
#[derive(Debug, Clone)]
pub struct Reset {
    /// What the link held.
    pub code: SecretString,
    /// As typed.
    pub new: SecretString,
}

/// What somebody looks for: words, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Vec<String>);

/// The fewest characters that are looked for.
const QUERY_MIN: usize = 2;
/// The most words.
const QUERY_WORDS: usize = 8;

impl Query {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Self, Error> {
        let typed = typed.trim().to_lowercase();
        let fits = (QUERY_MIN..=limits::EMAIL_MAX).contains(&typed.chars().count());
        let words: Vec<String> = typed.split_whitespace().map(str::to_owned).collect();
        if !fits || words.len() > QUERY_WORDS || typed.chars().any(char::is_control) {
            return Err(Error::Invalid(vec![ErrorCode::InvalidQuery.into()]));
        }
        Ok(Self(words))
    }

    /// Each must stand in the name, or all of it be the address.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
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
    pub fn read(input: &Input, passwords: PasswordRules) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let email = checks.keep(an_email(input));
        let password = checks.keep(a_new_password(input, "password", passwords, "weak_password"));
        let name = checks.keep(a_name(input, "name", &NAME));
        let last_name = checks.keep(a_name(input, "last_name", &LAST_NAME));
        let age = checks.keep(an_age(input));
        match (email, password, name, last_name, age) {
            (Some(email), Some(password), Some(name), Some(last_name), Some(age)) => {
                let invitation = text(input, "invitation").map(str::trim).filter(|shown| !shown.is_empty());
                Ok(Self { email, password, name, last_name, age, invitation: invitation.map(str::to_owned) })
            }
            _ => Err(Error::Invalid(checks.0)),
        }
    }
}

impl ProfileChange {
    /// Reads a change: what is absent stays. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let given = |field: &str| input.get(field).is_some_and(|value| !value.is_null());
        let change = Self {
            email: given("email").then(|| checks.keep(an_email(input))).flatten(),
            name: given("name").then(|| checks.keep(a_name(input, "name", &NAME))).flatten(),
            last_name: given("last_name")
                .then(|| checks.keep(a_name(input, "last_name", &LAST_NAME)))
                .flatten(),
            age: given("age").then(|| checks.keep(an_age(input))).flatten(),
        };
        if checks.0.is_empty() { Ok(change) } else { Err(Error::Invalid(checks.0)) }
    }
}

impl PasswordChange {
    /// Reads a change of password. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input, passwords: PasswordRules) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let current = checks.keep(given_current_password(input));
        let new = checks.keep(a_new_password(input, "newPassword", passwords, "weak_password.new"));
        let again = text(input, "confirmPassword").filter(|typed| !typed.is_empty());
        let again = checks.keep(again.ok_or_else(|| ErrorCode::ConfirmationRequired.into()));
        match (current, new, again) {
            (Some(_), Some(new), Some(again)) if new.expose_secret() != again => {
                Err(Error::Invalid(vec![ErrorCode::PasswordMismatch.into()]))
            }
            (Some(current), Some(new), Some(_)) => Ok(Self { current, new }),
            _ => Err(Error::Invalid(checks.0)),
        }
    }
}

impl Reset {
    /// Reads the end of a reset. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input, passwords: PasswordRules) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let code = text(input, "oobCode").map(str::trim).filter(|typed| !typed.is_empty());
        let code = checks.keep(code.ok_or_else(|| ErrorCode::ResetCodeRequired.into()));
        let new = checks.keep(a_new_password(input, "newPassword", passwords, "weak_password.new"));
        match (code, new) {
            (Some(code), Some(new)) => Ok(Self { code: code.to_owned().into(), new }),
            _ => Err(Error::Invalid(checks.0)),
        }
    }
}

/// The address that a body names: `email`.
pub fn named_email(input: &Input) -> Result<Email, Error> {
    an_email(input).map_err(|problem| Error::Invalid(vec![problem]))
}

impl Coming {
    /// Reads what a guest gives. [`Error::Invalid`] holds every problem, not only the first.
    pub fn read(input: &Input) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let code = text(input, "code").map(str::trim).filter(|typed| !typed.is_empty());
        let code = checks.keep(code.ok_or_else(|| ErrorCode::InvalidMeetingCode.into()));
        let name = checks.keep(a_name(input, "name", &NAME));
        match (code, name) {
            (Some(code), Some(name)) => Ok(Self { code: code.to_owned(), name }),
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

/// A password that somebody is to have from now on: never trimmed. `short` is the text for one that is too short.
pub(crate) fn a_new_password(
    input: &Input,
    field: &str,
    PasswordRules { min, blocklist }: PasswordRules,
    short: &'static str,
) -> Result<SecretString, Problem> {
    let typed = text(input, field).unwrap_or_default();
    if typed.chars().count() < min {
        return Err(Problem::said(ErrorCode::WeakPassword, short).with("n", min));
    }
    if typed.len() > limits::PASSWORD_MAX {
        return Err(
            Problem::said(ErrorCode::WeakPassword, "weak_password.long").with("n", limits::PASSWORD_MAX)
        );
    }
    if blocklist == Blocklist::On && COMMONEST.contains(typed.to_lowercase().as_str()) {
        return Err(Problem::said(ErrorCode::WeakPassword, "weak_password.common"));
    }
    Ok(typed.into())
}

/// The commonest passwords, in lower case.
static COMMONEST: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../common-passwords/list.txt").lines().collect());

/// The password of now, before a change.
pub(crate) fn given_current_password(input: &Input) -> Result<SecretString, Problem> {
    match text(input, "currentPassword") {
        None | Some("") => Err(ErrorCode::CurrentPasswordRequired.into()),
        Some(typed) => Ok(typed.into()),
    }
}

/// A password to be compared.
pub(crate) fn given_password(input: &Input) -> Result<SecretString, Problem> {
    match text(input, "password") {
        None | Some("") => Err(ErrorCode::PasswordRequired.into()),
        Some(typed) => Ok(typed.into()),
    }
}

#[cfg(test)]
mod tests {
    use plenum_contract::Locale;
    use serde_json::json;

    use super::*;

    const SIX: PasswordRules = PasswordRules { min: 6, blocklist: Blocklist::Off };

    fn with(field: &str, value: Value) -> Input {
        let ana = json!({
            "email": " Ana@Example.COM ", "password": " secret ", "name": " Ana ", "last_name": "Ñandú", "age": 30,
        });
        let Value::Object(mut ana) = ana else { unreachable!("an object is written above") };
        ana.insert(field.to_owned(), value);
        ana
    }

    fn texts(input: &Input, locale: Locale) -> Vec<String> {
        match Registration::read(input, SIX) {
            Err(Error::Invalid(problems)) => problems.iter().map(|problem| problem.text(locale)).collect(),
            other => panic!("{input:?} gave {other:?}"),
        }
    }

    #[test]
    fn what_was_typed_is_trimmed_and_folded_but_not_the_password() {
        let ana = Registration::read(&with("userId", json!("someone")), SIX).unwrap();
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
        assert!(Registration::read(&with("name", json!("ñ".repeat(50))), SIX).is_ok());
    }

    #[test]
    fn an_age_is_a_whole_number_or_its_digits() {
        for right in [json!(1), json!(120), json!("30"), json!(" 30 ")] {
            assert!(Registration::read(&with("age", right.clone()), SIX).is_ok(), "{right}");
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
    fn a_masked_address_is_known_by_its_owner_and_tells_nobody_else() {
        let masked = |text| Email::parse(text).unwrap().masked();
        assert_eq!(masked("ana.prueba@example.com"), "a…a@e…e.com");
        assert_eq!(masked("josé@mail.example.co.uk"), "j…é@m…o.uk");
        assert_eq!(masked("ana@b.co"), "a…@b….co");
        assert_eq!(masked("a@example.com"), "a…@e…e.com");
    }

    #[test]
    fn a_password_counts_characters_and_is_bounded_in_bytes() {
        assert!(Registration::read(&with("password", json!("ñandús")), SIX).is_ok());
        assert!(Registration::read(&with("password", json!("ñandú")), SIX).is_err());
        assert!(Registration::read(&with("password", json!(123_456)), SIX).is_err());
        assert!(Registration::read(&with("password", json!("x".repeat(limits::PASSWORD_MAX))), SIX).is_ok());
        let long = texts(&with("password", json!("x".repeat(limits::PASSWORD_MAX + 1))), Locale::En);
        assert!(long[0].contains("at most"), "{long:?}");
    }

    #[test]
    fn the_commonest_passwords_are_refused_where_that_is_asked_in_whatever_letter_case() {
        let strict = PasswordRules { blocklist: Blocklist::On, ..SIX };
        for common in ["123456", "password", "PassWord1", "QWERTYUIOP"] {
            let input = with("password", json!(common));
            assert!(Registration::read(&input, SIX).is_ok(), "{common}");
            let Err(Error::Invalid(problems)) = Registration::read(&input, strict) else {
                panic!("{common} went through");
            };
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].code, ErrorCode::WeakPassword);
            assert!(problems[0].text(Locale::En).contains("most common"), "{problems:?}");
            assert!(problems[0].text(Locale::Es).contains("más comunes"), "{problems:?}");
        }
        for rare in ["password of mine", " 123456", "correct horse"] {
            assert!(Registration::read(&with("password", json!(rare)), strict).is_ok(), "{rare}");
        }
        let change = |new: &str| {
            let typed = json!({ "currentPassword": "123456", "newPassword": new, "confirmPassword": new });
            let Value::Object(typed) = typed else { unreachable!("an object is written above") };
            PasswordChange::read(&typed, strict)
        };
        assert!(change("iloveyou").is_err());
        assert!(change("I love none of you").is_ok());
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
