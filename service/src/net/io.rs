//! The stream of one accepted connection.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::OwnedSemaphorePermit,
};

use super::{
    connection::{Connection, was_cut},
    unfinished::{Frames, Unfinished},
    watch::Behind,
};

/// Reads and writes one connection. While its [`Connection`] queues writes, a write never waits: what the
/// kernel does not take is queued, and drained by whoever reads.
#[derive(Debug)]
pub struct ConnectionIo {
    reader: OwnedReadHalf,
    writer: Arc<OwnedWriteHalf>,
    connection: Arc<Connection>,
    /// What came right behind the head of an upgrade, until it is read.
    unread: Bytes,
    /// Once it is a `WebSocket`'s.
    frames: Frames,
    /// The listener's place for this connection, given back when the stream goes.
    _place: OwnedSemaphorePermit,
}

impl ConnectionIo {
    pub(super) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        behind: Behind,
        unfinished: &Arc<Unfinished>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (reader, writer) = socket.into_split();
        let writer = Arc::new(writer);
        let connection = Arc::new(Connection::new(&writer, peer, behind, unfinished.clone()));
        Self { reader, writer, connection, unread: Bytes::new(), frames: Frames::default(), _place: place }
    }

    /// The stream of a connection that hyper upgraded; none when it is not one of our listener's.
    #[must_use]
    pub fn upgraded(upgraded: Upgraded) -> Option<Self> {
        let parts = upgraded.downcast::<TokioIo<Self>>().ok()?;
        let mut io = parts.io.into_inner();
        io.unread = Bytes::copy_from_slice(&parts.read_buf); // the original would hold hyper's whole buffer
        Some(io)
    }

    /// Notes what has been read since the buffer held `before` bytes.
    fn note_read(&mut self, buf: &ReadBuf<'_>, before: usize) {
        if self.connection.is_websocket() {
            let unfinished = self.frames.took(&buf.filled()[before..]);
            self.connection.holds_unfinished(unfinished);
        }
    }

    pub(super) const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Drains the queue; pending while something is left, woken when the kernel takes more.
    fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let mut state = self.connection.state();
                if state.cut.is_some() {
                    return Poll::Ready(Err(was_cut()));
                }
                state.drain(&self.writer)?;
                if state.queue.is_empty() {
                    return Poll::Ready(Ok(()));
                }
            }
            std::task::ready!(self.writer.as_ref().as_ref().poll_write_ready(cx))?;
        }
    }
}

