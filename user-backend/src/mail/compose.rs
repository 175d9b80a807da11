//! What a mail says, and its bytes.

use std::fmt;

use jiff::SignedDuration;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};
use plenum_contract::{Locale, text};

use super::Kind;
use crate::{
    error::Error,
    mail_codes::{DIGITS, RESET},
    rules::Email,
};

/// Who mails are from that only go into a folder.
const HERE: &str = "Plenum <plenum@localhost>";
const FRAME: &str = include_str!("letter.html");

/// What only the receiver may read.
pub enum Secret {
    /// A link to follow.
    Link(String),
    /// Digits to type.
    Digits(String),
    /// Nothing of the kind.
    None,
}

/// A mail to be sent.
pub struct Letter {
    /// What it is about.
    pub kind: Kind,
    /// Where it goes.
    pub email: Email,
    /// Whose address that is. None while it was not shown to be theirs: whoever it belongs to would read what a stranger
    /// typed.
    pub name: Option<String>,
    /// The address of the account that it is about, as whoever reads it may see it.
    pub account: String,
    /// In what language.
    pub locale: Locale,
    /// What it brings.
    pub secret: Secret,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Who mails are from, and where their links lead.
#[derive(Debug, Clone)]
pub struct Sender {
    /// `MAIL_FROM`; without it, for mails that are only written to files, an address of this machine.
    pub from: Option<Mailbox>,
    /// `FRONTEND_URL` without a slash at its end.
    pub frontend: String,
}

impl Sender {
    /// The link that a reset's mail brings.
    #[must_use]
    pub fn reset_link(&self, code: &str) -> String {
        format!("{}/reset-password?mode=resetPassword&oobCode={code}", self.frontend)
    }

    /// The mail as it is sent. Its id is `id` at the sender's domain.
    pub fn compose(&self, letter: &Letter, id: &str) -> Result<Message, Error> {
        let Letter { email, name, .. } = letter;
        let fault = |error: &dyn fmt::Display| Error::Internal(format!("a mail can't be composed: {error}"));
        let from = match &self.from {
            Some(from) => from.clone(),
            None => HERE.parse().map_err(|error| fault(&error))?,
        };
        let to: Address = email.as_str().parse().map_err(|error| fault(&error))?;
        Message::builder()
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .from(from)
            .to(Mailbox::new(name.as_deref().map(one_line), to))
            .subject(letter.said("subject"))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.plain(), letter.html()))
            .map_err(|error| fault(&error))
    }
}

