//! Sums, quantiles and memory, in the units of the outcome.

use std::{thread, time::Duration};

use hdrhistogram::Histogram;

use crate::{
    clock::{self, MILLISECOND, Nanos},
    load::plan::{Latency, Plan},
    machine::{Meter, Pid, Usage, cpu_of, rss_of},
};

/// The measured time, after a time of warming up.
pub struct Window {
    from: Nanos,
    to: Nanos,
    servers: Vec<Pid>,
    meter: Option<Meter>,
    usage: Option<Usage>,
}

impl Window {
    /// The plan's, from now on.
    pub fn open(plan: &Plan, now: Nanos) -> Self {
        let from = now + clock::seconds(plan.warm);
        let to = from + clock::seconds(plan.seconds);
        Self { from, to, servers: plan.servers.clone(), meter: None, usage: None }
    }

    /// One that begins now and lasts until it is closed.
    pub fn endless(plan: &Plan, now: Nanos) -> Self {
        Self { from: now, to: Nanos::MAX, ..Self::open(plan, now) }
    }

    /// Closes it now.
    pub const fn close(&mut self, now: Nanos) {
        self.to = now;
    }

    /// Begins or ends what is due; answers when the next turn is, or `None` when it is over.
    pub fn turn(&mut self, now: Nanos) -> Option<Nanos> {
        if now >= self.from && self.meter.is_none() {
            self.meter = Some(Meter::start(&self.servers));
        }
        if now >= self.to && self.usage.is_none() {
            self.usage = self.meter.as_ref().map(Meter::read);
        }
        match (&self.meter, &self.usage) {
            (_, Some(_)) => None,
            (Some(_), None) => Some(self.to),
            (None, None) => Some(self.from),
        }
    }

    /// Whether what happens now counts.
    pub const fn is_measured(&self) -> bool {
        self.meter.is_some() && self.usage.is_none()
    }

    /// Whether it has ended.
    pub const fn is_over(&self) -> bool {
        self.usage.is_some()
    }

    /// What was used in it.
    pub fn usage(&self) -> Usage {
        self.usage.clone().unwrap_or_default()
    }
}

/// Waits until processes use no CPU any more, or five seconds.
pub fn quiet(processes: &[Pid]) {
    let cpu = || processes.iter().map(|pid| cpu_of(*pid)).sum::<Nanos>();
    let mut last = cpu();
    for _ in 0..25 {
        thread::sleep(Duration::from_millis(200));
        let now = cpu();
        if now - last < 20 * MILLISECOND {
            break;
        }
        last = now;
    }
}

/// One for microseconds, exact to a percent.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(2).expect("two digits are allowed")
}

/// Quantiles of microseconds, in milliseconds.
pub fn latency(histogram: &Histogram<u64>) -> Latency {
    let at = |quantile| ratio(histogram.value_at_quantile(quantile), 1_000);
    if histogram.is_empty() {
        return Latency::default();
    }
    Latency { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1.0) }
}

/// One number by another; 0 by nothing.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn ratio(of: u64, by: u64) -> f64 {
    if by == 0 { 0.0 } else { of as f64 / by as f64 }
}

/// Resident bytes of each process, now.
pub fn rss(processes: &[Pid]) -> Vec<u64> {
    processes.iter().map(|pid| rss_of(*pid)).collect()
}

/// Resident bytes of each process once they stand still, or after so many seconds.
pub fn settled_rss(processes: &[Pid], seconds: f64) -> Vec<u64> {
    let mut last = rss(processes);
    let mut still = 0;
    for _ in 0..40 {
        thread::sleep(Duration::from_secs_f64(seconds / 40.0));
        let now = rss(processes);
        still = if now == last { still + 1 } else { 0 };
        if still == 4 {
            break;
        }
        last = now;
    }
    last
}
