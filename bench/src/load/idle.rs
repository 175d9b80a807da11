//! Connections that do nothing, for what they weigh.

use std::io;

use crate::{
    clock::{MILLISECOND, Nanos},
    load::{
        clients::{Clients, Events, Load, Seat},
        measure,
        plan::{Outcome, Plan},
    },
    sockets::Sockets,
};

/// Ends when all are in.
pub struct Idle;

impl Events for Idle {
    fn message(&mut self, _: &mut Clients, _: &mut Sockets, _: usize, _: Nanos, _: &[u8]) {}

    fn due(&mut self, clients: &mut Clients, _: &mut Sockets, now: Nanos) -> Option<Nanos> {
        (!clients.are_in()).then_some(now + 10 * MILLISECOND)
    }
}

/// Opens all, waits until memory stands still (so many seconds at most), and says what they weigh.
pub fn run(plan: &Plan, connections: usize, joined: bool) -> io::Result<Outcome> {
    let before = measure::settled_rss(&plan.servers, plan.seconds);
    let mut sockets = Sockets::new(plan.address)?;
    let rooms = |client: usize| joined.then_some(client / 10).into_iter().collect();
    let seats = (0..connections).map(|client| Seat::new(client % plan.cookies.len(), rooms(client)));
    let mut load = Load { clients: Clients::new(plan, seats.collect()), events: Idle };
    sockets.run(&mut load)?;
    load.clients.failure.map_or(Ok(()), Err)?;
    let after = measure::settled_rss(&plan.servers, plan.seconds);
    Ok(Outcome {
        rss: before.into_iter().zip(after).collect(),
        done: connections as u64,
        ..Outcome::default()
    })
}
