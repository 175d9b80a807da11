//! The runner: peers in turn, scenario by scenario, round by round.

use std::{
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use thiserror::Error;

pub mod count;
mod headline;
mod peer;
mod plot;
mod process;
mod record;
mod report;
mod scenario;
mod world;

use peer::{Peer, Places, Running, Under};
use record::{Record, Sample};
use scenario::{Scale, Scenario};

use crate::load::plan::{Outcome, Plan, Work};

/// Why there is no result.
#[derive(Debug, Error)]
pub enum Failure {
    /// A file, a process or a connection.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A request that a peer did not answer.
    #[error(transparent)]
    Http(#[from] ureq::Error),
    /// A peer answered otherwise than the contract says.
    #[error("unexpected answer: {0}")]
    Answer(String),
    /// A peer did not start.
    #[error("{0} did not start: {1}")]
    Start(&'static str, String),
    /// What a plan or an outcome is written in.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The plot.
    #[error("no plot: {0}")]
    Plot(String),
    /// The figures are there, and not to be trusted.
    #[error("noisy: {0}")]
    Noisy(String),
    /// A load ended without an outcome.
    #[error("no outcome of {0}")]
    Load(String),
}

/// What is to be run.
#[derive(Debug, Args)]
pub struct Options {
    /// Scenarios, by name or by group (f50, o50, many, idle5); all without it
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Peers by name (plenum, apart, node, floor, floor-batch, floor+hop, floor-batch+hop); all without it
    #[arg(long, value_delimiter = ',', value_parser = Peer::named)]
    peers: Vec<Peer>,
    /// Rounds of the headline's scenarios
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds of each measured time, instead of the scenario's own
    #[arg(long)]
    seconds: Option<f64>,
    /// Everything at toy size, to see that it works; the report stays in target/bench/short
    #[arg(long)]
    short: bool,
    /// The folder of the servers' binaries; this program's own without it
    #[arg(long)]
    binaries: Option<PathBuf>,
}

impl Options {
    const fn scale(&self) -> Scale {
        if self.short { Scale::Short } else { Scale::Full }
    }

    /// Whether what is found makes a whole report.
    const fn is_whole(&self) -> bool {
        self.only.is_empty() && self.peers.is_empty() && self.seconds.is_none()
    }

    fn asks_for(&self, scenario: &Scenario, round: usize) -> bool {
        (round == 0 || scenario.headline)
            && (self.only.is_empty() || self.only.iter().any(|name| scenario.is_called(name)))
    }
}

/// Measures, and writes the report when all was measured.
pub fn run(options: &Options) -> Result<(), Failure> {
    let places = places(options.binaries.as_deref(), options.scale())?;
    fs::create_dir_all(&places.work)?;
    peer::check_world(&places)?;
    let rounds = options.rounds.unwrap_or(if options.short { 1 } else { 3 });
    let scenarios = Scenario::all(options.scale());
    let mut record = Record::new(rounds);
    let mut kept = Vec::new();
    for round in 0..rounds {
        record.calibrations.push(record::calibrate());
        for scenario in scenarios.iter().filter(|scenario| options.asks_for(scenario, round)) {
            for peer in &scenario.peers {
                if options.peers.is_empty() || options.peers.contains(peer) {
                    let sample = measure(options, &places, (round, scenario, *peer), &mut kept)?;
                    println!("{:12} {:16} {}", sample.scenario, sample.peer, line(scenario, &sample.outcome));
                    record.samples.push(sample);
                }
            }
        }
    }
    // A part must not take the place of a whole, from which the report is written.
    let file = if options.is_whole() { "results.json" } else { "part.json" };
    fs::write(places.work.join(file), serde_json::to_vec_pretty(&record)?)?;
    if !options.is_whole() {
        return Ok(());
    }
    write_report(options.short)?;
    let noise = record.noise();
    if noise.is_empty() || options.short { Ok(()) } else { Err(Failure::Noisy(noise.join("; "))) }
}

/// Writes the report of what the last run found.
pub fn write_report(short: bool) -> Result<(), Failure> {
    let work = work_folder(short);
    let record: Record = serde_json::from_slice(&fs::read(work.join("results.json"))?)?;
    let docs = if short { work } else { root().join("docs") };
    let around = report::Around {
        notes: &fs::read_to_string(root().join("bench/notes.md"))?,
        counting: &fs::read_to_string(work_folder(false).join("counting.md")).unwrap_or_default(),
        plot: "performance.svg",
    };
    let scenarios = Scenario::all(if short { Scale::Short } else { Scale::Full });
    fs::write(docs.join("performance.md"), report::document(&record, &scenarios, &around))?;
    fs::write(
        docs.join("performance.svg"),
        plot::svg(&record).map_err(|why| Failure::Plot(why.to_string()))?,
    )?;
    println!("written: {}", docs.join("performance.md").display());
    Ok(())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace")
}

fn work_folder(short: bool) -> PathBuf {
    root().join(if short { "target/bench/short" } else { "target/bench" })
}

fn places(binaries: Option<&Path>, scale: Scale) -> Result<Places, Failure> {
    let own = env::current_exe()?;
    let beside = own.parent().unwrap_or(Path::new("."));
    Ok(Places {
        binaries: binaries.unwrap_or(beside).canonicalize()?,
        node: root().join("bench/node-peer"),
        work: work_folder(scale == Scale::Short),
        world: scale.world(),
        under: Under::Nothing,
    })
}

/// One measured time of one peer. A peer is started for it; in the short form it is kept for the next.
fn measure(
    options: &Options,
    places: &Places,
    (round, scenario, peer): (usize, &Scenario, Peer),
    kept: &mut Vec<(Peer, Running)>,
) -> Result<Sample, Failure> {
    let started = match kept.iter().position(|(other, _)| *other == peer) {
        Some(place) => kept.swap_remove(place).1,
        None if options.short => Running::start(peer, places, places.world.0, places.world.1)?,
        None => Running::start(peer, places, scenario.needs.0, scenario.needs.1)?,
    };
    let take = |names: &[String], count: usize| names[..count.min(names.len())].to_vec();
    let plan = Plan {
        address: started.address(),
        servers: started.servers.iter().map(process::Server::pid).collect(),
        cookies: take(&started.world.cookies, scenario.needs.0),
        meetings: take(&started.world.meetings, scenario.needs.1),
        warm: scenario.lasts.0,
        seconds: options.seconds.unwrap_or(scenario.lasts.1),
        work: scenario.work.clone(),
    };
    let outcome =
        load(&plan).map_err(|why| Failure::Load(format!("{} on {}: {why}", scenario.name, peer.name())))?;
    let sample = Sample {
        round,
        scenario: scenario.name.clone(),
        peer: peer.name().to_owned(),
        processes: started.servers.iter().map(|server| server.name.to_owned()).collect(),
        outcome,
    };
    if options.short {
        kept.push((peer, started));
    }
    Ok(sample)
}

/// The generator as a process of its own.
pub fn load(plan: &Plan) -> Result<Outcome, Failure> {
    let mut child =
        Command::new(env::current_exe()?).arg("load").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(plan)?)?;
    }
    let ended = child.wait_with_output()?;
    // It has said why on the standard error.
    if !ended.status.success() {
        return Err(io::Error::other("the generator failed").into());
    }
    Ok(serde_json::from_slice(&ended.stdout)?)
}

/// What is read while it runs.
fn line(scenario: &Scenario, outcome: &Outcome) -> String {
    let Outcome { usage, latency, .. } = outcome;
    let around = format!("generator {:.0}% others {:.0}%", usage.generator * 100.0, usage.others * 100.0);
    match scenario.work {
        Work::Talk(..) => format!(
            "{:>7.0} deliveries/s  {:>6.2} µs each  p50 {:.3} p99 {:.3} p99.9 {:.3} ms  of {}: {} missing {} doubled \
             {} disordered  {} refused  frame {:.0} B  late p99 {:.3} ms  {around}",
            record::rate(outcome),
            record::cpu(outcome),
            latency.p50,
            latency.p99,
            latency.p999,
            outcome.expected,
            outcome.missing,
            outcome.doubled,
            outcome.disordered,
            outcome.refused,
            outcome.frame,
            outcome.late.p99,
        ),
        Work::Idle { .. } => {
            let each: Vec<_> = record::weights(outcome).iter().map(|bytes| format!("{bytes:.0}")).collect();
            format!("bytes a connection: {}", each.join(" + "))
        }
        Work::Storm { .. } => format!(
            "{:.3} s until all are in, of {:.3?}  {:.0} µs a client",
            record::storm(outcome),
            outcome.storms,
            record::cpu(outcome),
        ),
        Work::Http(_) => format!(
            "{:>7.0} requests/s  {:>6.2} µs each  p50 {:.3} p99 {:.3} ms  {around}",
            record::rate(outcome),
            record::cpu(outcome),
            latency.p50,
            latency.p99,
        ),
        Work::Drops(_) => format!(
            "{:.3}% of {} delivered, {} doubled; {} joined again, {} recovered; p50 {:.3} p99 {:.3} ms",
            record::delivered(outcome),
            outcome.expected,
            outcome.doubled,
            outcome.done,
            outcome.recovered,
            latency.p50,
            latency.p99,
        ),
    }
}
