//! Lines and tables on standard output.

use std::io::{self, Write as _};

/// Prints a line. False when nobody reads any more, as behind `| head`.
pub fn line(text: &str) -> bool {
    // What users and servers call themselves may hold what a terminal obeys.
    let plain: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    writeln!(io::stdout().lock(), "{plain}").is_ok()
}

/// One thing in numbers: `1 session`, `2 sessions`.
pub fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A time as people read it, or a dash.
pub fn time(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "-".into(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}