/// No machine answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// A name without what could end a line.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Letter {
    fn said(&self, part: &str) -> String {
        let minutes = |time: SignedDuration| ("minutes", time.as_mins().to_string());
        let args = match self.kind {
            Kind::Reset => vec![minutes(RESET)],
            Kind::Code => vec![minutes(DIGITS)],
            Kind::Change => vec![minutes(DIGITS), ("account", self.account.clone())],
            _ => Vec::new(),
        };
        text::of(&format!("mail.{}.{part}", self.kind.as_str()), self.locale, &args)
    }

    fn plain(&self) -> String {
        let middle = match &self.secret {
            Secret::Link(secret) | Secret::Digits(secret) => format!("{secret}\n\n"),
            Secret::None => String::new(),
        };
        format!("{}\n\n{middle}{}\n", self.said("lead"), self.said("note"))
    }

    fn html(&self) -> String {
        let middle = match &self.secret {
            Secret::Link(link) => {
                let (link, action) = (escaped(link), escaped(&self.said("action")));
                format!(
                    "<p><a href=\"{link}\">{action}</a></p>\n<p style=\"word-break:break-all\">{link}</p>"
                )
            }
            Secret::Digits(digits) => {
                format!("<p style=\"font-size:28px;letter-spacing:4px\"><b>{}</b></p>", escaped(digits))
            }
            Secret::None => String::new(),
        };
        FRAME
            .replace("{{locale}}", self.locale.as_str())
            .replace("{{subject}}", &escaped(&self.said("subject")))
            .replace("{{lead}}", &escaped(&self.said("lead")))
            .replace("{{note}}", &escaped(&self.said("note")))
            .replace("{{middle}}", &middle)
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender {
            from: Some("Plenum <plenum@example.com>".parse().unwrap()),
            frontend: "https://app.example.com".into(),
        }
    }

    fn letter(kind: Kind, name: Option<&str>, locale: Locale) -> Letter {
        let secret = match kind {
            Kind::Reset => Secret::Link(sender().reset_link("x-_y")),
            Kind::Code | Kind::Change => Secret::Digits("012345".into()),
            _ => Secret::None,
        };
        let email = Email::parse("ana@example.com").unwrap();
        let account = email.masked();
        Letter { kind, email, name: name.map(str::to_owned), account, locale, secret }
    }

    /// The lines of the head, unfolded.
    fn head(message: &Message) -> Vec<String> {
        let text = String::from_utf8(message.formatted()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_has_its_words_in_every_language() {
        for kind in Kind::ALL {
            for locale in Locale::ALL {
                let letter = letter(kind, None, *locale);
                for shown in [letter.plain(), letter.html(), letter.said("subject")] {
                    assert!(
                        !shown.contains(&format!("mail.{}", kind.as_str()))
                            && !shown.contains("%{")
                            && !shown.contains("{{"),
                        "{shown}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_somebody_calls_themselves_adds_no_header_and_no_receiver() {
        let usual = head(&sender().compose(&letter(Kind::Reset, Some("Ana"), Locale::En), "id").unwrap());
        for name in [
            "Ana\r\nBcc: mallory@example.com",
            "Ana\nSubject: yours",
            "Ana\r\n\r\nA body of my own",
            "Ana\" <mallory@example.com>, \"",
            "Ana <mallory@example.com>",
            "a, b@example.com; c",
            "Ñandú \u{2028} 名前 \u{1F600}",
            "=?utf-8?q?Ana=0D=0ABcc:_mallory@example.com?=",
            "\u{0}\u{7f}\u{85}",
            "\\",
        ] {
            let message = sender().compose(&letter(Kind::Reset, Some(name), Locale::En), "id").unwrap();
            let lines = head(&message);
            let names = |lines: &[String]| {
                lines.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(names(&lines), names(&usual), "{name:?}");
            let to: Vec<&str> = message.envelope().to().iter().map(AsRef::as_ref).collect();
            assert_eq!(to, ["ana@example.com"], "{name:?}");
            let line = lines.iter().find(|line| line.starts_with("To: ")).unwrap();
            assert!(line.ends_with("<ana@example.com>") && line.is_ascii(), "{line}");
            let unquoted = line.split('"').step_by(2).collect::<String>();
            assert_eq!(unquoted.matches('@').count(), 1, "no second receiver: {line}");
        }
    }

    #[test]
    fn a_mail_is_text_and_html_with_the_link_in_both_and_says_that_a_machine_sent_it() {
        let message = sender().compose(&letter(Kind::Reset, None, Locale::Es), "id").unwrap();
        let lines = head(&message);
        for wanted in [
            "From: Plenum <plenum@example.com>",
            "To: ana@example.com",
            "Auto-Submitted: auto-generated",
            "Message-ID: <id@example.com>",
        ] {
            assert!(lines.iter().any(|line| line == wanted), "{wanted} in {lines:?}");
        }
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(text.contains("text/plain") && text.contains("text/html"), "{text}");
        let link = "https://app.example.com/reset-password?mode=resetPassword&oobCode=x-_y";
        let letter = letter(Kind::Reset, None, Locale::Es);
        assert!(letter.plain().contains(link));
        assert!(letter.html().contains(&escaped(link)));
    }

    #[test]
    fn a_letter_does_not_print_what_it_brings() {
        assert!(!format!("{:?}", letter(Kind::Code, Some("Ana"), Locale::En)).contains("012345"));
    }
}
