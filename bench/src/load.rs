//! The load generator: one thread, one plan, one outcome.

use std::{io, thread::available_parallelism};

use rustix::thread::{CpuSet, sched_setaffinity};

mod clients;
mod drops;
mod http;
mod idle;
mod ledger;
pub mod measure;
pub mod plan;
mod storm;
mod talk;

use plan::{Outcome, Plan, Work};

/// Does what the plan on standard input says, and writes the outcome to standard output.
pub fn run() -> io::Result<()> {
    let plan: Plan = serde_json::from_reader(io::stdin())?;
    stay_on_one_core()?;
    let outcome = work(&plan)?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

/// Takes the last core for this thread. The kernel likes to put who is woken on the core of who woke it: a server that
/// writes would give its own core up to its client after each write, as no client on another machine makes it do.
fn stay_on_one_core() -> io::Result<()> {
    let mut last = CpuSet::new();
    last.set(available_parallelism()?.get() - 1);
    Ok(sched_setaffinity(None, &last)?)
}

fn work(plan: &Plan) -> io::Result<Outcome> {
    match plan.work {
        Work::Talk(rooms, pace) => talk::run(plan, rooms, pace),
        Work::Idle { connections, joined } => idle::run(plan, connections, joined),
        Work::Storm { clients, storms } => storm::run(plan, clients, storms),
        Work::Http(connections) => http::run(plan, connections),
        Work::Drops(drops) => drops::run(plan, drops),
    }
}
