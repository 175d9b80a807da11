//! One accepted TCP connection, as those see it who may want to cut it.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use memchr::memmem;
use tokio::{net::tcp::OwnedWriteHalf, time::Instant};

use super::{kernel, unfinished::Unfinished, watch::Behind};
use crate::{incidents, metrics::of_process};

/// Why a connection was cut from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CutReason {
    /// More unsent bytes than allowed.
    TooMuchQueued,
    /// Its oldest unsent byte is too old.
    TooOld,
    /// Its session ended.
    SessionEnded,
    /// The node stops.
    Draining,
    /// It could not be sent an event.
    Undeliverable,
    /// An admin has cut it.
    ByAdmin,
    /// The other side of its tunnel is gone.
    TunnelBroken,
    /// Of all that was begun to be sent and not finished, its part was the oldest.
    Unfinished,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl CutReason {
    /// Its name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooMuchQueued => "too_much_queued",
            Self::TooOld => "too_old",
            Self::SessionEnded => "session_ended",
            Self::Draining => "draining",
            Self::Undeliverable => "undeliverable",
            Self::ByAdmin => "by_admin",
            Self::TunnelBroken => "tunnel_broken",
            Self::Unfinished => "unfinished",
        }
    }

    const fn is_behind(self) -> bool {
        matches!(
            self,
            Self::TooMuchQueued | Self::TooOld | Self::Undeliverable | Self::TunnelBroken | Self::Unfinished
        )
    }
}

/// Called once, when a connection is cut.
pub type OnCut = Box<dyn FnOnce() + Send>;

/// A connection that can be cut. It outlives its socket, but never holds it open.
pub struct Connection {
    peer: SocketAddr,
    behind: Behind,
    socket: Weak<OwnedWriteHalf>,
    state: Mutex<State>,
    unfinished: Arc<Unfinished>,
    /// Its ticket there; 0 is none.
    ticket: AtomicU64,
    /// Its stream becomes a `WebSocket`.
    frames: AtomicBool,
    /// Whose it is, once it is one user's alone.
    user: OnceLock<Arc<str>>,
}

/// What waits here is offered to the kernel before more is added, whoever was to flush it.
const UNFLUSHED_MAX: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct State {
    /// Bytes taken from the writer and not yet given to the kernel.
    pub(super) queue: VecDeque<u8>,
    /// How much may be queued, with what the kernel holds, before the connection is cut; while none, writes are
    /// held back instead.
    pub(super) queueing: Option<usize>,
    /// What may wait beside that until nothing waits any more.
    pub(super) allowed: usize,
    /// All bytes ever taken from the writer.
    pub(super) written: u64,
    /// How much had been written when, oldest first: at most one for each look of the watch.
    marks: VecDeque<(u64, Instant)>,
    pub(super) cut: Option<CutReason>,
    aside: Aside,
    /// Told when the connection is cut.
    on_cut: Option<OnCut>,
    /// The task that reads, which also drains the queue.
    pub(super) reader: Option<Waker>,
}

/// Whether anyone but the stream's owner may write.
#[derive(Default)]
enum Aside {
    #[default]
    Closed,
    /// What came before the owner has written the witness waits for it.
    Waiting {
        witness: Arc<str>,
        held: Vec<u8>,
    },
    Open,
}

impl State {
    /// Bytes taken that the kernel has not.
    pub(super) fn waiting(&self) -> usize {
        let held = if let Aside::Waiting { held, .. } = &self.aside { held.len() } else { 0 };
        self.queue.len() + held
    }

