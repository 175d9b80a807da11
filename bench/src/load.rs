//! The load generator: one thread, one plan, one outcome.

use std::io;

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
    let outcome = work(&plan)?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
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
