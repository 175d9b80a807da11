//! The report: a document and its plot.

use std::fmt::Write as _;

use super::{
    headline,
    record::{self, Figure, Record, Sample, Spread},
    scenario::Scenario,
};
use crate::load::plan::Work;

/// What stands around the figures.
pub struct Around<'a> {
    /// Written by hand: what each step brought.
    pub notes: &'a str,
    /// System calls, allocations and bytes, as a table; empty when they were not counted.
    pub counting: &'a str,
    /// The plot's file, beside the document.
    pub plot: &'a str,
}

/// The document.
pub fn document(record: &Record, scenarios: &[Scenario], around: &Around<'_>) -> String {
    let mut text =
        String::from("# Performance\n\nWritten by `make bench`; `bench/README.md` says how it measures.\n\n");
    for noise in record.noise() {
        let _ = writeln!(text, "**Noisy: {noise}.**\n");
    }
    let _ = writeln!(
        text,
        "Run on {}, servers and generator together. Medians, and in brackets the least and the most of {} rounds.\n",
        record.machine, record.rounds
    );
    text.push_str(&headline(record));
    for scenario in scenarios {
        text.push_str(&section(record, scenario));
    }
    let _ = writeln!(
        text,
        "## By the number of rooms, and by their size\n\n![CPU a delivery]({})\n",
        around.plot
    );
    let counting = around.counting.trim();
    if !counting.is_empty() {
        let _ = writeln!(text, "## Counted\n\n{counting}\n");
    }
    let _ = writeln!(text, "{}\n", around.notes.trim());
    text.push_str(
        "## To see for yourself\n\n`make bench` (about 40 minutes, and quiet besides) builds what is released, measures \
         all of it and writes this page; it fails when the machine was not quiet. One scenario: `bench/README.md`.\n",
    );
    text
}

fn headline(record: &Record) -> String {
    let mut text = String::from("| | Node | Plenum | reach | met |\n|---|---|---|---|---|\n");
    for row in headline::rows(record) {
        let met = row.is_met().map_or("not measured", |met| if met { "yes" } else { "**no**" });
        let figure =
            |spread: Option<Spread>| spread.map_or_else(|| "–".to_owned(), |spread| ranged(spread, row.unit));
        let (node, plenum) = (figure(row.node), figure(row.plenum));
        let bound = if row.more { "≥" } else { "≤" };
        let _ = writeln!(
            text,
            "| {} | {node} | {plenum} | {bound} {}{} | {met} |",
            row.title,
            number(row.reach),
            row.unit
        );
    }
    text.push('\n');
    text
}

