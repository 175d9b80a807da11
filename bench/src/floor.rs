//! The floor: what rooms cost when a server does nothing but the system calls. It knows no user, checks
//! nothing, numbers messages, and copies one ready frame to each member of a room.

use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

use crate::wire::{self, Mark, server_frame, text_field};

const LISTENER: Token = Token(usize::MAX);
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: not-computed\r\n\r\n";
const OPEN: &[u8] = b"0{\"sid\":\"floor\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":60000,\"maxPayload\":1000000}";
/// As long as Plenum's are, member for member.
const MESSAGE: &str = "42[\"chat:message\",{\"messageId\":\"00000000-0000-4000-8000-000000000000\",\
    \"meetingId\":\"00000000-0000-4000-8000-000000000000\",\"userId\":\"00000000-0000-4000-8000-000000000000\",\
    \"username\":\"Bench\",\"message\":\"~\",\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"seq\":##########}]";

struct Floor {
    poll: Poll,
    /// Whether what is for one socket waits until the end of the round and goes out in one write.
    batch: bool,
    connections: Vec<Option<Connection>>,
    rooms: HashMap<Vec<u8>, Room>,
    /// Who has something waiting since this round began.
    touched: Vec<usize>,
}

struct Connection {
    stream: TcpStream,
    carry: Vec<u8>,
    unsent: Vec<u8>,
    is_open: bool,
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    seq: u64,
}

/// Serves until it is killed.
pub fn run(port: u16, batch: bool) -> io::Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut floor =
        Floor { poll, batch, connections: Vec::new(), rooms: HashMap::new(), touched: Vec::new() };
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match floor.poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            match event.token() {
                LISTENER => floor.accept(&listener)?,
                Token(connection) => {
                    if event.is_writable() {
                        floor.flush(connection);
                    }
                    if event.is_readable() || event.is_read_closed() || event.is_error() {
                        floor.read(connection, &mut buffer, event.is_read_closed() || event.is_error());
                    }
                }
            }
        }
        for connection in std::mem::take(&mut floor.touched) {
            floor.flush(connection);
        }
    }
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let (mut stream, _) = match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                other => other?,
            };
            stream.set_nodelay(true)?;
            let token = Token(self.connections.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            let connection = Connection { stream, carry: Vec::new(), unsent: Vec::new(), is_open: false };
            self.connections.push(Some(connection));
        }
    }

    fn read(&mut self, number: usize, buffer: &mut [u8], to_the_end: bool) {
        while let Some(Connection { stream, carry, .. }) = &mut self.connections[number] {
            let begun = carry.len();
            buffer[..begun].copy_from_slice(carry);
            carry.clear();
            let room = buffer.len() - begun;
            let read = match stream.read(&mut buffer[begun..]) {
                Ok(read @ 1..) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    carry.extend(&buffer[..begun]);
                    return;
                }
                Ok(0) | Err(_) => return self.connections[number] = None,
            };
            let taken = self.take(number, &buffer[..begun + read]);
            if let Some(connection) = &mut self.connections[number] {
                connection.carry.extend(&buffer[taken..begun + read]);
            }
            if read < room && !to_the_end {
                return;
            }
        }
    }

    fn take(&mut self, number: usize, bytes: &[u8]) -> usize {
        let mut taken = 0;
        if let Some(connection) = &mut self.connections[number]
            && !connection.is_open
        {
            let Some(end) = wire::head_end(bytes) else { return 0 };
            connection.is_open = true;
            taken = end;
            self.send(number, UPGRADED);
            self.send(number, &server_frame(OPEN));
        }
        while let Some((frame, size)) = wire::first_frame(&bytes[taken..]) {
            taken += size;
            self.packet(number, frame.payload);
        }
        taken
    }

    fn packet(&mut self, number: usize, payload: &[u8]) {
        if payload == b"40" {
            return self.send(number, &server_frame(b"40{\"sid\":\"floor\"}"));
        }
        let Some(begin) = memchr::memchr(b'[', payload) else { return };
        let Some(meeting) = text_field(payload, "meetingId").map(|at| &payload[at]) else { return };
        let ack = [b"43", &payload[2..begin]].concat();
        if payload[begin..].starts_with(b"[\"join:meeting\"") {
            self.rooms.entry(meeting.to_vec()).or_default().members.push(number);
            self.send(number, &server_frame(&[&ack, b"[{\"ok\":true}]".as_slice()].concat()));
        } else if let Some(room) = self.rooms.get_mut(meeting)
            && let Some(text) = text_field(payload, "message").map(|at| &payload[at])
        {
            room.seq += 1;
            let (before, after) = MESSAGE.split_once(char::from(Mark::SIGN)).unwrap_or_default();
            let after = after.replace("##########", &room.seq.to_string());
            let frame = server_frame(&[before.as_bytes(), text, after.as_bytes()].concat());
            let members = std::mem::take(&mut room.members);
            for member in &members {
                self.send(*member, &frame);
            }
            if let Some(room) = self.rooms.get_mut(meeting) {
                room.members = members;
            }
            let ok = b"[{\"ok\":true,\"data\":{\"messageId\":\"00000000-0000-4000-8000-000000000000\",\"seq\":1}}]";
            self.send(number, &server_frame(&[&ack, ok.as_slice()].concat()));
        }
    }

    fn send(&mut self, number: usize, bytes: &[u8]) {
        let Some(Connection { stream, unsent, .. }) = &mut self.connections[number] else { return };
        if self.batch {
            if unsent.is_empty() {
                self.touched.push(number);
            }
            unsent.extend(bytes);
            return;
        }
        let written = if unsent.is_empty() { stream.write(bytes).unwrap_or(0) } else { 0 };
        unsent.extend(&bytes[written..]);
    }

    fn flush(&mut self, number: usize) {
        if let Some(Connection { stream, unsent, .. }) = &mut self.connections[number]
            && !unsent.is_empty()
            && let Ok(written) = stream.write(unsent)
        {
            unsent.drain(..written);
        }
    }
}
