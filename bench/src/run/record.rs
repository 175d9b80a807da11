//! What a run has found, and figures made of it.

use std::{fs, thread};

use serde::{Deserialize, Serialize};

use super::peer::Peer;
use crate::{
    clock,
    load::{measure::ratio, plan::Outcome},
};

/// Everything that a run has found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// What it ran on.
    pub machine: String,
    /// Rounds of the headline's scenarios.
    pub rounds: usize,
    /// Seconds that a fixed piece of work took, before each round.
    pub calibrations: Vec<f64>,
    /// Each measured time.
    pub samples: Vec<Sample>,
}

/// One measured time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Which round.
    pub round: usize,
    /// The scenario's name.
    pub scenario: String,
    /// The peer's name.
    pub peer: String,
    /// The names of its processes.
    pub processes: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// A figure over rounds.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// In the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// A figure of one outcome.
pub type Figure = fn(&Outcome) -> f64;

/// Deliveries or answers a second.
pub fn rate(outcome: &Outcome) -> f64 {
    ratio(outcome.done, 1) / outcome.usage.seconds
}

/// Microseconds of the servers' CPU for each.
pub fn cpu(outcome: &Outcome) -> f64 {
    outcome.usage.servers.iter().sum::<f64>() * 1e6 / ratio(outcome.done, 1)
}

/// Resident bytes of all servers for each connection.
pub fn weight(outcome: &Outcome) -> f64 {
    weights(outcome).iter().sum()
}

/// Resident bytes of each server for each connection.
pub fn weights(outcome: &Outcome) -> Vec<f64> {
    let grown = |(before, after): &(u64, u64)| ratio(after.saturating_sub(*before), outcome.done);
    outcome.rss.iter().map(grown).collect()
}

/// Seconds of the middle storm.
pub fn storm(outcome: &Outcome) -> f64 {
    Spread::of(outcome.storms.clone()).map_or(f64::NAN, |spread| spread.median)
}

/// Share of the deliveries that came, in percent.
pub fn delivered(outcome: &Outcome) -> f64 {
    100.0 - 100.0 * ratio(outcome.missing, outcome.expected)
}

/// The 99th percentile, in milliseconds.
pub fn p99(outcome: &Outcome) -> f64 {
    outcome.latency.p99
}

impl Spread {
    /// Of values in any order; `None` of none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(*values.get(middle.checked_sub(1)?)?, values[middle])
        };
        Some(Self { median, min: values[0], max: values[values.len() - 1] })
    }

    /// By how much the most is above the least.
    pub fn width(self) -> f64 {
        self.max / self.min - 1.0
    }
}

impl Record {
    /// Of this machine, with nothing found yet.
    pub fn new(rounds: usize) -> Self {
        Self { machine: machine(), rounds, ..Self::default() }
    }

    /// What came of a scenario on a peer, round by round.
    pub fn outcomes(&self, scenario: &str, peer: Peer) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.scenario == scenario && sample.peer == peer.name())
    }

    /// A figure of a scenario on a peer.
    pub fn spread(&self, scenario: &str, peer: Peer, figure: Figure) -> Option<Spread> {
        Spread::of(self.outcomes(scenario, peer).map(|sample| figure(&sample.outcome)).collect())
    }

    /// A figure of a peer by that of another one in the same round.
    pub fn quotient(&self, scenario: &str, of: Peer, by: Peer, figure: Figure) -> Option<Spread> {
        let other = |round| self.outcomes(scenario, by).find(|sample| sample.round == round);
        let quotients = self
            .outcomes(scenario, of)
            .filter_map(|sample| Some(figure(&sample.outcome) / figure(&other(sample.round)?.outcome)));
        Spread::of(quotients.collect())
    }

    /// What speaks against the run; empty for a quiet one.
    pub fn noise(&self) -> Vec<String> {
        let mut noise = Vec::new();
        let spreads = [
            ("a fixed piece of work", Spread::of(self.calibrations.clone())),
            ("the floor's CPU a delivery", self.spread("o50", Peer::Floor, cpu)),
        ];
        for (what, spread) in spreads {
            if let Some(spread) = spread.filter(|spread| spread.width() > 0.25) {
                noise.push(format!("{what} varied by {:.0}% between rounds", spread.width() * 100.0));
            }
        }
        let disturbed: Vec<_> =
            self.samples.iter().filter(|sample| sample.outcome.usage.others > 0.1).collect();
        if let Some(worst) = disturbed.iter().map(|sample| sample.outcome.usage.others).max_by(f64::total_cmp)
        {
            noise.push(format!(
                "in {} of {} measured times something else used more than 10% of a core, at worst {:.0}%",
                disturbed.len(),
                self.samples.len(),
                worst * 100.0
            ));
        }
        noise
    }
}

/// Seconds that a fixed piece of work takes one core: the middle of five.
pub fn calibrate() -> f64 {
    let once = || {
        let begun = clock::now();
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..20_000_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        std::hint::black_box(state);
        clock::as_seconds(clock::now() - begun)
    };
    Spread::of((0..5).map(|_| once()).collect()).map_or(0.0, |spread| spread.median)
}

fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What follows a dash is the build's own name.
    let kernel = kernel.split('-').next().unwrap_or_default().trim().to_owned();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processor = processor.map_or("unknown processor", |(_, name)| name).to_owned();
    format!("{cores} cores of {processor}, Linux {kernel}, all over loopback")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(round: usize, peer: Peer, seconds: f64, others: f64) -> Sample {
        let mut outcome = Outcome { done: 1_000_000, ..Outcome::default() };
        outcome.usage.servers = vec![seconds];
        outcome.usage.others = others;
        Sample {
            round,
            scenario: "o50".to_owned(),
            peer: peer.name().to_owned(),
            processes: Vec::new(),
            outcome,
        }
    }

    #[test]
    fn quotients_are_of_the_same_round() {
        let mut record = Record::default();
        for (round, seconds, floor) in [(0, 10.0, 5.0), (1, 30.0, 10.0), (2, 8.0, 8.0)] {
            record.samples.push(of(round, Peer::Plenum, seconds, 0.0));
            record.samples.push(of(round, Peer::Floor, floor, 0.0));
        }
        let quotient = record.quotient("o50", Peer::Plenum, Peer::Floor, cpu).expect("there are three");
        assert_eq!((quotient.median, quotient.min, quotient.max), (2.0, 1.0, 3.0));
        assert!(record.quotient("o50", Peer::Plenum, Peer::Node, cpu).is_none());
    }

    #[test]
    fn noise_is_said() {
        let mut record = Record { calibrations: vec![1.0, 1.2], ..Record::default() };
        record.samples.push(of(0, Peer::Floor, 10.0, 0.05));
        record.samples.push(of(1, Peer::Floor, 12.0, 0.05));
        assert!(record.noise().is_empty());
        record.calibrations.push(1.3);
        record.samples.push(of(2, Peer::Floor, 13.0, 0.2));
        assert_eq!(record.noise().len(), 3, "{:?}", record.noise());
    }
}