    /// Gives the kernel what is queued, as far as it takes it.
    pub(super) fn drain(&mut self, socket: &OwnedWriteHalf) -> io::Result<()> {
        if self.queue.is_empty() {
            return Ok(());
        }
        while !self.queue.is_empty() {
            match socket.try_write(self.queue.as_slices().0) {
                Ok(taken) => drop(self.queue.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.queue = VecDeque::new(); // its memory goes back while nothing waits
        self.allowed = 0;
        Ok(())
    }

    fn is_behind(&self, socket: &OwnedWriteHalf) -> bool {
        let most = self.queueing.unwrap_or(usize::MAX).saturating_add(self.allowed);
        !self.queue.is_empty() && self.queue.len() + kernel::unacknowledged(socket.as_ref()) > most
    }

    /// The reading task waits for the kernel to take more.
    fn wake_reader(&mut self) {
        if !self.queue.is_empty()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }
}

pub(super) fn was_cut() -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, "the connection was cut")
}

impl Connection {
    pub(super) fn new(
        socket: &Arc<OwnedWriteHalf>,
        peer: SocketAddr,
        behind: Behind,
        unfinished: Arc<Unfinished>,
    ) -> Self {
        let socket = Arc::downgrade(socket);
        let (state, ticket, frames) = (Mutex::default(), AtomicU64::new(0), AtomicBool::new(false));
        Self { peer, behind, socket, state, unfinished, ticket, frames, user: OnceLock::new() }
    }

    /// So many bytes have come of a message or a body whose end has not.
    pub(super) fn holds_unfinished(self: &Arc<Self>, bytes: usize) {
        let ticket = self.ticket.load(Ordering::Relaxed);
        let now = self.unfinished.holds(self, ticket, bytes);
        if now != ticket {
            self.ticket.store(now, Ordering::Relaxed);
        }
    }

    /// From now on it is this user's alone: that it was cut is remembered in their name.
    pub fn belongs_to(&self, user: &Arc<str>) {
        self.user.get_or_init(|| user.clone());
    }

