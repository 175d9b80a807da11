//! Messages in rooms: closed loop, open loop, or counted.

use std::io;

use hdrhistogram::Histogram;

use crate::{
    clock::{self, MILLISECOND, Nanos, SECOND},
    load::{
        clients::{Clients, Events, Load, Seat, is_ok},
        ledger::Ledger,
        measure::{self, Window},
        plan::{Layout, Outcome, Pace, Plan},
    },
    sockets::Sockets,
    wire::{Mark, client_frame},
};

/// After how long without a delivery what is missing is given up.
const PATIENCE: Nanos = 10 * SECOND;
/// Texts are filled up to this many bytes.
const TEXT: usize = 48;
/// Digits of an ack's id; a fixed number, so that a frame is patched in place.
const ACK_DIGITS: usize = 7;

struct Talk {
    layout: Layout,
    pace: Pace,
    plan: Plan,
    begun: Nanos,
    ledger: Ledger,
    frames: Vec<Template>,
    /// The next message's number and time, in the open loop.
    next: (usize, Nanos),
    /// Opens when all are in.
    window: Option<Window>,
    latest: Nanos,
    acked: u64,
    done: u64,
    bytes: u64,
    latency: Histogram<u64>,
    late: Histogram<u64>,
}

/// A voice's frame; ack id and mark are written into it.
struct Template {
    client: usize,
    frame: Vec<u8>,
    ack: usize,
    mark: usize,
}

/// Runs it to its end.
pub fn run(plan: &Plan, layout: Layout, pace: Pace) -> io::Result<Outcome> {
    let before = measure::rss(&plan.servers);
    let mut sockets = Sockets::new(plan.address)?;
    let seats = seats(&layout, plan.cookies.len());
    let events = Talk {
        layout,
        pace,
        plan: plan.clone(),
        begun: clock::now(),
        ledger: Ledger::new(layout),
        frames: templates(&layout, &plan.meetings),
        next: (0, 0),
        window: None,
        latest: 0,
        acked: 0,
        done: 0,
        bytes: 0,
        latency: measure::histogram(),
        late: measure::histogram(),
    };
    let mut load = Load { clients: Clients::new(plan, seats), events };
    sockets.run(&mut load)?;
    load.clients.failure.map_or(Ok(()), Err)?;
    Ok(load.events.outcome(&before))
}

fn seats(layout: &Layout, users: usize) -> Vec<Seat> {
    let mut seats: Vec<Seat> =
        (0..layout.sockets()).map(|socket| Seat::new(socket % users, Vec::new())).collect();
    for room in 0..layout.rooms {
        for place in 0..layout.size {
            seats[layout.socket(room, place)].rooms.push(room);
        }
    }
    seats
}

fn templates(layout: &Layout, meetings: &[String]) -> Vec<Template> {
    let voices = (0..layout.rooms).flat_map(|room| (0..layout.speakers).map(move |place| (room, place)));
    voices
        .map(|(room, place)| {
            let (zeros, text) = ("0".repeat(ACK_DIGITS), ".".repeat(TEXT));
            let meeting = &meetings[room];
            let payload =
                format!("42{zeros}[\"chat:message\",{{\"meetingId\":\"{meeting}\",\"message\":\"{text}\"}}]");
            let frame = client_frame(payload.as_bytes());
            let head = frame.len() - payload.len();
            let mark = head + payload.find("\"message\":\"").expect("it was just written") + 11;
            Template { client: layout.socket(room, place), frame, ack: head + 2, mark }
        })
        .collect()
}

impl Talk {
    fn send(&mut self, sockets: &mut Sockets, voice: usize, scheduled: Nanos) {
        let number = self.ledger.send(voice);
        let mark = Mark {
            voice: u32::try_from(voice).unwrap_or(u32::MAX),
            number,
            scheduled: self.micros(scheduled),
        };
        let Template { client, frame, ack, mark: at } = &mut self.frames[voice];
        let mut text = [0; Mark::SIZE];
        mark.write(&mut text);
        frame[*at..*at + Mark::SIZE].copy_from_slice(&text);
        let mut rest = number;
        for digit in frame[*ack..*ack + ACK_DIGITS].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        sockets.send(*client, frame);
    }

