//! `plenum-bench`: Plenum beside its peers.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod clock;
mod floor;
mod hop;
mod load;
mod machine;
mod run;
mod sockets;
mod wire;

/// Plenum beside its peers: measures, and writes the report.
#[derive(Parser)]
#[command(name = "plenum-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure peers in turn
    Run(run::Options),
    /// Count system calls, allocations and instructions of a broadcast to ten (needs strace and valgrind)
    Count(run::count::Options),
    /// Write the report of the last run again, with the notes of now
    Report,
    /// One generator: a plan on standard input, its outcome on standard output
    Load,
    /// A server that does the system calls and nothing else
    Floor {
        /// Where to listen, on the loopback
        #[arg(long)]
        port: u16,
        /// One write a socket in each round of the event loop, rather than one a delivery
        #[arg(long)]
        batch: bool,
    },
    /// A TCP hop that copies and nothing else
    Hop {
        /// Where to listen, on the loopback
        #[arg(long)]
        port: u16,
        /// Which port of the loopback to pass on to
        #[arg(long)]
        to: u16,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Count(options) => run::count::run(&options),
        Command::Report => run::write_report(false),
        Command::Load => load::run().map_err(run::Failure::from),
        Command::Floor { port, batch } => floor::run(port, batch).map_err(run::Failure::from),
        Command::Hop { port, to } => hop::run(port, to).map_err(run::Failure::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("plenum-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}
