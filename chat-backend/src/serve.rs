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
    ErrorCode, SessionId, UserId,
    axum::{Failure, Json, failure},
    events::NoticeCode,
    http::{Envelope, Ready},
    limits::ROOM_GRACE,
};
use plenum_service::{
    Lifecycle, clock,
    database::Database,
    metrics::of_process,
    net::{self, Answers, Limits, Sent},
    process::StartError,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tower::service_fn;

use crate::{
    Config,
    acts::Acts,
    attendance::Attendance,
    cluster::{Cluster, Letter},
    http::{self as api, ApiState},
    inside,
    live_counts::LiveCounts,
    meetings::{LiveRooms, Meetings, Passcodes},
    metrics,
    rooms::{
        Bounds, Rooms,
        log::{MemoryLogs, RoomLogs},
    },
    socket::{self, Gate, SocketConfig, Sockets},
    store::{self, MeetingStore},
};

/// How long the rooms may take to empty at the end.
const ROOMS_PATIENCE: Duration = Duration::from_secs(2);
/// How long the store may take for the last live counts.
const FLUSH_PATIENCE: Duration = Duration::from_secs(3);
/// How long the store may take to say that it is there: shorter than gateways wait for the whole answer.
const PING_PATIENCE: Duration = Duration::from_secs(1);
/// The pause before live counts are set right again, when the store was away at the start.
const RESET_PAUSE: Duration = Duration::from_secs(5);
/// How often meetings are looked for that are over.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

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
    let attendance = Attendance::start(store.clone(), life);
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
    let passcodes = Passcodes::default();
    let rooms = Rooms::new(
        logs,
        store.clone(),
        counts.clone(),
        attendance.clone(),
        passcodes.clone(),
        Bounds { call_places: config.max_participants, grace: ROOM_GRACE },
        life.clone(),
    );
    let live_rooms: Arc<dyn LiveRooms> = Arc::new(rooms.clone());
    let meetings = Meetings::new(store.clone(), live_rooms, passcodes, config.places(), life.clone());
    let acts = Acts::new(rooms.clone(), meetings.clone(), life.clone());
    let sockets = SocketConfig {
        events_per_second: config.events_per_second,
        ice_servers: config.ice_servers.clone(),
        default_locale: config.locale,
    };
    let (sockets, gate) = socket::open(sockets, acts.clone(), life);
    count(&sockets, &rooms, cluster.as_ref());
    life.spawn(complete_overdue(meetings.clone(), life.clone()));
    life.spawn(keep_live_counts_right(store.clone(), rooms.clone(), life.clone()));
    if let Some(cluster) = cluster.clone() {
        life.spawn(read_letters(sockets.clone(), rooms.clone(), cluster.letters(life)));
        life.spawn(tell_of_standing_rooms(sockets.clone(), cluster, life.clone()));
    }
    let end = Ending { sockets: sockets.clone(), rooms, counts, attendance, cluster: cluster.clone() };
    life.spawn(end.in_order(life.clone()));

    let peers = cluster.as_ref().map(Cluster::peers);
    let ready = Parts { store, cluster: cluster.clone(), life: life.clone() };
    let api = ApiState::new(meetings.clone(), acts.clone(), &config);
    let admin = inside::routes(inside::Inside::new(sockets.clone(), acts.rooms().clone(), meetings.clone()));
    let inside = Router::new()
        .route("/internal/sessions/{id}/end", post(end_session))
        .with_state(sockets)
        .route("/internal/sessions/{id}/end-elsewhere", post(end_session_elsewhere))
        .with_state(cluster)
        .route("/internal/users/{id}/gone", post(user_is_gone))
        .with_state(meetings)
        .merge(admin)
        .merge(Router::new().route("/socket.io/", any(Gate::pass)).with_state(gate));
    let health = Router::new().route("/ready", get(is_ready)).with_state(ready);
    Ok(Started { answers: api::router::routes(api, inside, health), peers })
}

