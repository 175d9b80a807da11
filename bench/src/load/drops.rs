//! Connections that are cut again and again while messages flow: what arrives, live or by resuming.

use std::{cmp::Reverse, collections::BinaryHeap, io};

use hdrhistogram::Histogram;
use memchr::memmem;
use serde::Deserialize;

use crate::{
    clock::{self, MILLISECOND, Nanos, SECOND},
    load::{
        clients::{Clients, Events, Load, Seat, is_ok},
        measure,
        plan::{Drops, Outcome, Plan},
    },
    sockets::Sockets,
    wire::{Mark, client_frame, digits},
};

/// People in a room; a message's receivers are the bits of one number.
const SIZE: usize = 10;

struct Run {
    plan: Drops,
    rooms: usize,
    until: Option<Nanos>,
    lasts: Nanos,
    next: Nanos,
    messages: Vec<Said>,
    people: Vec<Person>,
    /// What happens to whom next, earliest first.
    fates: BinaryHeap<Reverse<(Nanos, usize)>>,
    latest: Nanos,
    doubled: u64,
    cuts: u64,
    rejoined: u64,
    recovered: u64,
    replay: Histogram<u64>,
}

/// A message: whether the server answered for it, and who has it.
#[derive(Default)]
struct Said {
    acked: bool,
    had_by: u32,
}

#[derive(Default)]
struct Person {
    epoch: String,
    /// The highest number seen.
    seq: u64,
    /// When the new connection began.
    back: Option<Nanos>,
}

#[derive(Deserialize)]
struct Ack {
    data: Joined,
}

#[derive(Deserialize)]
struct Joined {
    epoch: String,
    seq: u64,
    messages: Vec<Text>,
    recovered: bool,
}

#[derive(Deserialize)]
struct Text {
    message: String,
}

/// Runs it to its end.
pub fn run(plan: &Plan, drops: Drops) -> io::Result<Outcome> {
    let rooms = drops.clients / SIZE;
    let seats = (0..drops.clients).map(|client| Seat::new(client % plan.cookies.len(), vec![client / SIZE]));
    let mut people = Vec::new();
    people.resize_with(drops.clients, Person::default);
    let run = Run {
        plan: drops,
        rooms,
        until: None,
        lasts: clock::seconds(plan.seconds),
        next: 0,
        messages: Vec::new(),
        people,
        fates: BinaryHeap::new(),
        latest: 0,
        doubled: 0,
        cuts: 0,
        rejoined: 0,
        recovered: 0,
        replay: measure::histogram(),
    };
    let mut sockets = Sockets::new(plan.address)?;
    let mut load = Load { clients: Clients::new(plan, seats.collect()), events: run };
    sockets.run(&mut load)?;
    load.clients.failure.map_or(Ok(()), Err)?;
    Ok(load.events.outcome())
}

/// A time, give or take a half.
fn about(seconds: f64) -> Nanos {
    clock::seconds(seconds * rand::random_range(0.5..1.5))
}

impl Run {
    fn has(&mut self, client: usize, mark: Mark) {
        let Some(said) = self.messages.get_mut(mark.number as usize) else { return };
        let bit = 1 << (client % SIZE);
        self.doubled += u64::from(said.had_by & bit != 0);
        said.had_by |= bit;
    }

    fn say(&mut self, clients: &Clients, sockets: &mut Sockets) {
        let number = self.messages.len();
        let room = number % self.rooms;
        let people = (0..SIZE).map(|place| room * SIZE + (number / self.rooms + place) % SIZE);
        // With nobody there, nothing is said.
        let Some(speaker) = people.into_iter().find(|client| clients.is_in(*client)) else { return };
        self.messages.push(Said::default());
        let part = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let mut mark = [0; Mark::SIZE];
        Mark { voice: part(room), number: part(number), scheduled: 0 }.write(&mut mark);
        let text = str::from_utf8(&mark).unwrap_or_default();
        let meeting = clients.meeting(room);
        let packet =
            format!("42{number}[\"chat:message\",{{\"meetingId\":\"{meeting}\",\"message\":\"{text}\"}}]");
        sockets.send(speaker, &client_frame(packet.as_bytes()));
    }