/// A column's heading and figure.
type Column = (&'static str, Figure);

const TALK: &[Column] = &[
    ("deliveries/s", record::rate),
    ("CPU µs each", record::cpu),
    ("p50 ms", |outcome| outcome.latency.p50),
    ("p99 ms", record::p99),
    ("p99.9 ms", |outcome| outcome.latency.p999),
];
const STORM: &[Column] =
    &[("seconds until all are in", record::storm), ("CPU µs a client, its leaving too", record::cpu)];
const HTTP: &[Column] = &[
    ("requests/s", record::rate),
    ("CPU µs each", record::cpu),
    ("p50 ms", |outcome| outcome.latency.p50),
    ("p99 ms", record::p99),
];
const DROPS: &[Column] = &[
    ("delivered %", record::delivered),
    ("doubled", |outcome| crate::load::measure::ratio(outcome.doubled, 1)),
    ("joined again", |outcome| crate::load::measure::ratio(outcome.done, 1)),
    ("of those recovered", |outcome| crate::load::measure::ratio(outcome.recovered, 1)),
    ("replay p50 ms", |outcome| outcome.latency.p50),
    ("replay p99 ms", record::p99),
];
const IDLE: &[Column] = &[("bytes a connection", record::weight)];

fn section(record: &Record, scenario: &Scenario) -> String {
    let (columns, last): (_, fn(&[&Sample]) -> String) = match scenario.work {
        Work::Talk(..) => (TALK, account),
        Work::Storm { .. } => (STORM, no_more),
        Work::Http(_) => (HTTP, by_process),
        Work::Drops(_) => (DROPS, account),
        Work::Idle { .. } => (IDLE, by_process),
    };
    let headings: Vec<_> = columns.iter().map(|(heading, _)| *heading).collect();
    let mut text =
        format!("## `{}`: {}\n\n| | {} | |\n", scenario.name, scenario.title, headings.join(" | "));
    let _ = writeln!(text, "|---|{}---|", "---|".repeat(columns.len()));
    for peer in &scenario.peers {
        let samples: Vec<_> = record.outcomes(&scenario.name, *peer).collect();
        if samples.is_empty() {
            continue;
        }
        let cells: Vec<_> = columns
            .iter()
            .filter_map(|(_, figure)| record.spread(&scenario.name, *peer, *figure))
            .map(|spread| ranged(spread, ""))
            .collect();
        let _ = writeln!(text, "| {} | {} | {} |", peer.name(), cells.join(" | "), last(&samples));
    }
    text.push('\n');
    text
}

fn no_more(_: &[&Sample]) -> String {
    String::new()
}

/// What each process has of it, where there are two.
fn by_process(samples: &[&Sample]) -> String {
    let Some(first) = samples.first().filter(|sample| sample.processes.len() > 1) else {
        return String::new();
    };
    let shares: Vec<_> = first
        .processes
        .iter()
        .enumerate()
        .filter_map(|(place, process)| {
            let values = samples.iter().filter_map(|sample| {
                let outcome = &sample.outcome;
                let cpu = outcome
                    .usage
                    .servers
                    .get(place)
                    .map(|cpu| cpu * 1e6 / crate::load::measure::ratio(outcome.done, 1));
                cpu.or_else(|| record::weights(outcome).get(place).copied())
            });
            Some(format!("{process} {}", number(Spread::of(values.collect())?.median)))
        })
        .collect();
    shares.join(", ")
}

/// Milliseconds at which the generator's own lateness is told beside the latencies, which hold it.
const LATE: f64 = 2.0;

/// Whether all came, and who stood in the way.
fn account(samples: &[&Sample]) -> String {
    let sum = |count: fn(&Sample) -> u64| samples.iter().map(|sample| count(sample)).sum::<u64>();
    let counts = [
        ("missing", sum(|sample| sample.outcome.missing)),
        ("doubled", sum(|sample| sample.outcome.doubled)),
        ("out of order", sum(|sample| sample.outcome.disordered)),
        ("refused", sum(|sample| sample.outcome.refused)),
    ];
    let mut said: Vec<String> = vec![by_process(samples)];
    said.extend(counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")));
    if samples.iter().any(|sample| sample.outcome.usage.generator > 0.97) {
        said.push("limited by the generator".to_owned());
    }
    let late = samples.iter().map(|sample| sample.outcome.late.p99).fold(0.0, f64::max);
    if late > LATE {
        said.push(format!("sent {} ms late at p99", number(late)));
    }
    said.retain(|part| !part.is_empty());
    said.join("; ")
}

/// The middle, with the range where there is one.
fn ranged(spread: Spread, unit: &str) -> String {
    let (median, min, max) = (number(spread.median), number(spread.min), number(spread.max));
    if min == max { format!("{median}{unit}") } else { format!("{median}{unit} ({min}–{max})") }
}

/// Three digits, or all of a large number.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 && value.abs() < 1_000.0 => format!("{value}"),
        0.0..1.0 => format!("{value:.3}"),
        1.0..10.0 => format!("{value:.2}"),
        10.0..99.95 => format!("{value:.1}"),
        99.95..10_000.0 => format!("{value:.0}"),
        10_000.0..99_950.0 => format!("{:.1}k", value / 1_000.0),
        _ => format!("{:.0}k", value / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let numbers = [0.1234, 1.0, 1.234, 56.78, 99.97, 456.7, 7_890.0, 12_843.0, 744_321.0].map(number);
        assert_eq!(numbers, ["0.123", "1", "1.23", "56.8", "100", "457", "7890", "12.8k", "744k"]);
    }
}