/// Counts what is read as it is.
fn count(sockets: &Arc<Sockets>, rooms: &Rooms, cluster: Option<&Cluster>) {
    plenum_service::metrics::describe(metrics::ALL);
    let (sockets, rooms, cluster) = (Arc::downgrade(sockets), rooms.clone(), cluster.cloned());
    plenum_service::metrics::at_reading(move || {
        metrics::SOCKETS.is(sockets.upgrade().map_or(0, |sockets| sockets.count()));
        rooms.measure();
        if let Some(cluster) = &cluster {
            metrics::REDIS_UP.is(usize::from(cluster.is_up()));
        }
    });
}

/// Serves gateways until the process is told to stop.
pub async fn serve(service: impl Answers, limits: Limits, listener: TcpListener, life: Lifecycle) {
    let traced = service_fn(move |request: Request| {
        let service = service.clone();
        async move {
            let answer = net::trace(Sent::ByGateways, request, |request| net::ask(service, request)).await;
            failure::code_of(&answer).inspect(|code| of_process::REFUSED.count_of(code.as_str()));
            Ok(answer)
        }
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
        store.reset_live_counts(&live, clock::now()).await.map_err(|error| error.to_string())?;
        rooms.count_again(); // what changed while the store was at it
    }
    Ok(())
}

/// Now and then completes meetings that nobody has ended. Each node does, and one of them does it first.
async fn complete_overdue(meetings: Meetings, life: Lifecycle) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = life.stopping() => return,
        }
        match meetings.complete_overdue(clock::now()).await {
            Ok(0) => {}
            Ok(completed) => tracing::info!(completed, "meetings were over and have been completed"),
            Err(error) => tracing::warn!(%error, "meetings that are over can't be completed now"),
        }
    }
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

/// Does what other nodes write.
async fn read_letters(sockets: Arc<Sockets>, rooms: Rooms, mut letters: mpsc::Receiver<Letter>) {
    while let Some(letter) = letters.recv().await {
        match letter {
            Letter::SessionEnded { session } => sockets.end_session(&session),
            Letter::ForSocket { meeting, socket, event, data } => rooms.hand(&meeting, socket, &event, data),
            Letter::Unknown => tracing::debug!("another node wrote what this release does not know"),
        }
    }
}

struct Ending {
    sockets: Arc<Sockets>,
    rooms: Rooms,
    counts: LiveCounts,
    attendance: Attendance,
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
        let counted = tokio::time::timeout(FLUSH_PATIENCE, self.counts.flush());
        let noted = tokio::time::timeout(FLUSH_PATIENCE, self.attendance.flush());
        let (counted, noted) = tokio::join!(counted, noted);
        if counted.is_err() {
            tracing::warn!("some live counts could not be written; they are set right at the next start");
        }
        if noted.is_err() {
            tracing::warn!("some attendance could not be written; reports lack it");
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

/// A login session ended, and the gateway can't reach every node: this one writes to the others. Without others that
/// share its rooms there is nobody to write to.
async fn end_session_elsewhere(
    State(cluster): State<Option<Cluster>>,
    Path(id): Path<String>,
) -> Result<Json<Envelope<()>>, Failure> {
    let session = SessionId::parse(&id).map_err(|_| ErrorCode::NotFound)?;
    let cluster = cluster.ok_or(ErrorCode::NotFound)?;
    cluster
        .write_to_others(&Letter::SessionEnded { session })
        .await
        .map_err(|_| ErrorCode::StoreUnavailable)?;
    Ok(Json(Envelope::message("written")))
}

/// An account was deleted: the gateway says so until this answers.
async fn user_is_gone(
    State(meetings): State<Meetings>,
    Path(id): Path<String>,
) -> Result<Json<Envelope<()>>, Failure> {
    let id = UserId::parse(&id).map_err(|_| ErrorCode::NotFound)?;
    meetings.host_is_gone(&id, clock::now()).await?;
    Ok(Json(Envelope::message("done")))
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
    let ping = tokio::time::timeout(PING_PATIENCE, parts.store.ping()).await;
    ready.part(Ready::STORE, ping.is_ok_and(|ping| ping.is_ok()));
    ready.rooms(parts.cluster.is_some());
    if let Some(cluster) = &parts.cluster {
        ready.part("redis", cluster.is_up());
        ready.part("known_to_peers", cluster.is_known());
    }
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}
