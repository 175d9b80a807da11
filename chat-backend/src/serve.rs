//! The chat backend as a service: everything it answers, and how it ends.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http::StatusCode;
use plenum_contract::{
    ErrorCode, SessionId,
    axum::{Failure, Json},
    events::NoticeCode,
    http::{Envelope, Ready},
    limits::ROOM_GRACE,
};
use plenum_service::{
    Lifecycle,
    database::Database,
    net::{self, Answers, Limits},
    process::StartError,
};
use tokio::{net::TcpListener, sync::watch};
use tower::service_fn;

use crate::{
    Config,
    cluster::Cluster,
    http::{self as api, ApiState},
    live_counts::LiveCounts,
    meetings::Meetings,
    rooms::{
        Rooms,
        log::{MemoryLogs, RoomLogs},
    },
    socket::{self, Gate, SocketConfig, Sockets},
    store::{self, MeetingStore},
};

/// How long the rooms may take to empty at the end.
const ROOMS_PATIENCE: Duration = Duration::from_secs(2);
/// How long the store may take for the last live counts.
const FLUSH_PATIENCE: Duration = Duration::from_secs(3);
/// The pause before live counts are set right again, when the store was away at the start.
const RESET_PAUSE: Duration = Duration::from_secs(5);

/// A chat backend that runs.
pub struct Started<S> {
    /// What answers requests.
    pub answers: S,
    /// Where the other nodes are reached, now and later; none where rooms are in this process alone.
    pub peers: Option<watch::Receiver<Vec<String>>>,
}

/// Opens the stores, the rooms and the sockets. `database` is one that is open already, if the process has one.
pub async fn start(
    config: Config,
    database: Option<Database>,
    life: &Lifecycle,
) -> Result<Started<impl Answers>, StartError> {
    let store = store::open(&config, database).await?;
    let counts = LiveCounts::start(store.clone(), life);
    let cluster = match config.redis.clone() {
        Some(redis) => {
            let own = config.node.as_ref().map(|node| node.uri().to_string());
            tracing::info!(%redis, address = own, "rooms are shared with the other nodes on this Redis");
            Some(Cluster::join(redis, own, life).await?)
        }
        None => None,
    };
    let logs: Arc<dyn RoomLogs> = match &cluster {
        Some(cluster) => Arc::new(cluster.clone()),
        None => Arc::new(MemoryLogs::default()),
    };
    let rooms = Rooms::new(logs, store.clone(), counts.clone(), ROOM_GRACE, life.clone());
    let meetings = Meetings::new(store.clone(), Arc::new(rooms.clone()), config.places(), life.clone());
    let sockets = SocketConfig {
        events_per_second: config.events_per_second,
        ice_servers: config.ice_servers.clone(),
        default_locale: config.locale,
    };
    let (sockets, gate) = socket::open(sockets, rooms.clone(), life);
    life.spawn(keep_live_counts_right(store.clone(), rooms.clone(), life.clone()));
    if let Some(cluster) = cluster.clone() {
        life.spawn(tell_of_standing_rooms(sockets.clone(), cluster, life.clone()));
    }
    let end = Ending { sockets: sockets.clone(), rooms, counts, cluster: cluster.clone() };
    life.spawn(end.in_order(life.clone()));

    let peers = cluster.as_ref().map(Cluster::peers);
    let ready = Parts { store, cluster, life: life.clone() };
    let api = ApiState::new(meetings, &config);
    let inside = Router::new()
        .route("/internal/sessions/{id}/end", post(end_session))
        .with_state(sockets)
        .merge(Router::new().route("/socket.io/", any(Gate::pass)).with_state(gate));
    let health = Router::new().route("/ready", get(is_ready)).with_state(ready);
    Ok(Started { answers: api::router::routes(api, inside, health), peers })
}

/// Serves gateways until the process is told to stop.
pub async fn serve(service: impl Answers, limits: Limits, listener: TcpListener, life: Lifecycle) {
    let traced = service_fn(move |request: Request| {
        let service = service.clone();
        async move { Ok(net::trace(request, |request| net::ask(service, request)).await) }
    });
    net::serve(listener, traced, limits, life).await;
}

/// Nobody is in a room that is not live; the store may still say so after a crash of this node, and now and then of
/// another.
async fn keep_live_counts_right(store: Arc<dyn MeetingStore>, rooms: Rooms, life: Lifecycle) {
    let mut deaths = rooms.deaths();
    let right = async {
        let mut at_start = true;
        loop {
            while let Err(error) = set_live_counts_right(&store, &rooms, at_start).await {
                tracing::warn!(error, "live counts can't be set right yet");
                tokio::time::sleep(RESET_PAUSE).await;
            }
            at_start = false;
            if deaths.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = right => {}
        () = life.stopping() => {}
    }
}

async fn set_live_counts_right(
    store: &Arc<dyn MeetingStore>,
    rooms: &Rooms,
    at_start: bool,
) -> Result<(), String> {
    rooms.free_seats_of_the_dead().await.map_err(|error| error.to_string())?;
    if at_start {
        let live = rooms.live().await.map_err(|error| error.to_string())?;
        store.reset_live_counts(&live).await.map_err(|error| error.to_string())?;
        rooms.count_again(); // what changed while the store was at it
    }
    Ok(())
}

/// With Redis away people are told that rooms stand still, and when it is back, that they move again.
async fn tell_of_standing_rooms(sockets: Arc<Sockets>, cluster: Cluster, life: Lifecycle) {
    let told = async {
        loop {
            cluster.stands_still().await;
            sockets.notice(NoticeCode::RoomsStandingStill);
            cluster.moves().await;
            sockets.notice(NoticeCode::RoomsMovingAgain);
        }
    };
    tokio::select! {
        () = told => {}
        () = life.stopping() => {}
    }
}

struct Ending {
    sockets: Arc<Sockets>,
    rooms: Rooms,
    counts: LiveCounts,
    cluster: Option<Cluster>,
}

impl Ending {
    /// People are told and cut, their leaving is noted, and what the store should know is written.
    async fn in_order(self, life: Lifecycle) {
        life.stopping().await;
        self.sockets.drain().await;
        if tokio::time::timeout(ROOMS_PATIENCE, self.rooms.all_closed()).await.is_err() {
            tracing::warn!("some rooms did not empty in time");
        }
        if tokio::time::timeout(FLUSH_PATIENCE, self.counts.flush()).await.is_err() {
            tracing::warn!("some live counts could not be written; they are set right at the next start");
        }
        if let Some(cluster) = self.cluster {
            cluster.leave().await;
        }
    }
}

/// A login session ended: the gateway says so until this answers.
async fn end_session(
    State(sockets): State<Arc<Sockets>>,
    Path(id): Path<String>,
) -> Result<Json<Envelope<()>>, Failure> {
    let id = SessionId::parse(&id).map_err(|_| ErrorCode::NotFound)?;
    sockets.end_session(&id);
    Ok(Json(Envelope::message("ended")))
}

#[derive(Clone)]
struct Parts {
    store: Arc<dyn MeetingStore>,
    cluster: Option<Cluster>,
    life: Lifecycle,
}

/// Whether this node should get traffic: not while it stops, nor while its store is away.
async fn is_ready(State(parts): State<Parts>) -> Response {
    let mut ready = Ready::new(parts.life.is_stopping());
    ready.part("store", parts.store.ping().await.is_ok());
    ready.rooms(parts.cluster.is_some());
    if let Some(cluster) = &parts.cluster {
        ready.part("redis", cluster.is_up());
        ready.part("known_to_peers", cluster.is_known());
    }
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}
