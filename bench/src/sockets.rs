//! One thread's connections: an event loop that reads into one buffer and allocates nothing for what it reads.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
    os::fd::AsRawFd,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpStream, unix::SourceFd};

use crate::clock::{self, Nanos, Timer};

/// What a load does with its connections.
pub trait Driver {
    /// Bytes that have come and were not yet taken; answers how many it takes.
    fn bytes(&mut self, sockets: &mut Sockets, socket: usize, at: Nanos, bytes: &[u8]) -> usize;
    /// The other side, or a failure, has closed a connection.
    fn closed(&mut self, sockets: &mut Sockets, socket: usize, why: io::Error);
    /// What is due is done; answers when to be called next, or `None` at the end.
    fn due(&mut self, sockets: &mut Sockets, now: Nanos) -> Option<Nanos>;
}

/// A load's connections, by number.
pub struct Sockets {
    poll: Poll,
    timer: Timer,
    address: SocketAddr,
    open: Vec<Option<Socket>>,
    buffer: Vec<u8>,
}

struct Socket {
    stream: TcpStream,
    /// The beginning of what is not whole yet.
    carry: Vec<u8>,
    /// What the kernel did not take.
    unsent: Vec<u8>,
}

const BUFFER: usize = 256 * 1024;
const TIMER: Token = Token(usize::MAX);

impl Sockets {
    /// None yet, all to one address.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        let timer = Timer::new()?;
        poll.registry().register(&mut SourceFd(&timer.descriptor.as_raw_fd()), TIMER, Interest::READABLE)?;
        Ok(Self { poll, timer, address, open: Vec::new(), buffer: vec![0; BUFFER] })
    }

    /// Opens a connection under a number, and says `greeting` when it is open.
    pub fn connect(&mut self, socket: usize, greeting: Vec<u8>) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        self.poll.registry().register(&mut stream, Token(socket), Interest::READABLE | Interest::WRITABLE)?;
        if self.open.len() <= socket {
            self.open.resize_with(socket + 1, || None);
        }
        self.open[socket] = Some(Socket { stream, carry: Vec::new(), unsent: greeting });
        Ok(())
    }

    /// Sends, or keeps what the kernel does not take. To a connection that is gone: nothing.
    pub fn send(&mut self, socket: usize, bytes: &[u8]) {
        let Some(Some(socket)) = self.open.get_mut(socket) else { return };
        let mut written = 0;
        if socket.unsent.is_empty() {
            // A failure shows when the connection is read.
            written = socket.stream.write(bytes).unwrap_or(0);
        }
        socket.unsent.extend(&bytes[written..]);
    }

    /// Ends a connection: by a reset, or in order.
    pub fn cut(&mut self, socket: usize, reset: bool) {
        if let Some(socket) = self.open[socket].take()
            && reset
        {
            // Without it the close is in order, which is an end as well.
            let _ = rustix::net::sockopt::set_socket_linger(&socket.stream, Some(Duration::ZERO));
        }
    }

    /// Serves the driver until it has no more to do.
    pub fn run(&mut self, driver: &mut impl Driver) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while let Some(next) = driver.due(self, clock::now()) {
            let patience = (next <= clock::now()).then_some(Duration::ZERO);
            if patience.is_none() {
                self.timer.set(next)?;
            }
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                let Token(socket) = event.token();
                if event.token() == TIMER {
                    continue;
                }
                if event.is_writable() {
                    self.flush(socket);
                }
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.read(driver, socket, event.is_read_closed() || event.is_error());
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self, socket: usize) {
        if let Some(Some(Socket { stream, unsent, .. })) = self.open.get_mut(socket)
            && !unsent.is_empty()
            && let Ok(written) = stream.write(unsent)
        {
            unsent.drain(..written);
        }
    }

    /// Reads until the kernel has no more: a short read says so, except where an end follows it.
    fn read(&mut self, driver: &mut impl Driver, socket: usize, to_the_end: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(Some(Socket { stream, carry, .. })) = self.open.get_mut(socket) {
            let begun = carry.len();
            if buffer.len() < begun + BUFFER / 2 {
                buffer.resize(2 * buffer.len(), 0);
            }
            buffer[..begun].copy_from_slice(carry);
            carry.clear();
            let room = buffer.len() - begun;
            let read = match stream.read(&mut buffer[begun..]) {
                Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                other => other,
            };
            let (whole, more) = match &read {
                Ok(read) => (begun + read, to_the_end || *read == room),
                Err(error) => (begun, error.kind() == ErrorKind::Interrupted),
            };
            let taken =
                if whole > begun { driver.bytes(self, socket, clock::now(), &buffer[..whole]) } else { 0 };
            if let Some(Some(socket)) = self.open.get_mut(socket) {
                socket.carry.extend(&buffer[taken..whole]);
            }
            if let Err(why) = read
                && !matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
            {
                self.open[socket] = None;
                driver.closed(self, socket, why);
            }
            if !more {
                break;
            }
        }
        self.buffer = buffer;
    }
}
