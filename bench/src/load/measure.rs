//! Sums, quantiles and memory, in the units of the outcome.

use std::{thread, time::Duration};

use hdrhistogram::Histogram;

use crate::{
    load::plan::Latency,
    machine::{Pid, rss_of},
};

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

/// Resident bytes of each process once they stand still, or after ten seconds.
pub fn settled_rss(processes: &[Pid]) -> Vec<u64> {
    let mut last = rss(processes);
    let mut still = 0;
    for _ in 0..40 {
        thread::sleep(Duration::from_millis(250));
        let now = rss(processes);
        still = if now == last { still + 1 } else { 0 };
        if still == 4 {
            break;
        }
        last = now;
    }
    last
}
