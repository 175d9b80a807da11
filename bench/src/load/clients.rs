//! socket.io clients, byte by byte: from the upgrade to the rooms' acks, and every packet from then on.

use std::{collections::VecDeque, io, io::ErrorKind};

use crate::{
    clock::Nanos,
    load::plan::Plan,
    sockets::{Driver, Sockets},
    wire::{self, Frame},
};

/// What a load makes of its clients' packets.
pub trait Events {
    /// A message has come to a client.
    fn message(
        &mut self,
        clients: &mut Clients,
        sockets: &mut Sockets,
        client: usize,
        at: Nanos,
        payload: &[u8],
    );
    /// An ack, other than a join's.
    fn ack(&mut self, _client: usize, _at: Nanos, _payload: &[u8]) {}
    /// A client is in its rooms; the last one's ack.
    fn entered(&mut self, _clients: &mut Clients, _client: usize, _at: Nanos, _ack: &[u8]) {}
    /// As [`Driver::due`].
    fn due(&mut self, clients: &mut Clients, sockets: &mut Sockets, now: Nanos) -> Option<Nanos>;
}

/// All clients of a load.
pub struct Clients {
    host: String,
    cookies: Vec<String>,
    meetings: Vec<String>,
    seats: Vec<Seat>,
    waiting: VecDeque<usize>,
    entering: usize,
    inside: usize,
    /// Clients that may be entering at once.
    pub at_once: usize,
    /// Why the load cannot go on.
    pub failure: Option<io::Error>,
}

/// One client.
#[derive(Default)]
pub struct Seat {
    /// Which user's cookie it shows.
    pub user: usize,
    /// The meetings it joins.
    pub rooms: Vec<usize>,
    /// Fields of its next join that ask to resume.
    pub resume: String,
    phase: Phase,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    Out,
    Upgrading,
    Connecting,
    /// Waits for the ack of the room of that number.
    Joining(usize),
    In,
}

impl Seat {
    /// One of a user, who has not entered.
    pub fn new(user: usize, rooms: Vec<usize>) -> Self {
        Self { user, rooms, ..Self::default() }
    }
}

impl Clients {
    /// One for each seat; nobody is connected yet.
    pub fn new(plan: &Plan, seats: Vec<Seat>) -> Self {
        Self {
            host: plan.address.to_string(),
            cookies: plan.cookies.clone(),
            meetings: plan.meetings.clone(),
            waiting: (0..seats.len()).collect(),
            seats,
            entering: 0,
            inside: 0,
            at_once: 64,
            failure: None,
        }
    }

    /// Whether all are in their rooms.
    pub fn are_in(&self) -> bool {
        self.inside == self.seats.len()
    }

    /// Whether this one is.
    pub fn is_in(&self, client: usize) -> bool {
        self.seats[client].phase == Phase::In
    }

    /// A client's seat.
    pub fn seat(&mut self, client: usize) -> &mut Seat {
        &mut self.seats[client]
    }

    /// A meeting's id.
    pub fn meeting(&self, room: usize) -> &str {
        &self.meetings[room]
    }

    /// Cuts a client's connection.
    pub fn cut(&mut self, sockets: &mut Sockets, client: usize, reset: bool) {
        sockets.cut(client, reset);
        self.is_out(client);
    }

    /// Has a client that is out enter as soon as others give way.
    pub fn enter(&mut self, client: usize) {
        self.waiting.push_back(client);
    }

    fn let_in(&mut self, sockets: &mut Sockets) {
        while self.entering < self.at_once
            && let Some(client) = self.waiting.pop_front()
        {
            let cookie = &self.cookies[self.seats[client].user];
            match sockets.connect(client, wire::upgrade(&self.host, cookie)) {
                Ok(()) => {
                    self.seats[client].phase = Phase::Upgrading;
                    self.entering += 1;
                }
                Err(error) => self.failure = Some(error),
            }
        }
    }

    fn is_out(&mut self, client: usize) {
        match std::mem::take(&mut self.seats[client].phase) {
            Phase::Out => {}
            Phase::In => self.inside -= 1,
            _ => self.entering -= 1,
        }
    }

    /// Ends the load.
    pub fn fail(&mut self, client: usize, why: &str, payload: &[u8]) {
        let said = String::from_utf8_lossy(&payload[..payload.len().min(300)]).into_owned();
        self.failure.get_or_insert_with(|| io::Error::other(format!("client {client}: {why}: {said}")));
    }

