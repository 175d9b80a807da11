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
    http::{self as api, ApiState},
    live_counts::LiveCounts,
    meetings::Meetings,
    rooms::{Rooms, log::MemoryLog},
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
    let rooms = Rooms::new(MemoryLog::default(), store.clone(), counts.clone(), ROOM_GRACE, life.clone());
    let meetings = Meetings::new(store.clone(), Arc::new(rooms.clone()), config.places(), life.clone());
    let sockets = SocketConfig {
        events_per_second: config.events_per_second,
        ice_servers: config.ice_servers.clone(),
        default_locale: config.locale,
    };
    let (sockets, gate) = socket::open(sockets, rooms.clone(), life);
    life.spawn(set_live_counts_right(store.clone(), rooms.clone(), life.clone()));
    life.spawn(end_in_order(sockets.clone(), rooms, counts, life.clone()));

    let ready = Parts { store, life: life.clone() };
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
    while let Err(error) = store.reset_live_counts(&rooms.live()).await {
        tracing::warn!(%error, "live counts can't be set right yet");
        tokio::select! {
            () = tokio::time::sleep(RESET_PAUSE) => {}
            () = life.stopping() => return,
        }
    }
    // What changed while the store was at it.
    rooms.count_again();
}

/// People are told and cut, their leaving is noted, and what the store should know is written.
async fn end_in_order(sockets: Arc<Sockets>, rooms: Rooms, counts: LiveCounts, life: Lifecycle) {
    life.stopping().await;
    sockets.drain().await;
    if tokio::time::timeout(ROOMS_PATIENCE, rooms.all_closed()).await.is_err() {
        tracing::warn!("some rooms did not empty in time");
    }
    if tokio::time::timeout(FLUSH_PATIENCE, counts.flush()).await.is_err() {
        tracing::warn!("some live counts could not be written; they are set right at the next start");
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
    life: Lifecycle,
}

/// Whether this node should get traffic: not while it stops, nor while its store is away.
async fn is_ready(State(parts): State<Parts>) -> Response {
    let mut ready = Ready::new(parts.life.is_stopping());
    ready.part("store", parts.store.ping().await.is_ok());
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}
