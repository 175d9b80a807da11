//! Counting rather than timing: what one broadcast to ten costs, by running so many of them and twice as many.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use super::{
    Failure,
    peer::{self, Peer, Places, Running, Under},
    work_folder,
};
use crate::load::{
    measure::ratio,
    plan::{Layout, Pace, Plan, Work},
};

/// What is to be counted.
#[derive(Debug, Args)]
pub struct Options {
    /// Broadcasts of the smaller run
    #[arg(long, default_value_t = 1_000)]
    broadcasts: u32,
    /// The folder of the servers' binaries; this program's own without it
    #[arg(long)]
    binaries: Option<PathBuf>,
}

/// Sockets in the room.
const TEN: u32 = 10;

/// Counts of a process over its life.
type Counts = BTreeMap<&'static str, u64>;

const READS: [&str; 4] = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES: [&str; 4] = ["write", "writev", "sendto", "sendmsg"];
/// Rows of the table, in order.
const ROWS: [&str; 10] = [
    "system calls",
    "… that read",
    "… that write",
    "… that wait for events",
    "… that wake or park a thread",
    "bytes read",
    "bytes written",
    "allocations",
    "bytes allocated",
    "instructions",
];

/// Counts, and writes the table beside the other results.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut places = super::places(options.binaries.as_deref(), super::Scale::Full)?;
    peer::check_world(&places)?;
    let mut columns = Vec::new();
    for peer in [Peer::Plenum, Peer::Apart] {
        let mut sums: BTreeMap<&'static str, BTreeMap<&'static str, f64>> = BTreeMap::new();
        for under in [Under::Strace, Under::Dhat] {
            places.under = under;
            let less = counts(&places, peer, options.broadcasts)?;
            let more = counts(&places, peer, 2 * options.broadcasts)?;
            for (process, more) in more {
                for (what, count) in more {
                    let less = less.get(process).and_then(|less| less.get(what)).copied().unwrap_or(0);
                    let each = ratio(count.saturating_sub(less), u64::from(options.broadcasts * TEN));
                    sums.entry(process).or_default().insert(what, each);
                }
            }
        }
        columns.extend(sums.into_iter().map(|(process, sums)| (format!("{}: {process}", peer.name()), sums)));
    }
    let table = table(&columns);
    fs::write(work_folder(false).join("counting.md"), &table)?;
    print!("{table}");
    Ok(())
}

fn table(columns: &[(String, BTreeMap<&'static str, f64>)]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = String::from(
        "One message at a time to a room of ten, with its ack: the difference between some broadcasts and twice as many, \
         by ten.\n\n",
    );
    let _ = writeln!(text, "| a delivery | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    for row in ROWS {
        let cell =
            |sums: &BTreeMap<&str, f64>| sums.get(row).map_or("–".to_owned(), |count| rounded(*count));
        let cells: Vec<_> = columns.iter().map(|(_, sums)| cell(sums)).collect();
        let _ = writeln!(text, "| {row} | {} |", cells.join(" | "));
    }
    text
}

fn rounded(count: f64) -> String {
    if count < 100.0 { format!("{count:.2}") } else { format!("{count:.0}") }
}

/// What each process of a peer does in its life, with so many broadcasts in it.
fn counts(places: &Places, peer: Peer, broadcasts: u32) -> Result<BTreeMap<&'static str, Counts>, Failure> {
    let size = TEN as usize;
    let mut running = Running::start(peer, places, size, 1)?;
    let plan = Plan {
        address: running.address(),
        servers: Vec::new(),
        cookies: running.world.cookies[..size].to_vec(),
        meetings: running.world.meetings[..1].to_vec(),
        warm: 0.0,
        seconds: 0.0,
        work: Work::Talk(Layout { rooms: 1, size, groups: 1, speakers: 1 }, Pace::Counted(broadcasts)),
    };
    let outcome = super::load(&plan)?;
    if outcome.missing + outcome.refused > 0 {
        return Err(Failure::Load(format!("{} missing, {} refused", outcome.missing, outcome.refused)));
    }
    let names: Vec<_> = running.servers.iter().map(|server| server.name).collect();
    running.end();
    let read = |name| match places.under {
        Under::Dhat => heap(&running.folder.join(format!("{name}.dhat"))),
        _ => calls(&running.folder.join(format!("{name}.strace"))),
    };
    names.into_iter().map(|name| Ok((name, read(name)?))).collect()
}

/// System calls, as strace wrote them.
fn calls(file: &Path) -> Result<Counts, Failure> {
    let mut counts = Counts::new();
    let text = fs::read(file)?;
    for line in String::from_utf8_lossy(&text).lines() {
        let Some((name, result)) = call(line) else { continue };
        let mut add = |what, count| *counts.entry(what).or_default() += count;
        add("system calls", 1);
        match name {
            name if READS.contains(&name) => {
                add("… that read", 1);
                add("bytes read", result);
            }
            name if WRITES.contains(&name) => {
                add("… that write", 1);
                add("bytes written", result);
            }
            "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => add("… that wait for events", 1),
            "futex" => add("… that wake or park a thread", 1),
            _ => {}
        }
    }
    Ok(counts)
}

/// A call's name and what it returned, from a line that has its end; a failure returned nothing.
fn call(line: &str) -> Option<(&str, u64)> {
    let (_, call) = line.split_once(' ')?;
    let call = call.trim_start();
    let (_, result) = call.rsplit_once(" = ")?;
    let name = match call.strip_prefix("<... ") {
        Some(resumed) => resumed.split(' ').next()?,
        None => call.split('(').next()?,
    };
    Some((name, result.split(' ').next()?.parse().unwrap_or(0)))
}

#[derive(Deserialize)]
struct Heap {
    /// Instructions until the end.
    te: u64,
    pps: Vec<Place>,
}

/// A place that allocates.
#[derive(Deserialize)]
struct Place {
    /// Bytes in all.
    tb: u64,
    /// Blocks in all.
    tbk: u64,
}

/// Allocations and instructions, as valgrind's dhat wrote them.
fn heap(file: &Path) -> Result<Counts, Failure> {
    let heap: Heap = serde_json::from_slice(&fs::read(file)?)?;
    Ok(Counts::from([
        ("allocations", heap.pps.iter().map(|place| place.tbk).sum()),
        ("bytes allocated", heap.pps.iter().map(|place| place.tb).sum()),
        ("instructions", heap.te),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_where_it_returns() {
        assert_eq!(call("12  recvfrom(9, \"\"..., 512, 0, NULL, NULL) = 141"), Some(("recvfrom", 141)));
        assert_eq!(call("12  epoll_wait(3,  <unfinished ...>"), None);
        assert_eq!(call("12  <... epoll_wait resumed>[], 1024, 7) = 2"), Some(("epoll_wait", 2)));
        assert_eq!(
            call("12  read(9, 0x1, 8) = -1 EAGAIN (Resource temporarily unavailable)"),
            Some(("read", 0))
        );
        assert_eq!(call("12  +++ exited with 0 +++"), None);
    }
}
