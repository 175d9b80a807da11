//! The user backend as a server: everything it answers, and its health.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use plenum_contract::{
    axum::{Json, Listed},
    http::{Health, Ready},
    limits::{BEHIND_AGE, BEHIND_BYTES, HEADERS_MAX, UNFINISHED_BYTES},
};
use plenum_service::{
    Lifecycle, clock,
    database::Database,
    net::{self, Behind, Limits},
    process::StartError,
};
use tokio::net::TcpListener;

use crate::{
    AppState, Config,
    gateway::{self, Gateway, Mount, TellBackends},
    http::{admin, guests, router},
    metrics,
};

/// How long a request's head may take, and a connection may idle between requests.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long a part may take to say that it is well.
const PART_PATIENCE: Duration = Duration::from_secs(2);

/// Serves accounts, sessions and the gateway to `mounts` until the process is told to stop.
pub async fn serve(
    mut config: Config,
    database: Database,
    mounts: Vec<Mount>,
    listener: TcpListener,
    life: Lifecycle,
) -> Result<(), StartError> {
    let limits = Limits {
        name: "clients",
        connections: config.max_connections,
        head_bytes: HEADERS_MAX,
        head_time: HEAD_TIME,
        behind: Behind { bytes: BEHIND_BYTES, age: BEHIND_AGE },
        unfinished: UNFINISHED_BYTES,
    };
    // Port 0 is whichever is free; links in mails need the one that it is.
    config.address = listener.local_addr()?;
    for mount in &mounts {
        mount.nodes.check().await?;
    }
    let ends = TellBackends::new(&mounts, life.clone());
    let state = AppState::new(config, database, ends, &life).await?;
    state.account_ends().keep_telling(&mounts, state.accounts().clone(), &life);
    let gateway = Gateway::new(mounts, state.clone(), life.clone());
    let guests = guests::listed().with_state(gateway.clone());
    let admin = admin::listed().with_state(gateway.clone());
    let process = state.config().address.to_string();
    state.admins().keep_incidents(process.clone(), &life);
    let health = Parts { state: state.clone(), gateway: gateway.clone(), life: life.clone() };
    count(&gateway);
    let routes = router::routes(&state).merge(listed().with_state(health)).merge(guests).merge(admin);
    net::announce(&listener)?;
    let inside = gateway::before(gateway, router::finish(routes, &state));
    net::serve(listener, router::layered(inside, &state), limits, life).await;
    state.admins().keep_last_incidents(&process).await;
    Ok(())
}

/// Counts what is read as it is.
fn count(gateway: &Gateway) {
    plenum_service::metrics::describe(metrics::ALL);
    let gateway = gateway.clone();
    plenum_service::metrics::at_reading(move || {
        let (mut ready, mut away) = (0, 0);
        for mount in gateway.mounts() {
            let (some, others) = mount.nodes.count_ready();
            (ready, away) = (ready + some, away + others);
        }
        metrics::NODES.is_of("ready", ready);
        metrics::NODES.is_of("away", away);
    });
}

/// The routes about the process itself, beside those of [`router::listed`].
#[must_use]
pub fn listed() -> Listed<Parts> {
    Listed::new().route("/health", get(is_up)).route("/ready", get(is_ready))
}

/// What is asked whether it is well.
#[derive(Clone)]
pub struct Parts {
    state: AppState,
    gateway: Gateway,
    life: Lifecycle,
}

/// GET `/health`: that the process lives.
#[utoipa::path(
    get,
    path = "/health",
    tag = "Process",
    operation_id = "getHealth",
    responses((status = 200, body = Health)),
)]
pub(crate) async fn is_up(State(parts): State<Parts>) -> Json<Health> {
    Json(Health {
        status: "ok",
        service: "user-backend",
        timestamp: clock::iso(clock::now()),
        environment: parts.state.config().environment.clone(),
    })
}

/// GET `/ready`: whether this process should get traffic. Not while it stops, nor while a part it needs is away.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "Process",
    operation_id = "getReadiness",
    responses((status = 200, body = Ready), (status = 503, body = Ready, description = "It should get no traffic")),
)]
pub(crate) async fn is_ready(State(parts): State<Parts>) -> Response {
    let mut ready = Ready::new(parts.life.is_stopping());
    ready.part("database", within(async { parts.state.store().ping().await.is_ok() }).await);
    for mount in parts.gateway.mounts() {
        ready.part(mount.name, within(mount.nodes.are_ready()).await);
    }
    let status = if ready.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready)).into_response()
}

async fn within(part: impl Future<Output = bool>) -> bool {
    tokio::time::timeout(PART_PATIENCE, part).await.unwrap_or(false)
}