    /// Cuts who is in, and brings back who is out.
    fn meet_fate(&mut self, clients: &mut Clients, sockets: &mut Sockets, client: usize, now: Nanos) {
        if clients.is_in(client) {
            self.cuts += 1;
            clients.cut(sockets, client, self.cuts.is_multiple_of(2));
            let Person { epoch, seq, .. } = &self.people[client];
            clients.seat(client).resume = format!(",\"epoch\":\"{epoch}\",\"since\":{seq}");
            self.fates.push(Reverse((now + about(self.plan.away), client)));
        } else {
            self.people[client].back = Some(now);
            clients.enter(client);
        }
    }

    fn outcome(self) -> Outcome {
        let said = self.messages.iter().filter(|said| said.acked || said.had_by != 0);
        let (expected, had) = said.fold((0, 0), |(expected, had), said| {
            (expected + SIZE as u64, had + u64::from(said.had_by.count_ones()))
        });
        Outcome {
            done: self.rejoined,
            expected,
            missing: expected - had,
            doubled: self.doubled,
            recovered: self.recovered,
            latency: measure::latency(&self.replay),
            ..Outcome::default()
        }
    }
}

impl Events for Run {
    fn message(&mut self, _: &mut Clients, _: &mut Sockets, client: usize, at: Nanos, payload: &[u8]) {
        let Some((mark, end)) = Mark::find(payload) else { return };
        self.has(client, mark);
        self.latest = at;
        if let Some(from) = memmem::find(&payload[end..], b"\"seq\":") {
            let person = &mut self.people[client];
            person.seq = person.seq.max(digits(&payload[end + from + 6..]));
        }
    }

    fn ack(&mut self, _: usize, _: Nanos, payload: &[u8]) {
        let number = usize::try_from(digits(&payload[2..])).unwrap_or(usize::MAX);
        if let Some(said) = self.messages.get_mut(number) {
            said.acked |= is_ok(payload);
        }
    }

    fn entered(&mut self, clients: &mut Clients, client: usize, at: Nanos, ack: &[u8]) {
        let begin = memchr::memchr(b'[', ack).unwrap_or(0);
        let Ok([Ack { data }]) = serde_json::from_slice::<[Ack; 1]>(&ack[begin..]) else {
            return clients.fail(client, "a join's ack without its fields", ack);
        };
        if let Some(back) = self.people[client].back.take() {
            let _ = self.replay.record((at - back) / 1_000);
            self.rejoined += 1;
            self.recovered += u64::from(data.recovered);
        }
        if data.recovered {
            for text in &data.messages {
                if let Some((mark, _)) = Mark::find(text.message.as_bytes()) {
                    self.has(client, mark);
                }
            }
        }
        self.people[client].epoch = data.epoch;
        self.people[client].seq = data.seq;
        self.fates.push(Reverse((at + about(self.plan.stays), client)));
    }

    fn due(&mut self, clients: &mut Clients, sockets: &mut Sockets, now: Nanos) -> Option<Nanos> {
        let Some(until) = self.until else {
            if clients.are_in() {
                self.until = Some(now + self.lasts);
                self.next = now;
            }
            return Some(now + 10 * MILLISECOND);
        };
        while self.next <= now && self.next < until {
            self.say(clients, sockets);
            self.next += clock::seconds(1.0 / self.plan.messages);
        }
        while let Some(Reverse((at, client))) = self.fates.peek().copied()
            && at <= now
        {
            self.fates.pop();
            // At the end all come back, and stay.
            if now < until || !clients.is_in(client) {
                self.meet_fate(clients, sockets, client, now);
            }
        }
        if now < until {
            let fate = self.fates.peek().map_or(until, |Reverse((at, _))| *at);
            return Some(self.next.min(fate));
        }
        let is_over = clients.are_in() && now > self.latest.max(until) + SECOND;
        (!is_over).then_some(now + 10 * MILLISECOND)
    }
}