    /// What comes after the head of the request that is being answered are the frames of a `WebSocket`: what has come of a
    /// message whose end has not counts.
    pub fn becomes_websocket(&self) {
        self.frames.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.frames.load(Ordering::Relaxed)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The other end.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// From now on writes never wait: they are queued, and the connection is cut when it is behind. For
    /// connections that carry events, where a writer that waits would make others wait.
    /// `beyond` is what may wait beside the bound on a reader that is behind.
    pub fn queue_writes(&self, beyond: usize) {
        self.state().queueing = Some(self.behind.bytes + beyond);
    }

    /// An answer of this many bytes is on its way: what waits because of it does not mean that its reader is
    /// behind.
    pub fn allow(&self, bytes: usize) {
        let mut state = self.state();
        state.allowed = state.allowed.max(bytes); // never a sum: who asks again and again would have no bound
    }

    /// Takes all of `data`, or cuts the connection because its reader is behind already. One write may pass
    /// the bound, so that a large answer does not cut a reader that keeps up.
    pub(super) fn take(&self, socket: &OwnedWriteHalf, data: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.cut.is_some() {
            return Err(was_cut());
        }
        state.drain(socket)?;
        if state.is_behind(socket) {
            drop(state);
            self.cut(CutReason::TooMuchQueued);
            return Err(was_cut());
        }
        state.written += data.len() as u64;
        let seen = matches!(&state.aside, Aside::Waiting { witness, .. } if memmem::find(data, witness.as_bytes()).is_some());
        let mut taken = 0;
        if !seen && state.queue.is_empty() {
            match socket.try_write(data) {
                Ok(count) => taken = count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if taken == data.len() {
            return Ok(taken);
        }
        state.queue.extend(&data[taken..]);
        if seen && let Aside::Waiting { held, .. } = std::mem::replace(&mut state.aside, Aside::Open) {
            state.queue.extend(&held);
            state.drain(socket)?;
        }
        state.wake_reader();
        Ok(data.len())
    }

    /// Lets others than the stream's owner [`append`](Self::append) to it, behind the owner's write that holds
    /// `witness`: what the owner has on its way stays before what they append. For streams whose owner hands
    /// over whole frames in each write, and which queue writes.
    pub fn open_aside(&self, witness: Arc<str>) {
        let mut state = self.state();
        if matches!(state.aside, Aside::Closed) {
            state.aside = Aside::Waiting { witness, held: Vec::new() };
        }
    }

    /// Appends whole frames beside the stream's owner, to be sent at the next [`flush`](Self::flush). A
    /// connection whose reader is behind is cut. Needs [`open_aside`](Self::open_aside).
    pub fn append(&self, frames: &[u8]) {
        let mut state = self.state();
        if state.cut.is_some() {
            return;
        }
        let behind = match &mut state.aside {
            Aside::Closed => return,
            Aside::Waiting { held, .. } => {
                held.extend_from_slice(frames);
                held.len() > self.behind.bytes + state.allowed
            }
            Aside::Open => {
                let behind = state.queue.len() > UNFLUSHED_MAX
                    && self
                        .socket
                        .upgrade()
                        .is_some_and(|socket| state.drain(&socket).is_err() || state.is_behind(&socket));
                state.queue.extend(frames);
                behind
            }
        };
        state.written += frames.len() as u64;
        drop(state);
        if behind {
            self.cut(CutReason::TooMuchQueued);
        }
    }

    /// Sends what was appended, as far as the kernel takes it; the rest follows when it takes more.
    pub fn flush(&self) {
        let Some(socket) = self.socket.upgrade() else { return };
        let mut state = self.state();
        // An error shows at the stream's owner too.
        if !state.queue.is_empty() && state.drain(&socket).is_ok() && !state.queue.is_empty() {
            state.wake_reader();
        }
    }

    /// Calls this, and nothing set before it, when the connection is cut: what was on its way is lost then.
    pub fn on_cut(&self, told: Option<OnCut>) {
        self.state().on_cut = told;
    }

    /// Cuts the connection: both its reader and its writer get an error. What a reader that is behind has not
    /// read is dropped, in the kernel too; others still get it. Cutting again changes nothing.
    pub fn cut(&self, reason: CutReason) {
        let (reader, told) = {
            let mut state = self.state();
            if state.cut.is_some() {
                return;
            }
            state.cut = Some(reason);
            if let (false, Some(socket)) = (reason.is_behind(), self.socket.upgrade()) {
                socket.try_write(state.queue.make_contiguous()).ok();
            }
            state.queue = VecDeque::new();
            state.aside = Aside::Closed;
            self.unfinished.forget(self.ticket.load(Ordering::Relaxed));
            (state.reader.take(), state.on_cut.take())
        };
        of_process::CUT.count_of(reason.as_str());
        if let Some(user) = self.user.get() {
            incidents::note(incidents::Kind::Cut, reason.as_str(), Some(user), "websocket");
        }
        tracing::info!(peer = %self.peer, reason = reason.as_str(), "connection cut");
        if let Some(socket) = self.socket.upgrade() {
            if reason.is_behind() {
                // With no time to linger, closing drops what the kernel still holds.
                rustix::net::sockopt::set_socket_linger(socket.as_ref().as_ref(), Some(Duration::ZERO)).ok();
            }
            // Wakes whoever waits for this socket.
            rustix::net::shutdown(socket.as_ref().as_ref(), rustix::net::Shutdown::Both).ok();
        }
        if let Some(reader) = reader {
            reader.wake();
        }
        if let Some(told) = told {
            told();
        }
    }

    /// One look of the watch: cuts the connection when its oldest unsent byte is too old.
    pub(super) fn look(&self, now: Instant) {
        let Some(socket) = self.socket.upgrade() else {
            return;
        };
        let too_old = {
            let mut state = self.state();
            let quiet = state.marks.is_empty() && state.written == 0;
            if quiet || state.cut.is_some() {
                return;
            }
            let unsent = (kernel::unacknowledged(socket.as_ref().as_ref()) + state.waiting()) as u64;
            if unsent == 0 {
                // Nothing to watch until something more is written.
                state.written = 0;
                state.marks.clear();
                return;
            }
            let sent = state.written.saturating_sub(unsent);
            while state.marks.front().is_some_and(|(position, _)| *position <= sent) {
                state.marks.pop_front();
            }
            if state.marks.back().is_none_or(|(position, _)| *position < state.written) {
                let written = state.written;
                state.marks.push_back((written, now));
            }
            state.marks.front().is_some_and(|(_, at)| now.duration_since(*at) >= self.behind.age)
        };
        if too_old {
            self.cut(CutReason::TooOld);
        }
    }
}