impl Drop for ConnectionIo {
    fn drop(&mut self) {
        self.connection.holds_unfinished(0); // whatever had come of a message is gone with its stream
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if !self.unread.is_empty() {
            let taken = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread.split_to(taken));
            self.note_read(buf, before);
            return Poll::Ready(Ok(()));
        }
        loop {
            let drained = match self.poll_drain(cx) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                drained => drained.is_ready(),
            };
            if let Poll::Ready(read) = Pin::new(&mut self.reader).poll_read(cx, buf) {
                self.note_read(buf, before);
                return Poll::Ready(read);
            }
            let mut state = self.connection.state();
            if state.cut.is_some() {
                return Poll::Ready(Err(was_cut()));
            }
            if drained && !state.queue.is_empty() {
                continue; // somebody left something here after we had looked, and found nobody to wake
            }
            if state.queueing.is_some()
                && !state.reader.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                state.reader = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.connection.state().queueing.is_some() {
            return Poll::Ready(self.connection.take(&self.writer, data));
        }
        loop {
            match self.writer.try_write(data) {
                Ok(taken) => {
                    self.connection.state().written += taken as u64;
                    return Poll::Ready(Ok(taken));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            std::task::ready!(self.writer.as_ref().as_ref().poll_write_ready(cx))?;
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What is queued is on its way; waiting for it here would let one slow reader hold its writer.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_drain(cx))?;
        match rustix::net::shutdown(self.writer.as_ref().as_ref(), rustix::net::Shutdown::Write) {
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::Semaphore,
    };

    use super::*;
    use crate::net::CutReason;

    const BOUND: usize = 64 * 1024;
    /// More than the kernel takes for a reader that does not read.
    const LARGE: usize = 16 * 1024 * 1024;

    /// A connection that queues, and its reader, which does not read.
    async fn unread() -> (ConnectionIo, Arc<Connection>, TcpStream) {
        let (io, connection, reader) = accepted(&Unfinished::new(usize::MAX)).await;
        connection.queue_writes(0);
        (io, connection, reader)
    }

    async fn accepted(unfinished: &Arc<Unfinished>) -> (ConnectionIo, Arc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, peer) = listener.accept().await.unwrap();
        let behind = Behind { bytes: BOUND, age: Duration::from_secs(10) };
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let io = ConnectionIo::new(socket, peer, behind, unfinished, place);
        let connection = io.connection().clone();
        (io, connection, reader)
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

    async fn read(reader: &mut TcpStream, bytes: usize) -> String {
        let mut read = vec![0; bytes];
        reader.read_exact(&mut read).await.unwrap();
        String::from_utf8(read).unwrap()
    }

    #[tokio::test]
    async fn what_is_appended_waits_for_the_owners_frame_before_it_and_then_goes_by_itself() {
        let (mut io, connection, mut reader) = unread().await;
        connection.append(b"[nobody may yet]");
        connection.open_aside("witness".into());
        connection.append(b"[second]");
        connection.flush();
        io.write_all(b"[zeroth]").await.unwrap();
        io.write_all(b"[first: witness]").await.unwrap();
        connection.append(b"[third]");
        connection.append(b"[fourth]");
        connection.flush();
        let expected = "[zeroth][first: witness][second][third][fourth]";
        assert_eq!(read(&mut reader, expected.len()).await, expected);
    }

    #[tokio::test]
    async fn what_the_kernel_does_not_take_at_a_flush_follows_when_the_reader_reads() {
        let (mut io, connection, mut reader) = unread().await;
        connection.open_aside("witness".into());
        io.write_all(b"witness").await.unwrap();
        connection.allow(LARGE);
        let large = "x".repeat(LARGE);
        let others = async {
            connection.append(large.as_bytes());
            connection.flush();
            assert_eq!(read(&mut reader, 7 + LARGE).await.len(), 7 + LARGE);
            reader.write_u8(7).await.unwrap();
        };
        let (owner, ()) = tokio::join!(io.read_u8(), others);
        assert_eq!(owner.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_is_behind_is_cut_at_an_append_and_nothing_more_is_held_for_them() {
        for open in [true, false] {
            let (mut io, connection, _reader) = unread().await;
            connection.open_aside("witness".into());
            if open {
                io.write_all(b"witness").await.unwrap();
            }
            for _ in 0..LARGE / 1024 {
                connection.append(&[b'x'; 1024]);
            }
            assert!(io.read_u8().await.is_err(), "open: {open}");
            assert_eq!(connection.state().waiting(), 0);
        }
    }

    #[tokio::test]
    async fn of_those_who_do_not_finish_what_they_began_the_first_is_cut_and_who_finishes_is_not() {
        const LENGTH: usize = 20_000;
        /// The head of a masked text of that length, and most of it.
        fn begun() -> Vec<u8> {
            let mut frame = vec![0x81, 0xfe];
            frame.extend(u16::try_from(LENGTH).unwrap().to_be_bytes());
            frame.extend(vec![0; 4 + LENGTH - 1]);
            frame
        }
        let unfinished = Unfinished::new(3 * LENGTH);
        let mut all = Vec::new();
        for n in 0..5 {
            let (mut io, connection, mut client) = accepted(&unfinished).await;
            connection.becomes_websocket();
            client.write_all(&begun()).await.unwrap();
            io.read_exact(&mut vec![0; begun().len()]).await.unwrap();
            if n == 0 {
                client.write_all(&[0]).await.unwrap();
                io.read_u8().await.unwrap();
            }
            all.push((io, connection, client));
        }
        let cut: Vec<bool> = all
            .iter()
            .map(|(_, connection, _)| connection.state().cut == Some(CutReason::Unfinished))
            .collect();
        assert_eq!(cut, [false, true, false, false, false]);
        drop(all.remove(2));
        let (mut io, connection, mut client) = accepted(&unfinished).await;
        connection.becomes_websocket();
        client.write_all(&begun()).await.unwrap();
        io.read_exact(&mut vec![0; begun().len()]).await.unwrap();
        let cut = all.iter().filter(|(_, connection, _)| connection.state().cut.is_some()).count();
        assert_eq!(cut, 1, "the place of one that is gone is free");
    }
}
