//! One Engine.IO session: the user behind it, its transport, and what waits for it.

use std::{
    collections::HashSet,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use plenum_contract::{
    Caller, Locale, MeetingId,
    limits::{BEHIND_AGE, BEHIND_BYTES, FRAME_MAX, ROOMS_PER_SOCKET},
};
use plenum_service::{
    incidents,
    net::{Connection, CutReason},
};
use socketioxide::socket::Sid;
use tokio::time::Instant;

use super::registry::Sockets;
use crate::metrics;

/// `WebSockets` that may be tried for one session at a time.
const UPGRADES_MAX: usize = 4;

/// What we keep with an Engine.IO session. It lives as long as the socket library keeps the session's request.
pub struct Session {
    /// Who, as the gateway said at the handshake.
    pub who: Arc<Caller>,
    /// The language of what people read.
    pub locale: Locale,
    events: Option<DefaultDirectRateLimiter>,
    rooms: Mutex<InRooms>,
    transport: Mutex<Transport>,
    library: Mutex<()>,
    straight: OnceLock<Arc<Connection>>,
    registry: Weak<Sockets>,
}

#[derive(Default)]
struct InRooms {
    /// Where it has a seat, as the rooms themselves say.
    meetings: HashSet<MeetingId>,
    /// Joins that are not answered yet.
    joining: usize,
    gone: bool,
}

#[derive(Default)]
struct Transport {
    sid: Option<Sid>,
    /// The connections of its WebSocket; several only when upgrades were tried again.
    websockets: Vec<Weak<Connection>>,
    /// Bytes that wait for the next poll, and since when.
    unpolled: usize,
    unpolled_since: Option<Instant>,
    /// How much of it are answers, which may be large and which the client asked for.
    allowed: usize,
    sent_away: bool,
    cut: bool,
}

/// Why a socket can't go into another room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEntry {
    /// It is gone already.
    Gone,
    /// It is in too many.
    TooMany,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    pub(super) fn new(
        who: Caller,
        locale: Locale,
        events_per_second: Option<NonZeroU32>,
        registry: &Arc<Sockets>,
    ) -> Self {
        Self {
            who: Arc::new(who),
            locale,
            events: events_per_second.map(|rate| RateLimiter::direct(Quota::per_second(rate))),
            rooms: Mutex::default(),
            transport: Mutex::default(),
            library: Mutex::default(),
            straight: OnceLock::new(),
            registry: Arc::downgrade(registry),
        }
    }

    /// Whether one more event is within the socket's rate.
    pub fn may_send(&self) -> bool {
        self.events.as_ref().is_none_or(|events| events.check().is_ok())
    }

    /// Notes that the socket asks to be let into a room, until [`Self::is_answered`].
    pub fn asks_in(&self, meeting: &MeetingId) -> Result<(), NoEntry> {
        let mut rooms = lock(&self.rooms);
        if rooms.gone {
            return Err(NoEntry::Gone);
        }
        if !rooms.meetings.contains(meeting) && rooms.meetings.len() + rooms.joining >= ROOMS_PER_SOCKET {
            return Err(NoEntry::TooMany);
        }
        rooms.joining += 1;
        Ok(())
    }

    /// Notes that a join was answered.
    pub fn is_answered(&self) {
        lock(&self.rooms).joining -= 1;
    }

    /// Whether a join is not answered yet.
    pub fn is_joining(&self) -> bool {
        lock(&self.rooms).joining > 0
    }

    /// Notes that the socket has a seat in a room. False when it is gone, and the seat must be given back.
    pub fn enter(&self, meeting: &MeetingId) -> bool {
        let mut rooms = lock(&self.rooms);
        if !rooms.gone {
            rooms.meetings.insert(meeting.clone());
        }
        !rooms.gone
    }

    /// Notes that the socket has no seat in a room. True when it had one.
    pub fn exit(&self, meeting: &MeetingId) -> bool {
        lock(&self.rooms).meetings.remove(meeting)
    }

    /// Notes that the socket is gone, and says which rooms it was in.
    pub fn exit_all(&self) -> Vec<MeetingId> {
        let mut rooms = lock(&self.rooms);
        rooms.gone = true;
        std::mem::take(&mut rooms.meetings).into_iter().collect()
    }

    /// The meetings in which it has a seat.
    pub(super) fn meetings(&self) -> Vec<MeetingId> {
        lock(&self.rooms).meetings.iter().cloned().collect()
    }

    /// Whether the socket is known to be gone.
    pub(super) fn is_gone(&self) -> bool {
        lock(&self.rooms).gone
    }

    pub(super) fn name(&self, sid: Sid) {
        lock(&self.transport).sid = Some(sid);
    }

    pub(super) fn sid(&self) -> Option<Sid> {
        lock(&self.transport).sid
    }

    /// The session begins, or may go on, on this connection. False when it has tried too often.
    pub(super) fn on_websocket(&self, connection: &Arc<Connection>) -> bool {
        let mut transport = lock(&self.transport);
        transport.websockets.retain(|connection| connection.strong_count() > 0);
        if transport.websockets.len() >= UPGRADES_MAX {
            return false;
        }
        connection.queue_writes(0);
        connection.belongs_to(self.who.user.shared());
        transport.websockets.push(Arc::downgrade(connection));
        true
    }

    /// The connection into which packets go, past the socket library, once they may.
    pub(super) fn straight(&self) -> Option<&Arc<Connection>> {
        self.straight.get()
    }

    /// Whoever sends through the socket library holds this, so that nothing overtakes it when the way changes.
    pub(super) fn library(&self) -> MutexGuard<'_, ()> {
        lock(&self.library)
    }

    /// Packets after the one with this payload, which is to go through the socket library, go straight into the
    /// connection when the library has written it. With several upgrades under way nothing changes: which of them
    /// the library takes is not known.
    pub(super) fn go_straight(&self, after: &str) {
        let websockets: Vec<_> = lock(&self.transport).websockets.iter().filter_map(Weak::upgrade).collect();
        if let [connection] = &websockets[..] {
            connection.open_aside(after.into());
            self.straight.set(connection.clone()).ok();
        }
    }

    /// Notes an event for a client that polls. False when it was too far behind before.
    pub(super) fn queue_for_poll(&self, bytes: usize, now: Instant) -> bool {
        let mut transport = lock(&self.transport);
        let fits = transport.unpolled <= BEHIND_BYTES + transport.allowed;
        transport.unpolled += bytes;
        transport.unpolled_since.get_or_insert(now);
        fits
    }

    /// An answer of this many bytes is on its way: what waits because of it does not mean that its reader is
    /// behind.
    pub(super) fn allow(&self, bytes: usize) {
        let mut transport = lock(&self.transport);
        transport.allowed = transport.allowed.max(bytes); // never a sum: who asks again and again would have no bound
        for websocket in transport.websockets.iter().filter_map(Weak::upgrade) {
            websocket.allow(bytes);
        }
    }

    /// Notes that a poll took this much.
    pub(super) fn polled(&self, bytes: usize, now: Instant) {
        let mut transport = lock(&self.transport);
        // A poll that is not full took all there was, whatever our count says.
        let left = if bytes < FRAME_MAX / 2 { 0 } else { transport.unpolled.saturating_sub(bytes) };
        transport.unpolled = left;
        if left == 0 {
            transport.allowed = 0;
        }
        transport.unpolled_since = (left > 0).then_some(now);
    }

    pub(super) fn is_behind(&self, now: Instant) -> bool {
        lock(&self.transport).unpolled_since.is_some_and(|since| now.duration_since(since) >= BEHIND_AGE)
    }

    /// Notes that the socket is told to stay away. True the first time.
    pub(super) fn is_to_go(&self) -> bool {
        !std::mem::replace(&mut lock(&self.transport).sent_away, true)
    }

    /// Cuts the transport, whichever it is: a stock client comes back by itself.
    pub fn cut(&self, reason: CutReason) {
        let (first, websockets, sid) = {
            let mut transport = lock(&self.transport);
            let first = !std::mem::replace(&mut transport.cut, true);
            (first, std::mem::take(&mut transport.websockets), transport.sid)
        };
        if !first {
            return;
        }
        metrics::SOCKETS_CUT.count_of(reason.as_str());
        // Where there is a WebSocket, its connection notes it.
        if websockets.iter().all(|websocket| websocket.strong_count() == 0) {
            incidents::note(incidents::Kind::Cut, reason.as_str(), Some(self.who.user.shared()), "polling");
        }
        for websocket in websockets.iter().filter_map(Weak::upgrade) {
            websocket.cut(reason);
        }
        if let (Some(sid), Some(registry)) = (sid, self.registry.upgrade()) {
            registry.close_polling(sid, reason);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.forget(&self.who.user, self.sid());
        }
    }
}