    /// Microseconds since the beginning.
    fn micros(&self, at: Nanos) -> u32 {
        u32::try_from(at.saturating_sub(self.begun) / 1_000).unwrap_or(u32::MAX)
    }

    fn is_measured(&self) -> bool {
        self.window.as_ref().is_some_and(Window::is_measured)
    }

    /// All are in: the clock starts.
    fn start(&mut self, sockets: &mut Sockets, now: Nanos) {
        self.window = Some(match self.pace {
            Pace::Counted(_) => Window::endless(&self.plan, now),
            _ => Window::open(&self.plan, now),
        });
        self.latest = now;
        match self.pace {
            Pace::Closed => {
                for voice in 0..self.frames.len() {
                    self.send(sockets, voice, now);
                }
            }
            Pace::Open(_) => self.next = (0, now),
            Pace::Counted(_) => self.send(sockets, 0, now),
        }
    }

    /// Sends what the open loop's schedule has until now; answers when there is more.
    fn keep_the_schedule(&mut self, sockets: &mut Sockets, rate: f64, now: Nanos) -> Nanos {
        #[expect(clippy::cast_precision_loss, reason = "a room's size is small")]
        let gap = clock::seconds(self.layout.size as f64 / rate);
        while self.next.1 <= now {
            let (number, scheduled) = self.next;
            let (room, round) = (number % self.layout.rooms, number / self.layout.rooms);
            let voice = room * self.layout.speakers + round % self.layout.speakers;
            self.send(sockets, voice, scheduled);
            if self.is_measured() {
                let _ = self.late.record((clock::now() - scheduled) / 1_000);
            }
            self.next = (number + 1, scheduled + gap);
        }
        self.next.1
    }

    fn outcome(self, before: &[u64]) -> Outcome {
        let mut outcome = Outcome {
            usage: self.window.as_ref().map(Window::usage).unwrap_or_default(),
            rss: before.iter().copied().zip(measure::rss(&self.plan.servers)).collect(),
            done: self.done,
            frame: measure::ratio(self.bytes, self.done),
            latency: measure::latency(&self.latency),
            late: measure::latency(&self.late),
            ..Outcome::default()
        };
        self.ledger.close(&mut outcome);
        outcome.refused = self.ledger.sent().saturating_sub(self.acked);
        outcome
    }
}

impl Events for Talk {
    #[inline]
    fn message(&mut self, _: &mut Clients, sockets: &mut Sockets, client: usize, at: Nanos, payload: &[u8]) {
        let Some((mark, end)) = Mark::find(payload) else { return };
        let place = client % self.layout.size;
        self.ledger.receive(mark, place, &payload[end..]);
        self.latest = at;
        if self.is_measured() {
            self.done += 1;
            self.bytes += payload.len() as u64;
            let taken = u64::from(self.micros(at).saturating_sub(mark.scheduled));
            let _ = self.latency.record(taken);
        }
        let voice = mark.voice as usize;
        if place != voice % self.layout.speakers || self.window.as_ref().is_none_or(Window::is_over) {
            return;
        }
        match self.pace {
            Pace::Closed => self.send(sockets, voice, at),
            Pace::Open(_) => {}
            Pace::Counted(messages) if mark.number + 1 < messages => self.send(sockets, voice, at),
            Pace::Counted(_) => {
                if let Some(window) = &mut self.window {
                    window.close(at);
                }
            }
        }
    }

    fn ack(&mut self, _: usize, at: Nanos, payload: &[u8]) {
        self.acked += u64::from(is_ok(payload));
        self.latest = at;
    }

    fn due(&mut self, clients: &mut Clients, sockets: &mut Sockets, now: Nanos) -> Option<Nanos> {
        let Some(window) = &mut self.window else {
            if clients.are_in() {
                self.start(sockets, now);
            }
            return Some(now + 10 * MILLISECOND);
        };
        let Some(next) = window.turn(now) else {
            let is_over = self.ledger.is_settled() && self.acked == self.ledger.sent();
            return (!is_over && now < self.latest + PATIENCE).then_some(now + 10 * MILLISECOND);
        };
        match self.pace {
            Pace::Open(rate) => Some(next.min(self.keep_the_schedule(sockets, rate, now))),
            _ => Some(next),
        }
    }
}
