//! socket.io: who may open a socket, what its events ask, and how a room reaches it.

mod dispatch;
mod gate;
mod peer;
mod registry;
mod session;
mod wire;

use std::{convert::Infallible, num::NonZeroU32, sync::Arc};

use axum::body::Body;
use http::{Request, Response};
use plenum_contract::{Locale, events::server::ICE_SERVERS, limits};
use plenum_service::{Lifecycle, clock, net::ConnectionIo, traces::Trace};
use socketioxide::{
    SocketIo,
    extract::{HttpExtension, SocketRef},
    handler::ConnectHandler as _,
    socket::Sid,
};
use tower::{ServiceExt, util::BoxCloneSyncService};

use self::{dispatch::Dispatch, peer::Peer, session::Session};
pub use self::{dispatch::taken, gate::Gate, registry::Sockets};
use crate::{
    acts::Acts,
    ice::IceServers,
    rooms::{
        Rooms,
        entry::{Scope, SocketId},
        inbox::{Inbound, Sender},
    },
};

/// The buffer that each WebSocket reads into, bytes: what an idle one holds. A larger message takes more reads.
const READ_BUFFER: usize = 512;

/// The socket library, from request to response.
type Engine = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// The socket library, for a WebSocket that is open already: its stream, and the request that stays with it.
type WebSockets = BoxCloneSyncService<(Box<ConnectionIo>, Request<()>), (), ()>;

/// What sockets need to know.
#[derive(Debug, Clone)]
pub struct SocketConfig {
    /// Events a socket may send each second; none is without limit.
    pub events_per_second: Option<NonZeroU32>,
    /// Told to every socket on connecting.
    pub ice_servers: IceServers,
    /// For who names no language of ours.
    pub default_locale: Locale,
}

/// Opens `/socket.io/`: the sockets of this node, and the gate before them.
#[must_use]
pub fn open(config: SocketConfig, acts: Acts, life: &Lifecycle) -> (Arc<Sockets>, Gate) {
    let sockets = Sockets::new(config.events_per_second, life.clone());
    let (engine, io) = SocketIo::builder()
        .req_path("/socket.io")
        .ping_interval(limits::PING_INTERVAL)
        .ping_timeout(limits::PING_TIMEOUT)
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .max_buffer_size(limits::SOCKET_QUEUE)
        .max_payload(limits::FRAME_MAX as u64)
        .ws_max_message_size(limits::FRAME_MAX)
        .ws_max_frame_size(limits::FRAME_MAX)
        .ws_read_buffer_size(READ_BUFFER)
        .build_svc();
    // Handlers are set before the library answers the CONNECT: a client's next event may be right behind it.
    let prepared = async move |socket: SocketRef| -> Result<(), Infallible> {
        socket.on_fallback(Dispatch::new(acts.clone()));
        let left = acts.rooms().clone();
        socket.on_disconnect(
            async move |socket: SocketRef, HttpExtension(session): HttpExtension<Arc<Session>>| {
                leave_all(&left, socket, &session);
            },
        );
        Ok(())
    };
    let (registry, ice_servers) = (Arc::downgrade(&sockets), Arc::new(config.ice_servers));
    let connected = async move |socket: SocketRef, HttpExtension(session): HttpExtension<Arc<Session>>| {
        let Some(registry) = registry.upgrade() else { return };
        registry.name(socket.id, &session);
        if registry.has_ended(&session.who.session) {
            registry.send_away(&session);
            return;
        }
        let servers = ice_servers.for_user(&session.who.user, clock::now());
        Peer::new(socket, session).send_once(ICE_SERVERS, &servers);
    };
    io.ns("/", connected.with(prepared));
    let websockets =
        WebSockets::new(ServiceExt::<(Box<ConnectionIo>, Request<()>)>::map_err(engine.clone(), drop));
    let engine = ServiceExt::<Request<Body>>::map_response(engine, |response| response.map(Body::new));
    let engine = Engine::new(engine);
    sockets.start(engine.clone(), io);
    let gate = Gate::new(engine, websockets, sockets.clone(), config.default_locale, life.clone());
    (sockets, gate)
}

fn leave_all(rooms: &Rooms, socket: SocketRef, session: &Arc<Session>) {
    let sid = socket.id;
    let peer = Arc::new(Peer::new(socket, session.clone()));
    for meeting in session.exit_all() {
        let from = Sender {
            who: session.who.clone(),
            socket: socket_id(sid),
            recipient: peer.clone(),
            trace: Trace::default(),
        };
        rooms.ask(&meeting, Inbound::Leave { from, scope: Scope::All, answer: Box::new(drop) });
    }
}

fn socket_id(sid: Sid) -> SocketId {
    SocketId(sid.as_str().into())
}
