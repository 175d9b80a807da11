//! Accepting connections and serving HTTP/1.1 on them.

use std::{
    convert::Infallible,
    io::{self, IsTerminal},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use http_body::Body as _;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::Gauge;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use super::{
    answers::{Answers, ask},
    connection::Connection,
    io::ConnectionIo,
    newcomers,
    unfinished::{Incoming, Unfinished},
    watch::{Behind, Watch},
};
use crate::{Lifecycle, metrics::of_process};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;
/// The kernel's send buffer for each connection, so that slowness shows early. It doubles what it is told.
const SEND_BUFFER: u32 = 64 * 1024;
/// How long connections are still accepted after the word to stop: balancers need it to see `/ready` turn, and
/// clients that poll to hear that they should come back.
const LAST_CALL: Duration = Duration::from_secs(1);
/// How long connections are still taken after that, of which the kernel has begun to accept already: it would break them
/// off when the listener closes.
const LAST_ACCEPT: Duration = Duration::from_millis(100);
/// How long connections go on after that when nothing is asked on them.
const LAST_REQUESTS: Duration = Duration::from_millis(500);
/// How much longer those go on that were opened and not asked anything yet: that is under way.
const FIRST_REQUEST: Duration = Duration::from_secs(2);
/// How long to pause when no connection can be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What the listener is for, in metrics.
    pub name: &'static str,
    /// Connections open at once; further ones wait to be accepted.
    pub connections: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// How long a request's head may take, and how long a connection may idle between requests.
    pub head_time: Duration,
    /// When a reader is behind.
    pub behind: Behind,
    /// Bytes of messages and bodies that clients have begun to send and not finished, of all connections together.
    /// Past it whoever began first is cut. What is under 8 kB is not counted.
    pub unfinished: usize,
}

/// Opens a listening socket. Port 0 takes any free one. `by` is what says the address.
pub fn bind(address: SocketAddr, by: &str) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?; // accepted sockets inherit it
    let unbindable = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("{address} can't be listened on: {error}; set {by} to a free address"),
        )
    };
    socket.bind(address).map_err(unbindable)?;
    socket.listen(BACKLOG)
}

/// Says where it listens, in the log and, for whoever started it by hand, on the terminal.
pub fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(address = %format_args!("http://{address}"), "listening");
    if io::stdout().is_terminal() {
        let host =
            if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
        println!("\n  Open http://{host}:{}\n", address.port());
    }
    Ok(())
}

/// Serves `service` until a moment after the process is told to stop, then lets requests under way end. Each request carries
/// its `Arc<Connection>` as an extension.
pub async fn serve(listener: TcpListener, service: impl Answers, limits: Limits, life: Lifecycle) {
    let closing = CancellationToken::new();
    let last_call = async {
        life.stopping().await;
        tokio::time::sleep(LAST_CALL).await;
        newcomers::turn_away(&listener);
        tokio::time::sleep(LAST_ACCEPT).await;
    };
    tokio::select! {
        () = last_call => {}
        () = accept_all(&listener, service, limits, &life, &closing) => {}
    }
    life.spawn(async move {
        tokio::time::sleep(LAST_REQUESTS).await;
        closing.cancel();
    });
}

/// Serves each connection in a task of its own.
async fn accept_all(
    listener: &TcpListener,
    service: impl Answers,
    limits: Limits,
    life: &Lifecycle,
    closing: &CancellationToken,
) {
    let watch = Watch::default();
    watch.start(life);
    let unfinished = Unfinished::new(limits.unfinished);
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes.max(8 * 1024));
    let mut refused = false;
    let accepted = of_process::ACCEPTED.counter_of(limits.name);
    let open = of_process::CONNECTIONS.gauge_of(limits.name);
    of_process::MOST.is_of(limits.name, limits.connections);
    loop {
        let (socket, peer, place) = match accept(listener, &places).await {
            Ok(accepted) => accepted,
            Err(error) => {
                of_process::NOT_ACCEPTED.count();
                if !std::mem::replace(&mut refused, true) {
                    tracing::error!(%error, "no connection can be accepted; is the limit of open files (ulimit -n) too low?");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        refused = false;
        accepted.increment(1);
        let counted = Open::among(&open);
        socket.set_nodelay(true).ok();
        let io = ConnectionIo::new(socket, peer, limits.behind, &unfinished, place);
        let connection = io.connection().clone();
        watch.add(&connection);
        let io = TokioIo::new(io);
        let (http, service, closing, stopping) =
            (http.clone(), service.clone(), closing.clone(), life.clone());
        life.spawn(async move {
            let _counted = counted;
            let asked = AtomicBool::new(false);
            let service = service_fn(|request| {
                asked.store(true, Ordering::Relaxed);
                answer(request, service.clone(), connection.clone(), stopping.clone())
            });
            let serving = http.serve_connection(io, service).with_upgrades();
            tokio::pin!(serving);
            let over = async {
                closing.cancelled().await;
                if !asked.load(Ordering::Relaxed) {
                    tokio::time::sleep(FIRST_REQUEST).await;
                }
            };
            let ended = tokio::select! {
                ended = &mut serving => ended,
                () = over => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, %error, "connection ended");
            }
        });
    }
}

/// A connection that is counted among the open ones.
struct Open(Gauge);

impl Open {
    fn among(open: &Gauge) -> Self {
        open.increment(1);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, Place)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (socket, peer) = listener.accept().await?;
    Ok((socket, peer, place))
}

async fn answer(
    request: hyper::Request<hyper::body::Incoming>,
    service: impl Answers,
    connection: Arc<Connection>,
    life: Lifecycle,
) -> Result<Response, Infallible> {
    let counted = |body: hyper::body::Incoming| {
        if body.is_end_stream() { Body::empty() } else { Body::new(Incoming::new(body, connection.clone())) }
    };
    let mut request = request.map(counted);
    request.extensions_mut().insert(connection);
    // In a box, so that a connection that waits holds none of it.
    let mut response = Box::pin(ask(service, request)).await;
    if life.is_stopping() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        // Who keeps connections for further requests must not find this one closed under the next.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
