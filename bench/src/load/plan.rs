//! What a generator is told, and what it answers: JSON on its standard input and output.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::machine::{Pid, Usage};

/// A load for one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Where the peer listens.
    pub address: SocketAddr,
    /// Its processes.
    pub servers: Vec<Pid>,
    /// A cookie for each user.
    pub cookies: Vec<String>,
    /// Meetings, empty so far.
    pub meetings: Vec<String>,
    /// Seconds of load before what is measured.
    pub warm: f64,
    /// Seconds that are measured.
    pub seconds: f64,
    /// What is done.
    pub work: Work,
}

/// What is done with the connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Messages in rooms.
    Talk(Layout, Pace),
    /// Connections that do nothing; with the rooms they join, if any.
    Idle {
        /// How many.
        connections: usize,
        /// Whether each joins a room of ten.
        joined: bool,
    },
    /// Everybody connects and joins a room of ten at once.
    Storm {
        /// How many.
        clients: usize,
        /// How often.
        storms: usize,
    },
    /// GET of meetings over so many connections.
    Http(usize),
    /// Connections that are cut.
    Drops(Drops),
}

/// Connections that are cut, in rooms of ten; times are given or taken by a half.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Drops {
    /// How many.
    pub clients: usize,
    /// Messages a second in all rooms.
    pub messages: f64,
    /// Seconds from a join to the cut.
    pub stays: f64,
    /// Seconds from the cut to the next connection.
    pub away: f64,
}

/// Who is in which room.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Layout {
    /// How many rooms.
    pub rooms: usize,
    /// Sockets in each.
    pub size: usize,
    /// Sockets in all, in groups as large as a room.
    pub groups: usize,
    /// How many in each room send.
    pub speakers: usize,
}

/// When messages are sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Each speaker has one message under way, and sends the next when it comes back.
    Closed,
    /// By the clock, whatever comes back: so many deliveries a second in all.
    Open(f64),
    /// One message under way in all, so many times.
    Counted(u32),
}

impl Layout {
    /// The socket at a place of a room. A socket has the same place in each of its rooms, and other neighbours.
    pub const fn socket(&self, room: usize, place: usize) -> usize {
        let step = if self.rooms > self.groups { 7 } else { 0 };
        (room + place * step) % self.groups * self.size + place
    }

    /// All sockets.
    pub const fn sockets(&self) -> usize {
        self.groups * self.size
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// CPU in the measured time.
    pub usage: Usage,
    /// Resident bytes of each server process, before the first connection and when all stood idle.
    pub rss: Vec<(u64, u64)>,
    /// Deliveries, answers or joins in the measured time, or connections.
    pub done: u64,
    /// Deliveries there had to be, from first to last.
    pub expected: u64,
    /// Of those, how many never came.
    pub missing: u64,
    /// Deliveries that came once more.
    pub doubled: u64,
    /// Deliveries that came after a later one of the same sender or room.
    pub disordered: u64,
    /// Messages whose ack did not come or refused.
    pub refused: u64,
    /// Joins that were told all they had missed.
    pub recovered: u64,
    /// Seconds from the first connection of a storm to the last join's ack.
    pub storms: Vec<f64>,
    /// Mean bytes of a delivery's frame.
    pub frame: f64,
    /// From the schedule to the delivery, the request to the answer, or the new connection to the join's ack.
    pub latency: Latency,
    /// From the schedule to the sending: what the generator itself was late.
    pub late: Latency,
}

/// Quantiles, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Latency {
    /// Half are below.
    pub p50: f64,
    /// 99 in 100 are below.
    pub p99: f64,
    /// 999 in 1,000 are below.
    pub p999: f64,
    /// All are at or below.
    pub max: f64,
}
