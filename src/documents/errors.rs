//! `docs/errors.md`, made of the codes themselves.

use std::fmt::Write as _;

use plenum_contract::{ErrorCode, Locale, error::Problem, status};

const HEAD: &str = "\
# Error codes

Every code that Plenum answers with, over HTTP (with this status) and over sockets: its text in English, what brings it about, and what to do.
Codes never change; texts may. `message` comes in the caller's language. This page is made of the code.

| Code | Status | Text | Cause | Cure |
|---|---|---|---|---|
";

/// The page.
pub fn page() -> String {
    let mut codes = ErrorCode::ALL.to_vec();
    codes.sort_unstable_by_key(|code| code.as_str());
    let mut page = HEAD.to_owned();
    for code in codes {
        let text = Problem::new(code).with("n", "N").text(Locale::default()).replace('|', "\\|");
        let status = status::of(code).as_u16();
        writeln!(page, "| `{}` | {status} | {text} | {} | {} |", code.as_str(), code.cause(), code.cure())
            .expect("a string takes all");
    }
    page
}

#[test]
fn each_code_says_what_brings_it_about_and_what_to_do() {
    for code in ErrorCode::ALL {
        assert!(code.cause().ends_with('.') && code.cause().len() > 10, "{code:?}: {:?}", code.cause());
        assert!(code.cure().ends_with('.') && !code.cure().contains('|'), "{code:?}: {:?}", code.cure());
    }
}
