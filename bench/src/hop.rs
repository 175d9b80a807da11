//! A dumb TCP hop: what a second process costs when it does nothing but copy.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

const LISTENER: Token = Token(usize::MAX);

/// One side of a tunnel; the other has the number with the last bit turned.
struct Side {
    stream: TcpStream,
    unsent: Vec<u8>,
}

/// Serves until it is killed.
pub fn run(port: u16, to: u16) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut sides: Vec<Option<Side>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            let Token(number) = event.token();
            if event.token() == LISTENER {
                accept(&poll, &listener, to, &mut sides)?;
                continue;
            }
            if event.is_writable()
                && let Some(side) = &mut sides[number]
            {
                side.flush();
            }
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                copy(&mut sides, number, &mut buffer, event.is_read_closed() || event.is_error());
            }
        }
    }
}

fn accept(poll: &Poll, listener: &TcpListener, to: u16, sides: &mut Vec<Option<Side>>) -> io::Result<()> {
    loop {
        let (client, _) = match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            other => other?,
        };
        let server = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, to)))?;
        for mut stream in [client, server] {
            stream.set_nodelay(true)?;
            let token = Token(sides.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            sides.push(Some(Side { stream, unsent: Vec::new() }));
        }
    }
}

fn copy(sides: &mut [Option<Side>], number: usize, buffer: &mut [u8], to_the_end: bool) {
    while let Some(side) = &mut sides[number] {
        let read = match side.stream.read(buffer) {
            Ok(read @ 1..) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Ok(0) | Err(_) => {
                // Both go at once: no peer of the bench closes one direction only.
                (sides[number], sides[number ^ 1]) = (None, None);
                return;
            }
        };
        if let Some(other) = &mut sides[number ^ 1] {
            other.send(&buffer[..read]);
        }
        if read < buffer.len() && !to_the_end {
            return;
        }
    }
}

impl Side {
    fn send(&mut self, bytes: &[u8]) {
        let written = if self.unsent.is_empty() { self.stream.write(bytes).unwrap_or(0) } else { 0 };
        self.unsent.extend(&bytes[written..]);
    }

    fn flush(&mut self) {
        if !self.unsent.is_empty()
            && let Ok(written) = self.stream.write(&self.unsent)
        {
            self.unsent.drain(..written);
        }
    }
}
