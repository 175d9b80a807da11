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
use tokio::net::TcpListener;
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

/// Opens the stores, the rooms and the sockets, and gives back everything that answers requests. `database` is
/// one that is open already, if the process has one.
pub async fn start(
    config: Config,
    database: Option<Database>,
    life: &Lifecycle,
) -> Result<impl Answers, StartError> {
    let store = store::open(&config, database).await?;
    let counts = LiveCounts::start(store.clone(), life);
    let cluster = match config.redis.clone() {
        Some(redis) => Some(Cluster::join(redis, None, life).await?),
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
    life.spawn(set_live_counts_right(store.clone(), rooms.clone(), life.clone()));
    if let Some(cluster) = cluster.clone() {
        life.spawn(tell_of_standing_rooms(sockets.clone(), cluster, life.clone()));
    }
    let end = Ending { sockets: sockets.clone(), rooms, counts, cluster: cluster.clone() };
    life.spawn(end.in_order(life.clone()));

    let ready = Parts { store, cluster, life: life.clone() };
    let api = ApiState::new(meetings, &config);
    let inside = Router::new()
        .route("/internal/sessions/{id}/end", post(end_session))
        .with_state(sockets)
        .merge(Router::new().route("/socket.io/", any(Gate::pass)).with_state(gate));
    let health = Router::new().route("/ready", get(is_ready)).with_state(ready);
    Ok(api::router::routes(api, inside, health))
}

/// Serves what [`start`] gave back until the process is told to stop.
pub async fn serve(
    service: impl Answers,
    limits: Limits,
    listener: TcpListener,
    life: Lifecycle,
) -> Result<(), StartError> {
    net::announce(&listener)?;
    let traced = service_fn(move |request: Request| {
        let service = service.clone();
        async move { Ok(net::trace(request, |request| net::ask(service, request)).await) }
    });
    net::serve(listener, traced, limits, life).await;
    Ok(())
}

/// Nobody is in a room that is not live; the store may still say so after a crash.
async fn set_live_counts_right(store: Arc<dyn MeetingStore>, rooms: Rooms, life: Lifecycle) {
    loop {
        let done = match rooms.live().await {
            Ok(meetings) => store.reset_live_counts(&meetings).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let Err(error) = done else { break };
        tracing::warn!(error, "live counts can't be set right yet");
        tokio::select! {
            () = tokio::time::sleep(RESET_PAUSE) => {}
            () = life.stopping() => return,
        }
    }
    // What changed while the store was at it.
    rooms.count_again();
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
    }
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}
