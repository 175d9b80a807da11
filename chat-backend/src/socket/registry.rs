//! All sockets of this node: whose they are, and how they are told to go.

use std::{
    num::NonZeroU32,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use axum::body::Body;
use dashmap::{DashMap, mapref::entry::Entry};
use http::{Request, header};
use plenum_contract::{
    Caller, Locale, SessionId, UserId,
    admin::LiveSocket,
    events::{NoticeCode, ServerNotice, server::SERVER_NOTICE},
    limits::{ENDED_SESSIONS_KEPT, FAREWELL, SOCKETS_PER_USER},
};
use plenum_service::{Lifecycle, clock, net::CutReason};
use socketioxide::{SocketIo, TransportType, extract::SocketRef, socket::Sid};
use tokio::time::Instant;
use tower::ServiceExt;

use super::{Engine, peer::Peer, session::Session};
use crate::rooms::delivery::Recipient as _;

/// How often sessions are looked at: for being behind, for having expired, for being forgotten.
const LOOK: Duration = Duration::from_secs(1);
/// Ended sessions remembered at most; past it some are forgotten early.
const ENDED_MAX: usize = 100_000;

/// A node that stops cuts its sockets in so many batches at most, of so many at least, with a pause between two.
const DRAIN_BATCHES: usize = 20;
const DRAIN_AT_ONCE: usize = 25;
const DRAIN_PAUSE: Duration = Duration::from_millis(75);

/// All sockets of this node.
pub struct Sockets {
    sessions: DashMap<Sid, Weak<Session>>,
    held: DashMap<UserId, usize>,
    ended: DashMap<SessionId, Instant>,
    events_per_second: Option<NonZeroU32>,
    engine: OnceLock<(Engine, SocketIo)>,
    life: Lifecycle,
}

impl Sockets {
    pub(super) fn new(events_per_second: Option<NonZeroU32>, life: Lifecycle) -> Arc<Self> {
        Arc::new(Self {
            sessions: DashMap::new(),
            held: DashMap::new(),
            ended: DashMap::new(),
            events_per_second,
            engine: OnceLock::new(),
            life,
        })
    }

    pub(super) fn start(self: &Arc<Self>, engine: Engine, io: SocketIo) {
        self.engine.set((engine, io)).ok();
        let (sockets, life) = (Arc::downgrade(self), self.life.clone());
        self.life.spawn(async move {
            let mut tick = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = life.stopping() => return,
                }
                let Some(sockets) = sockets.upgrade() else { return };
                sockets.look(clock::instant());
            }
        });
    }

    fn look(&self, now: Instant) {
        self.ended.retain(|_, at| now.duration_since(*at) < ENDED_SESSIONS_KEPT);
        let all = self.all();
        for session in all.iter().filter(|session| session.is_behind(now)) {
            if session.sid().is_some_and(|sid| self.is_polling(sid)) {
                session.cut(CutReason::TooOld);
            }
        }
        let time = clock::now().as_millisecond();
        for session in all.iter().filter(|session| session.who.expires_at.is_some_and(|at| at <= time)) {
            if session.is_to_go() {
                self.send_away(session);
            }
        }
    }

    fn is_polling(&self, sid: Sid) -> bool {
        self.socket(sid).is_none_or(|socket| socket.transport_type() == TransportType::Polling)
    }

    fn all(&self) -> Vec<Arc<Session>> {
        self.sessions.iter().filter_map(|entry| entry.value().upgrade()).collect()
    }

    /// A new session for this user; none when the user holds too many.
    pub(super) fn admit(self: &Arc<Self>, who: Caller, locale: Locale) -> Option<Arc<Session>> {
        let mut held = self.held.entry(who.user.clone()).or_insert(0);
        if *held >= SOCKETS_PER_USER {
            return None;
        }
        *held += 1;
        drop(held);
        Some(Arc::new(Session::new(who, locale, self.events_per_second, self)))
    }

    /// The session goes by this id.
    pub(super) fn name(&self, sid: Sid, session: &Arc<Session>) {
        session.name(sid);
        self.sessions.insert(sid, Arc::downgrade(session));
    }

    pub(super) fn find(&self, sid: Sid) -> Option<Arc<Session>> {
        self.sessions.get(&sid)?.upgrade()
    }

    pub(super) fn forget(&self, user: &UserId, sid: Option<Sid>) {
        if let Some(sid) = sid {
            self.sessions.remove(&sid);
        }
        if let Entry::Occupied(mut held) = self.held.entry(user.clone()) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    /// Sockets on this node.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sessions.len()
    }

    /// The sockets of a user, or of anybody; `most` of them.
    pub fn list(&self, user: Option<&UserId>, most: usize) -> Vec<LiveSocket> {
        let all = self.all();
        let theirs = all.iter().filter(|session| user.is_none_or(|user| session.who.user == *user));
        let live = theirs.filter_map(|session| {
            let sid = session.sid()?;
            let transport = if self.is_polling(sid) { "polling" } else { "websocket" };
            Some(LiveSocket {
                id: sid.to_string(),
                user_id: session.who.user.clone(),
                username: session.who.name.clone(),
                session_id: session.who.session.clone(),
                transport: transport.to_owned(),
                meetings: session.meetings(),
                node: String::new(),
            })
        });
        live.take(most).collect()
    }

    /// Cuts a socket for an admin: its client may come back. False when it is not here.
    pub fn cut(&self, id: &str) -> bool {
        let found = id.parse().ok().and_then(|sid| self.find(sid));
        if let Some(session) = &found {
            session.cut(CutReason::ByAdmin);
        }
        found.is_some()
    }

    /// Whether this login session has ended.
    pub fn has_ended(&self, session: &SessionId) -> bool {
        self.ended.contains_key(session)
    }

    /// A login session ended: its sockets are told to stay away, then cut.
    pub fn end_session(&self, ended: &SessionId) {
        if self.ended.len() >= ENDED_MAX {
            let any = self.ended.iter().next().map(|entry| entry.key().clone());
            any.map(|any| self.ended.remove(&any));
        }
        self.ended.insert(ended.clone(), clock::instant());
        for session in self.all().iter().filter(|session| session.who.session == *ended) {
            self.send_away(session);
        }
    }

    /// Tells a socket to stay away, and cuts it when it has had time to hear it.
    pub(super) fn send_away(&self, session: &Arc<Session>) {
        if let Some(socket) = session.sid().and_then(|sid| self.socket(sid)) {
            socket.disconnect().ok(); // a full buffer: the cut alone must do
        }
        let session = session.clone();
        self.life.spawn(async move {
            tokio::time::sleep(FAREWELL).await;
            session.cut(CutReason::SessionEnded);
        });
    }

    fn socket(&self, sid: Sid) -> Option<SocketRef> {
        self.engine.get()?.1.get_socket(sid)
    }

    /// Ends a polling session as its client would, since the library offers no other way.
    pub(super) fn close_polling(&self, sid: Sid, reason: CutReason) {
        let Some((engine, _)) = self.engine.get() else { return };
        if !self.is_polling(sid) {
            return;
        }
        tracing::debug!(%sid, ?reason, "polling session cut");
        let close = Request::post(format!("/socket.io/?EIO=4&transport=polling&sid={sid}"))
            .header(header::CONTENT_TYPE, "text/plain;charset=UTF-8")
            .body(Body::from("1"));
        let Ok(close) = close else { return };
        let engine = engine.clone();
        self.life.spawn(async move { engine.oneshot(close).await.map(drop).ok() });
    }

    /// Tells everybody something about this server.
    pub fn notice(&self, code: NoticeCode) {
        let notice = ServerNotice { code, retry_after_ms: None };
        for session in self.all() {
            if let Some(socket) = session.sid().and_then(|sid| self.socket(sid)) {
                let peer = Peer::new(socket, session);
                peer.send(SERVER_NOTICE, &notice);
                peer.flush();
            }
        }
    }

    /// Tells everybody that this node stops, and cuts them, some at a time: they come back by themselves, to another
    /// node where there is one.
    pub async fn drain(&self) {
        self.notice(NoticeCode::Draining);
        tokio::time::sleep(FAREWELL / 2).await;
        let sessions = self.all();
        let some = sessions.len().div_ceil(DRAIN_BATCHES).max(DRAIN_AT_ONCE);
        for (n, batch) in sessions.chunks(some).enumerate() {
            if n > 0 {
                tokio::time::sleep(DRAIN_PAUSE).await;
            }
            for session in batch {
                session.cut(CutReason::Draining);
            }
        }
        // Handshakes that were under way when we began.
        for session in self.all() {
            session.cut(CutReason::Draining);
        }
    }
}
