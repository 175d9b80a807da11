//! Everybody at once: connect and join.

use std::io;

use crate::{
    clock,
    load::{
        clients::{Clients, Load, Seat},
        idle::Idle,
        measure,
        plan::{Outcome, Plan},
    },
    machine::Meter,
    sockets::Sockets,
};

/// So many storms, each on meetings that nobody has joined before.
pub fn run(plan: &Plan, clients: usize, storms: usize) -> io::Result<Outcome> {
    let before = measure::rss(&plan.servers);
    let mut outcome = Outcome::default();
    let meter = Meter::start(&plan.servers);
    for storm in 0..storms {
        let seats = (0..clients).map(|client| {
            let room = (storm * clients + client) / 10;
            Seat::new(client % plan.cookies.len(), vec![room])
        });
        let mut sockets = Sockets::new(plan.address)?;
        let mut load = Load { clients: Clients::new(plan, seats.collect()), events: Idle };
        load.clients.at_once = clients;
        let begun = clock::now();
        sockets.run(&mut load)?;
        load.clients.failure.map_or(Ok(()), Err)?;
        outcome.storms.push(clock::as_seconds(clock::now() - begun));
        outcome.done += clients as u64;
        drop(sockets);
        measure::quiet(&plan.servers);
    }
    outcome.usage = meter.read();
    outcome.rss = before.into_iter().zip(measure::rss(&plan.servers)).collect();
    Ok(outcome)
}
