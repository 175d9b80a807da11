//! What is measured.

use super::peer::Peer;
use crate::load::plan::{Pace, Rooms, Work};

/// One thing that is measured, of some peers.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name in tables and arguments.
    pub name: String,
    /// What it is, for the report.
    pub title: String,
    /// Who is measured.
    pub peers: Vec<Peer>,
    /// Whether it is part of the headline table, and so measured in every round.
    pub headline: bool,
    /// What is done.
    pub work: Work,
    /// Users and meetings it needs.
    pub needs: (usize, usize),
    /// Seconds before, and of, what is measured.
    pub lasts: (f64, f64),
}

/// Deliveries a second of every open loop.
pub const RATE: f64 = 20_000.0;

impl Scenario {
    /// All, in order.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (rooms, size, speakers) in [(50, 10, 10), (5, 200, 10), (1, 500, 10)] {
            let layout = Rooms { rooms, size, groups: rooms, speakers };
            let headline = rooms == 50;
            all.push(talk(format!("f{rooms}"), "closed loop", layout, Pace::Closed, &Peer::ALL, headline));
            all.push(talk(format!("o{rooms}"), "open loop", layout, Pace::Open(RATE), &Peer::ALL, headline));
        }
        for rooms in [10, 100, 500, 2_000] {
            let layout = Rooms { rooms, size: 10, groups: rooms.min(100), speakers: 10 };
            let peers = [Peer::Plenum, Peer::Apart, Peer::Floor];
            all.push(talk(format!("many-{rooms}"), "open loop", layout, Pace::Open(RATE), &peers, false));
        }
        for (thousands, peers) in [(5, Peer::SERVERS.to_vec()), (15, vec![Peer::Plenum])] {
            for joined in [false, true] {
                all.push(idle(thousands, joined, peers.clone()));
            }
        }
        all
    }

    /// Whether it is asked for by this name: its own, or that of its group.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.split_once('-').is_some_and(|(group, _)| group == name)
    }
}

fn talk(name: String, loops: &str, rooms: Rooms, pace: Pace, peers: &[Peer], headline: bool) -> Scenario {
    Scenario {
        name,
        title: format!("{} rooms of {}, {loops}", rooms.rooms, rooms.size),
        peers: peers.to_vec(),
        headline,
        work: Work::Talk(rooms, pace),
        needs: (rooms.sockets(), rooms.rooms),
        lasts: (1.5, 6.0),
    }
}

fn idle(thousands: usize, joined: bool, peers: Vec<Peer>) -> Scenario {
    let connections = thousands * 1_000;
    let (end, what) = if joined { ("-joined", "joined in rooms of ten") } else { ("", "connected") };
    Scenario {
        name: format!("idle{thousands}{end}"),
        title: format!("{connections} connections, {what}"),
        peers,
        headline: true,
        work: Work::Idle { connections, joined },
        needs: (connections.min(1_000), if joined { connections / 10 } else { 0 }),
        lasts: (0.0, 0.0),
    }
}
