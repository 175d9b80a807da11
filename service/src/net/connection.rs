//! One accepted TCP connection, as those see it who may want to cut it.

use std::{
    collections::VecDeque,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Waker,
    time::Duration,
};

use tokio::{net::TcpStream, time::Instant};

use super::{kernel, watch::Behind};

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
    /// The other side of its tunnel is gone.
    TunnelBroken,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl CutReason {
    const fn is_behind(self) -> bool {
        matches!(self, Self::TooMuchQueued | Self::TooOld | Self::Undeliverable | Self::TunnelBroken)
    }
}

/// Called once, when a connection is cut.
pub type OnCut = Box<dyn FnOnce() + Send>;

/// A connection that can be cut. It outlives its socket, but never holds it open.
pub struct Connection {
    peer: SocketAddr,
    behind: Behind,
    socket: Weak<TcpStream>,
    state: Mutex<State>,
}

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
    /// Told when the connection is cut.
    on_cut: Option<OnCut>,
    /// The task that reads, which also drains the queue.
    pub(super) reader: Option<Waker>,
}

impl Connection {
    pub(super) fn new(socket: &Arc<TcpStream>, peer: SocketAddr, behind: Behind) -> Self {
        Self { peer, behind, socket: Arc::downgrade(socket), state: Mutex::default() }
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
            (state.reader.take(), state.on_cut.take())
        };
        tracing::info!(peer = %self.peer, ?reason, "connection cut");
        if let Some(socket) = self.socket.upgrade() {
            if reason.is_behind() {
                // With no time to linger, closing drops what the kernel still holds.
                rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).ok();
            }
            // Wakes whoever waits for this socket.
            rustix::net::shutdown(&socket, rustix::net::Shutdown::Both).ok();
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
            let unsent = (kernel::unacknowledged(&*socket) + state.queue.len()) as u64;
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
