//! What is measured.

use super::peer::Peer;
use crate::load::plan::{Drops, Layout, Pace, Work};

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

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// What the report is made of.
    Full,
    /// So little that one sees that it works.
    Short,
}

impl Scale {
    fn pick<T>(self, full: T, short: T) -> T {
        if self == Self::Full { full } else { short }
    }

    /// Users and meetings of the prepared world.
    pub fn world(self) -> (usize, usize) {
        self.pick((1_000, 2_000), (20, 40))
    }
}

impl Scenario {
    /// All, in order.
    pub fn all(scale: Scale) -> Vec<Self> {
        let mut all = Vec::new();
        let layouts =
            scale.pick([(50, 10, 10), (5, 200, 10), (1, 500, 10)], [(3, 4, 4), (2, 6, 2), (1, 8, 2)]);
        for (name, (rooms, size, speakers)) in ["50", "5", "1"].into_iter().zip(layouts) {
            let layout = Layout { rooms, size, groups: rooms, speakers };
            let headline = name == "50";
            all.push(talk(scale, format!("f{name}"), layout, Pace::Closed, &Peer::ALL, headline));
            all.push(talk(scale, format!("o{name}"), layout, open(scale), &Peer::ALL, headline));
        }
        for (name, few) in [(10, 1), (100, 2), (500, 4), (2_000, 8)] {
            let (size, groups) = scale.pick((10, 100), (4, 2));
            let rooms = scale.pick(name, few);
            let layout = Layout { rooms, size, groups: rooms.min(groups), speakers: size };
            let peers = [Peer::Plenum, Peer::Apart, Peer::Floor];
            all.push(talk(scale, format!("many-{name}"), layout, open(scale), &peers, false));
        }
        for (name, connections, peers) in [
            ("idle5", scale.pick(5_000, 20), Peer::SERVERS.to_vec()),
            ("idle15", scale.pick(15_000, 30), vec![Peer::Plenum]),
        ] {
            for joined in [false, true] {
                all.push(idle(scale, name, connections, joined, peers.clone()));
            }
        }
        all.extend([storm(scale), http(scale), drops(scale)]);
        all
    }

    /// Whether it is asked for by this name: its own, or that of its group.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.split_once('-').is_some_and(|(group, _)| group == name)
    }
}

/// Deliveries a second of every open loop.
fn open(scale: Scale) -> Pace {
    Pace::Open(scale.pick(20_000.0, 1_000.0))
}

fn talk(scale: Scale, name: String, layout: Layout, pace: Pace, peers: &[Peer], headline: bool) -> Scenario {
    let way = match pace {
        Pace::Open(rate) => format!("{rate} deliveries a second by the clock"),
        _ => format!("{} in each say the next when the last came back", layout.speakers),
    };
    Scenario {
        name,
        title: format!("{} rooms of {}, {way}", layout.rooms, layout.size),
        peers: peers.to_vec(),
        headline,
        work: Work::Talk(layout, pace),
        needs: (layout.sockets(), layout.rooms),
        lasts: scale.pick((1.5, 4.0), (0.1, 0.2)),
    }
}

fn idle(scale: Scale, name: &str, connections: usize, joined: bool, peers: Vec<Peer>) -> Scenario {
    let (end, what) = if joined { ("-joined", "joined in rooms of ten") } else { ("", "connected") };
    Scenario {
        name: format!("{name}{end}"),
        title: format!("{connections} connections, {what}"),
        peers,
        headline: true,
        work: Work::Idle { connections, joined },
        needs: (connections.min(scale.world().0), if joined { connections / 10 } else { 0 }),
        lasts: (0.0, scale.pick(10.0, 0.5)),
    }
}

fn storm(scale: Scale) -> Scenario {
    let (clients, storms) = scale.pick((1_000, 5), (20, 2));
    Scenario {
        name: "storm".to_owned(),
        title: format!("{clients} clients connect and join rooms of ten at once"),
        peers: Peer::SERVERS.to_vec(),
        headline: true,
        work: Work::Storm { clients, storms },
        needs: (clients, clients * storms / 10),
        lasts: (0.0, 0.0),
    }
}

fn http(scale: Scale) -> Scenario {
    let (connections, meetings) = scale.pick((64, 50), (4, 2));
    Scenario {
        name: "http".to_owned(),
        title: format!("GET of {meetings} meetings over {connections} connections"),
        peers: Peer::SERVERS.to_vec(),
        headline: true,
        work: Work::Http(connections),
        needs: (connections, meetings),
        lasts: scale.pick((1.5, 4.0), (0.1, 0.2)),
    }
}

fn drops(scale: Scale) -> Scenario {
    // Away for as long as the stock client waits before it comes back: a second, give or take a half.
    let drops = scale.pick(
        Drops { clients: 200, messages: 200.0, stays: 15.0, away: 1.0 },
        Drops { clients: 20, messages: 100.0, stays: 0.4, away: 0.1 },
    );
    Scenario {
        name: "drops".to_owned(),
        title: format!(
            "{} clients in rooms of ten, each cut about every {} s and back {} s later, {} messages a second",
            drops.clients, drops.stays, drops.away, drops.messages
        ),
        peers: Peer::SERVERS.to_vec(),
        headline: true,
        work: Work::Drops(drops),
        needs: (drops.clients, drops.clients / 10),
        lasts: (0.0, scale.pick(30.0, 1.0)),
    }
}
