//! What the kernel says about processes and the machine.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use serde::{Deserialize, Serialize};

use crate::clock::{self, Nanos};

/// A process's id.
pub type Pid = u32;

/// CPU time of a process, user and system; 0 when it is gone.
pub fn cpu_of(pid: Pid) -> Nanos {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces: fields are counted after it. utime and stime are the 14th and 15th.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    ticks(fields.skip(11).take(2))
}

/// Resident bytes of a process; 0 when it is gone.
pub fn rss_of(pid: Pid) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * page_size() as u64
}

/// CPU time that the machine has spent on anything: user, nice, system, interrupts, and what its host took away.
fn cpu_of_all() -> Nanos {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.lines().next().unwrap_or_default().split_whitespace().collect();
    ticks([1, 2, 3, 6, 7, 8].into_iter().filter_map(|field| fields.get(field).copied()))
}

fn ticks<'a>(fields: impl Iterator<Item = &'a str>) -> Nanos {
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks * (clock::SECOND / clock_ticks_per_second())
}

/// What was used between two moments.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Usage {
    /// How long it was, in seconds.
    pub seconds: f64,
    /// CPU seconds of each server process.
    pub servers: Vec<f64>,
    /// Share of a core that the generator used.
    pub generator: f64,
    /// Share of a core that went to anybody else.
    pub others: f64,
}

/// Reads what is used from its start on.
pub struct Meter {
    servers: Vec<(Pid, Nanos)>,
    own: Nanos,
    all: Nanos,
    at: Nanos,
}

impl Meter {
    /// Starts.
    pub fn start(servers: &[Pid]) -> Self {
        Self {
            servers: servers.iter().map(|pid| (*pid, cpu_of(*pid))).collect(),
            own: clock::own_cpu(),
            all: cpu_of_all(),
            at: clock::now(),
        }
    }

    /// What was used since the start.
    pub fn read(&self) -> Usage {
        let servers: Vec<Nanos> = self.servers.iter().map(|(pid, before)| cpu_of(*pid) - before).collect();
        let own = clock::own_cpu() - self.own;
        let ours = own + servers.iter().sum::<Nanos>();
        let seconds = clock::as_seconds(clock::now() - self.at);
        Usage {
            seconds,
            generator: clock::as_seconds(own) / seconds,
            others: clock::as_seconds((cpu_of_all() - self.all).saturating_sub(ours)) / seconds,
            servers: servers.into_iter().map(clock::as_seconds).collect(),
        }
    }
}
