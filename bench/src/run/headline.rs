//! The headline: what was to be reached, beside what was.

use super::{
    peer::Peer::{self, Apart, Floor, FloorHop, Node, Plenum},
    record::{self, Figure, Record, Spread},
};

/// A row of the headline table.
pub struct Row {
    /// What it is.
    pub title: &'static str,
    /// Node's figure.
    pub node: Option<Spread>,
    /// Plenum's figure.
    pub plenum: Option<Spread>,
    /// What was to be reached.
    pub reach: f64,
    /// What the figures are in.
    pub unit: &'static str,
    /// Whether more is better.
    pub more: bool,
}

impl Row {
    /// Whether it was reached; `None` when it was not measured.
    pub fn is_met(&self) -> Option<bool> {
        let median = self.plenum?.median;
        Some(if self.more { median >= self.reach } else { median <= self.reach })
    }
}

/// The rows, from what a run has found.
pub fn rows(record: &Record) -> Vec<Row> {
    let times = |title, scenario, of, reach, figure| Row {
        title,
        node: Some(Spread { median: 1.0, min: 1.0, max: 1.0 }),
        plenum: record.quotient(scenario, of, Node, figure),
        reach,
        unit: "×",
        more: true,
    };
    let floor = |title, of, by, reach, figure: Figure| Row {
        title,
        node: record.quotient("o50", Node, by, figure),
        plenum: record.quotient("o50", of, by, figure),
        reach,
        unit: "×",
        more: false,
    };
    let plain = |title, scenario, of: Peer, reach, unit, more, figure: Figure| Row {
        title,
        node: record.spread(if unit == " kB" { "idle5" } else { scenario }, Node, figure),
        plenum: record.spread(scenario, of, figure),
        reach,
        unit,
        more,
    };
    vec![
        times("`plenum`: saturated fan-out 50×10, × Node", "f50", Plenum, 10.0, record::rate),
        floor("`plenum`: CPU a delivery at 20,000/s, × floor", Plenum, Floor, 1.4, record::cpu),
        times("apart: saturated fan-out 50×10, × Node", "f50", Apart, 5.0, record::rate),
        floor("apart: CPU a delivery at 20,000/s, × floor with a hop", Apart, FloorHop, 1.15, record::cpu),
        floor("`plenum`: p99 at 20,000/s, × floor", Plenum, Floor, 1.3, record::p99),
        floor("apart: p99 at 20,000/s, × floor", Apart, Floor, 2.0, record::p99),
        plain("`plenum`: idle RSS a connection, of 15,000", "idle15", Plenum, 10.0, " kB", false, kilobytes),
        plain(
            "apart: idle RSS a connection, both processes, of 5,000",
            "idle5",
            Apart,
            12.0,
            " kB",
            false,
            kilobytes,
        ),
        times("`plenum`: join storm, × Node", "storm", Plenum, 6.0, |outcome| 1.0 / record::storm(outcome)),
        times("`plenum`: HTTP GET of a meeting, × Node", "http", Plenum, 15.0, record::rate),
        plain("`plenum`: delivered through drops", "drops", Plenum, 100.0, "%", true, record::delivered),
        plain("`plenum`: replay p99 after a drop", "drops", Plenum, 1_000.0, " ms", false, record::p99),
    ]
}

fn kilobytes(outcome: &crate::load::plan::Outcome) -> f64 {
    record::weight(outcome) / 1_000.0
}
