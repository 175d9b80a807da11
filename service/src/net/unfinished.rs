//! What clients have begun to send and not finished: a bound for all connections of a listener together.
//!
//! A client may send a large message, and a slow one may take its time; a thousand who begin and never end would fill the
//! memory, each within what one may. Past the bound whoever began first is cut: who finishes is never the oldest for long.

use std::{
    collections::BTreeMap,
    io::Cursor,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tungstenite::protocol::frame::{FrameHeader, coding::OpCode};

use super::connection::{Connection, CutReason};

/// Bytes that nobody counts: what is shorter is finished with the next read, most likely.
const SMALL: usize = 8 * 1024;
/// Bytes of a request's body past which it isn't held any more, but passed on as it comes, or refused.
const BODY_HELD_MAX: usize = 128 * 1024;
/// Bytes of the longest head of a frame.
const HEAD_MAX: usize = 14;

/// All that is unfinished at one listener.
#[derive(Debug)]
pub(super) struct Unfinished {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    /// The last ticket.
    last: u64,
    /// Who holds how much, by ticket: the oldest first.
    by: BTreeMap<u64, (Weak<Connection>, usize)>,
}

impl Unfinished {
    /// Bounds it to this many bytes.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The holder of this ticket, or of none (0), holds so many bytes from now on. Returns its ticket.
    pub(super) fn holds(&self, connection: &Arc<Connection>, ticket: u64, bytes: usize) -> u64 {
        if ticket == 0 && bytes < SMALL {
            return 0;
        }
        let (ticket, cut) = self.held().note(connection, ticket, bytes, self.most);
        for connection in cut.iter().filter_map(Weak::upgrade) {
            connection.cut(CutReason::Unfinished);
        }
        ticket
    }

    /// The holder of this ticket is gone.
    pub(super) fn forget(&self, ticket: u64) {
        if ticket != 0 {
            self.held().remove(ticket);
        }
    }
}

impl Held {
    fn note(
        &mut self,
        connection: &Arc<Connection>,
        mut ticket: u64,
        bytes: usize,
        most: usize,
    ) -> (u64, Vec<Weak<Connection>>) {
        if bytes < SMALL {
            self.remove(ticket);
            return (0, Vec::new());
        }
        if ticket == 0 {
            self.last += 1;
            ticket = self.last;
            self.by.insert(ticket, (Arc::downgrade(connection), 0));
        }
        // Who is not there was cut a moment ago.
        let Some((_, held)) = self.by.get_mut(&ticket) else { return (ticket, Vec::new()) };
        self.total = self.total - *held + bytes;
        *held = bytes;
        let mut cut = Vec::new();
        while self.total > most
            && let Some((_, (oldest, held))) = self.by.pop_first()
        {
            self.total -= held;
            cut.push(oldest);
        }
        (ticket, cut)
    }

    fn remove(&mut self, ticket: u64) {
        if let Some((_, held)) = self.by.remove(&ticket) {
            self.total -= held;
        }
    }
}

/// Follows the frames that come on a WebSocket, to know how much of a message is there whose end is not.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// What has come of a frame's head.
    head: [u8; HEAD_MAX],
    have: usize,
    /// What has not come of the frame's payload.
    left: u64,
    /// Whether it is a message's or a part of one; pings and pongs may come in between.
    is_data: bool,
    ends_message: bool,
    unfinished: usize,
}

impl Frames {
    /// Takes what has come. Returns how much of it belongs to a message whose end has not come.
    pub(super) fn took(&mut self, mut bytes: &[u8]) -> usize {
        while !bytes.is_empty() {
            if self.left == 0 {
                bytes = self.head(bytes);
            }
            let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= here as u64;
            if self.is_data {
                self.unfinished = self.unfinished.saturating_add(here);
            }
            bytes = &bytes[here..];
            if self.left == 0 && self.have == 0 && self.ends_message {
                self.unfinished = 0;
            }
        }
        self.unfinished + self.have
    }

    /// Takes what belongs to a frame's head, and returns the rest.
    fn head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let before = self.have;
        let more = (HEAD_MAX - before).min(bytes.len());
        self.head[before..before + more].copy_from_slice(&bytes[..more]);
        let mut cursor = Cursor::new(&self.head[..before + more]);
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, length))) => {
                let taken = usize::try_from(cursor.position()).unwrap_or(HEAD_MAX) - before;
                self.is_data = matches!(header.opcode, OpCode::Data(_));
                self.ends_message = header.is_final && self.is_data;
                (self.left, self.have) = (length, 0);
                &bytes[taken..]
            }
            Ok(None) => {
                self.have += more;
                &bytes[more..]
            }
            // The library closes such a connection; until then all counts.
            Err(_) => {
                (self.left, self.have, self.is_data, self.ends_message) = (u64::MAX, 0, true, false);
                bytes
            }
        }
    }
}

/// The body of a request, whose connection holds what has come of it until it is read or dropped.
pub(super) struct Incoming<B> {
    body: B,
    connection: Arc<Connection>,
    come: usize,
}

impl<B> Incoming<B> {
    /// Counts what comes.
    pub(super) const fn new(body: B, connection: Arc<Connection>) -> Self {
        Self { body, connection, come: 0 }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Incoming<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let come = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &come {
            Some(Ok(frame)) => {
                let more = frame.data_ref().map_or(0, Bytes::len);
                self.come = (self.come + more).min(BODY_HELD_MAX);
                self.connection.holds_unfinished(self.come);
            }
            Some(Err(_)) | None => self.connection.holds_unfinished(0),
        }
        Poll::Ready(come)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Incoming<B> {
    fn drop(&mut self) {
        self.connection.holds_unfinished(0);
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::coding::{Control, Data};

    use super::*;

    fn frame(opcode: OpCode, length: usize, is_final: bool) -> Vec<u8> {
        let header = FrameHeader { opcode, is_final, mask: Some([1, 2, 3, 4]), ..FrameHeader::default() };
        let mut bytes = Vec::new();
        header.format(length as u64, &mut bytes).unwrap();
        bytes.resize(bytes.len() + length, 0);
        bytes
    }

    #[test]
    fn what_has_come_of_a_message_counts_until_its_end_however_it_is_cut_into_pieces() {
        let text = || OpCode::Data(Data::Text);
        let all = [
            frame(text(), 100, true),
            frame(text(), 70_000, false),
            frame(OpCode::Control(Control::Pong), 5, true),
            frame(OpCode::Data(Data::Continue), 300, true),
            frame(text(), 0, true),
        ]
        .concat();
        for piece in [1, 2, 3, 7, 512, 4_096, all.len()] {
            let mut frames = Frames::default();
            let mut most = 0;
            for bytes in all.chunks(piece) {
                most = most.max(frames.took(bytes));
            }
            assert_eq!(frames.took(&[]), 0, "in pieces of {piece}");
            assert!(piece == all.len() || (66_000..71_000).contains(&most), "{most} in pieces of {piece}");
        }
        let mut frames = Frames::default();
        assert_eq!(frames.took(&frame(text(), 9_000, false)), 9_000);
        assert_eq!(frames.took(&frame(OpCode::Control(Control::Ping), 100, true)), 9_000);
        assert_eq!(frames.took(&frame(OpCode::Data(Data::Continue), 1, true)), 0);
    }

    #[test]
    fn what_is_no_frame_counts_for_as_long_as_it_comes() {
        let mut frames = Frames::default();
        frames.took(&[0x83; 2]);
        assert!(frames.took(&[0xff; 10_000]) >= 10_000);
    }
}