    /// Goes on to the next room, or is in.
    fn join(&mut self, sockets: &mut Sockets, client: usize, done: usize) -> bool {
        let seat = &mut self.seats[client];
        if let Some(room) = seat.rooms.get(done) {
            let (meeting, resume) = (&self.meetings[*room], &seat.resume);
            let join = format!("42{done}[\"join:meeting\",{{\"meetingId\":\"{meeting}\"{resume}}}]");
            sockets.send(client, &wire::client_frame(join.as_bytes()));
            seat.phase = Phase::Joining(done);
            return false;
        }
        seat.phase = Phase::In;
        self.entering -= 1;
        self.inside += 1;
        true
    }
}

/// A load's clients and what it does with them.
pub struct Load<E> {
    /// The clients.
    pub clients: Clients,
    /// What is done.
    pub events: E,
}

impl<E: Events> Load<E> {
    #[inline]
    fn frame(&mut self, sockets: &mut Sockets, client: usize, at: Nanos, frame: &Frame<'_>) {
        let payload = frame.payload;
        if payload.starts_with(wire::MESSAGE) {
            return self.events.message(&mut self.clients, sockets, client, at, payload);
        }
        match (frame.opcode, payload) {
            (wire::TEXT, [b'4', b'3', ..]) => self.ack(sockets, client, at, payload),
            (wire::TEXT, [b'2']) => sockets.send(client, &wire::client_frame(b"3")),
            (wire::TEXT, [b'0', ..]) => sockets.send(client, &wire::client_frame(b"40")),
            (wire::TEXT, [b'4', b'0', ..]) => self.connected(sockets, client, at, payload),
            (wire::CLOSE, _) | (wire::TEXT, [b'1', ..] | [b'4', b'1' | b'4', ..]) => {
                self.clients.fail(client, "told to go", payload);
            }
            _ => {}
        }
    }

    fn connected(&mut self, sockets: &mut Sockets, client: usize, at: Nanos, payload: &[u8]) {
        if self.clients.join(sockets, client, 0) {
            self.events.entered(&mut self.clients, client, at, payload);
        }
    }

    fn ack(&mut self, sockets: &mut Sockets, client: usize, at: Nanos, payload: &[u8]) {
        let Phase::Joining(room) = self.clients.seats[client].phase else {
            return self.events.ack(client, at, payload);
        };
        if !is_ok(payload) {
            return self.clients.fail(client, "join refused", payload);
        }
        if self.clients.join(sockets, client, room + 1) {
            self.events.entered(&mut self.clients, client, at, payload);
        }
    }

    /// The answer to the upgrade; how many bytes it takes.
    fn upgraded(&mut self, client: usize, bytes: &[u8]) -> usize {
        let Some(end) = wire::head_end(bytes) else { return 0 };
        if bytes.starts_with(b"HTTP/1.1 101") {
            self.clients.seats[client].phase = Phase::Connecting;
        } else {
            self.clients.fail(client, "no upgrade", bytes);
        }
        end
    }
}

/// Whether an ack says that it was done.
pub fn is_ok(ack: &[u8]) -> bool {
    memchr::memchr(b'[', ack).is_some_and(|at| ack[at..].starts_with(b"[{\"ok\":true"))
}

impl<E: Events> Driver for Load<E> {
    fn bytes(&mut self, sockets: &mut Sockets, client: usize, at: Nanos, bytes: &[u8]) -> usize {
        let mut taken = 0;
        if self.clients.seats[client].phase == Phase::Upgrading {
            taken = self.upgraded(client, bytes);
            if taken == 0 {
                return 0;
            }
        }
        while let Some((frame, size)) = wire::first_frame(&bytes[taken..]) {
            taken += size;
            self.frame(sockets, client, at, &frame);
        }
        taken
    }

    fn closed(&mut self, _: &mut Sockets, client: usize, why: io::Error) {
        let why = if why.kind() == ErrorKind::UnexpectedEof { "closed".to_owned() } else { why.to_string() };
        self.clients.fail(client, "the connection is gone", why.as_bytes());
        self.clients.is_out(client);
    }

    fn due(&mut self, sockets: &mut Sockets, now: Nanos) -> Option<Nanos> {
        self.clients.let_in(sockets);
        if self.clients.failure.is_some() {
            return None;
        }
        self.events.due(&mut self.clients, sockets, now)
    }
}
