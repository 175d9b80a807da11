//! The stream of one accepted connection.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};

use super::{
    connection::{Connection, CutReason, State},
    kernel,
};

/// Reads and writes one connection. While its [`Connection`] queues writes, a write never waits: what the
/// kernel does not take is queued, and drained by whoever reads.
#[derive(Debug)]
pub struct ConnectionIo {
    socket: Arc<TcpStream>,
    connection: Arc<Connection>,
    /// The listener's place for this connection, given back when the stream goes.
    _place: OwnedSemaphorePermit,
}

fn was_cut() -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, "the connection was cut")
}

impl ConnectionIo {
    pub(super) const fn new(
        socket: Arc<TcpStream>,
        connection: Arc<Connection>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { socket, connection, _place: place }
    }

    /// Gives the kernel what is queued, as far as it takes it.
    fn drain(&self, state: &mut State) -> io::Result<()> {
        if state.queue.is_empty() {
            return Ok(());
        }
        while !state.queue.is_empty() {
            match self.socket.try_write(state.queue.as_slices().0) {
                Ok(taken) => drop(state.queue.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        state.queue = VecDeque::new(); // its memory goes back while nothing waits
        state.allowed = 0;
        Ok(())
    }

    // That whoever writes finds the reader's waker rests on both sides needing `&mut self`: no write can come
    // between a drain that left something and the waker's being stored.

    /// Drains the queue; pending while something is left, woken when the kernel takes more.
    fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let mut state = self.connection.state();
                if state.cut.is_some() {
                    return Poll::Ready(Err(was_cut()));
                }
                self.drain(&mut state)?;
                if state.queue.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
            std::task::ready!(self.socket.poll_write_ready(cx))?;
        }
    }

    /// Takes all of `data`, or cuts the connection because its reader is behind already. One write may pass
    /// the bound, so that a large answer does not cut a reader that keeps up.
    fn queue(&self, data: &[u8]) -> io::Result<usize> {
        let mut state = self.connection.state();
        if state.cut.is_some() {
            return Err(was_cut());
        }
        self.drain(&mut state)?;
        let most = state.queueing.unwrap_or(usize::MAX).saturating_add(state.allowed);
        if !state.queue.is_empty() && state.queue.len() + kernel::unacknowledged(&*self.socket) > most {
            drop(state);
            self.connection.cut(CutReason::TooMuchQueued);
            return Err(was_cut());
        }
        state.written += data.len() as u64;
        let taken = if state.queue.is_empty() {
            match self.socket.try_write(data) {
                Ok(taken) => taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            }
        } else {
            0
        };
        if taken == data.len() {
            return Ok(taken);
        }
        state.queue.extend(&data[taken..]);
        // The reading task waits for the kernel to take more.
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        Ok(data.len())
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        loop {
            match self.socket.try_read(buf.initialize_unfilled()) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            if self.socket.poll_read_ready(cx)?.is_pending() {
                let mut state = self.connection.state();
                if state.queueing.is_some()
                    && !state.reader.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
                {
                    state.reader = Some(cx.waker().clone());
                }
                if state.cut.is_some() {
                    return Poll::Ready(Err(was_cut()));
                }
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.connection.state().queueing.is_some() {
            return Poll::Ready(self.queue(data));
        }
        loop {
            match self.socket.try_write(data) {
                Ok(taken) => {
                    self.connection.state().written += taken as u64;
                    return Poll::Ready(Ok(taken));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            std::task::ready!(self.socket.poll_write_ready(cx))?;
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is queued is on its way; waiting for it here would let one slow reader hold its writer.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_drain(cx))?;
        match rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Write) {
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncWriteExt, net::TcpListener, sync::Semaphore};

    use super::{super::watch::Behind, *};

    const BOUND: usize = 64 * 1024;
    /// More than the kernel takes for a reader that does not read.
    const LARGE: usize = 16 * 1024 * 1024;

    /// A connection that queues, and its reader, which does not read.
    async fn unread() -> (ConnectionIo, Arc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, peer) = listener.accept().await.unwrap();
        let socket = Arc::new(socket);
        let behind = Behind { bytes: BOUND, age: Duration::from_secs(10) };
        let connection = Arc::new(Connection::new(&socket, peer, behind));
        connection.queue_writes(0);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        (ConnectionIo::new(socket, connection.clone(), place), connection, reader)
    }

    #[tokio::test]
    async fn who_is_behind_is_cut_at_the_next_write() {
        let (mut io, _connection, _reader) = unread().await;
        io.write_all(&vec![0; LARGE]).await.unwrap();
        assert!(io.write_all(b"next").await.is_err());
    }

    #[tokio::test]
    async fn a_large_answer_does_not_count_against_its_reader() {
        let (mut io, connection, _reader) = unread().await;
        connection.allow(LARGE);
        io.write_all(&vec![0; LARGE]).await.unwrap();
        io.write_all(b"what follows the answer").await.unwrap();
    }

    #[tokio::test]
    async fn asking_for_large_answers_again_and_again_raises_no_bound() {
        let (mut io, connection, _reader) = unread().await;
        for _ in 0..10 {
            connection.allow(LARGE);
        }
        io.write_all(&vec![0; LARGE]).await.unwrap();
        io.write_all(&vec![0; LARGE]).await.unwrap();
        assert!(io.write_all(b"next").await.is_err());
    }
}
