//! The runner: peers in turn, scenario by scenario, round by round.

use std::{
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use thiserror::Error;

mod peer;
mod process;
mod scenario;
mod world;

use peer::{Peer, Places, Running};
use scenario::Scenario;

use crate::load::{
    measure::ratio,
    plan::{Outcome, Plan, Work},
};

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
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measured time, instead of the scenario's own
    #[arg(long)]
    seconds: Option<f64>,
    /// The folder of the servers' binaries; this program's own without it
    #[arg(long)]
    binaries: Option<PathBuf>,
}

/// Measures.
pub fn run(options: &Options) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a workspace");
    let own = env::current_exe()?;
    let beside = own.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let places = Places {
        binaries: options.binaries.clone().unwrap_or(beside).canonicalize()?,
        node: root.join("bench/node-peer"),
        work: root.join("target/bench"),
    };
    fs::create_dir_all(&places.work)?;
    peer::check_world(&places)?;
    for round in 0..options.rounds {
        for scenario in Scenario::all() {
            let is_asked =
                options.only.is_empty() || options.only.iter().any(|name| scenario.is_called(name));
            if !is_asked || (round > 0 && !scenario.headline) {
                continue;
            }
            for peer in &scenario.peers {
                if options.peers.is_empty() || options.peers.contains(peer) {
                    let outcome = measure(&scenario, *peer, &places, options.seconds)?;
                    println!("{:12} {:16} {}", scenario.name, peer.name(), line(&scenario, &outcome));
                }
            }
        }
    }
    Ok(())
}

/// One measured time of one peer.
fn measure(
    scenario: &Scenario,
    peer: Peer,
    places: &Places,
    seconds: Option<f64>,
) -> Result<Outcome, Failure> {
    let running = Running::start(peer, places, scenario.needs.0, scenario.needs.1)?;
    let plan = Plan {
        address: running.address(),
        servers: running.servers.iter().map(process::Server::pid).collect(),
        cookies: running.world.cookies.clone(),
        meetings: running.world.meetings.clone(),
        warm: scenario.lasts.0,
        seconds: seconds.unwrap_or(scenario.lasts.1),
        work: scenario.work.clone(),
    };
    load(&plan).map_err(|failure| Failure::Load(format!("{} on {}: {failure}", scenario.name, peer.name())))
}

/// The generator as a process of its own.
fn load(plan: &Plan) -> Result<Outcome, Failure> {
    let mut child =
        Command::new(env::current_exe()?).arg("load").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(plan)?)?;
    }
    Ok(serde_json::from_slice(&child.wait_with_output()?.stdout)?)
}

/// What a developer reads while it runs.
fn line(scenario: &Scenario, outcome: &Outcome) -> String {
    let Outcome { usage, latency, .. } = outcome;
    let cpu: f64 = usage.servers.iter().sum();
    match scenario.work {
        Work::Talk(..) => format!(
            "{:>7.0} deliveries/s  {:>6.2} µs each  p50 {:.3} p99 {:.3} p99.9 {:.3} ms  of {}: {} missing {} doubled \
             {} disordered  {} refused  frame {:.0} B  generator {:.0}% late p99 {:.3} ms  others {:.0}%",
            ratio(outcome.done, 1) / usage.seconds,
            cpu * 1e6 / ratio(outcome.done, 1),
            latency.p50,
            latency.p99,
            latency.p999,
            outcome.expected,
            outcome.missing,
            outcome.doubled,
            outcome.disordered,
            outcome.refused,
            outcome.frame,
            usage.generator * 100.0,
            outcome.late.p99,
            usage.others * 100.0,
        ),
        Work::Idle { .. } => {
            let each: Vec<String> = outcome
                .rss
                .iter()
                .map(|(before, after)| format!("{:.0}", ratio(after.saturating_sub(*before), outcome.done)))
                .collect();
            format!("bytes a connection: {}", each.join(" + "))
        }
    }
}
