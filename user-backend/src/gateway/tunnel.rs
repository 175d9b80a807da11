//! An upgraded connection to a service in another process: bytes, both ways, until either side ends.
//!
//! What a service says is always taken at once and queued on the client's own connection, which is cut when its
//! reader is behind: so neither the service nor this process waits for it. What a client says waits for the
//! service. A direction holds memory only while its receiver is slow.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::{client::conn::http1, upgrade::Parts};
use hyper_util::rt::TokioIo;
use plenum_contract::{
    ErrorCode,
    limits::{ANSWER_MAX, BACKEND_CONNECT_TIMEOUT},
};
use plenum_service::{
    Lifecycle,
    net::{Connection, ConnectionIo, CutReason},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream, lookup_host},
    time::Sleep,
};

use super::backend::{Came, Unanswered};

/// The kernel's buffers for a tunnel, each way, so that slowness shows. It doubles what it is told.
const KERNEL_BUFFER: u32 = 64 * 1024;
/// Bytes moved at once.
const CHUNK: usize = 16 * 1024;
/// How long one direction may go on after the other has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// Passes a request for a WebSocket on, and its connection with it when the service agrees.
pub async fn open(
    address: &Uri,
    mut request: Request<Body>,
    life: &Lifecycle,
) -> Result<Response<Body>, Unanswered> {
    let backend = tokio::time::timeout(BACKEND_CONNECT_TIMEOUT, connect(address)).await;
    let late = |_| Unanswered::away(Came::ToNobody, "no connection in time");
    let backend = backend.map_err(late)?.map_err(|error| Unanswered::away(Came::ToNobody, error))?;
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    let client = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let mut outgoing = Request::new(Body::empty());
    *outgoing.method_mut() = parts.method;
    *outgoing.uri_mut() =
        parts.uri.path_and_query().map_or_else(Uri::default, |path| Uri::from(path.clone()));
    *outgoing.headers_mut() = parts.headers;
    let authority = address.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(authority).map_err(|_| Unanswered::refused(ErrorCode::Internal))?;
    outgoing.headers_mut().insert(header::HOST, host);
    outgoing.headers_mut().remove(header::CONTENT_LENGTH); // an upgrade has no body

    let broken = |error: hyper::Error| Unanswered::away(Came::Somewhere, error);
    let (mut sender, driver) =
        http1::Builder::new().max_buf_size(CHUNK).handshake(TokioIo::new(backend)).await.map_err(broken)?;
    life.spawn(driver.with_upgrades());
    let mut response = sender.send_request(outgoing).await.map_err(broken)?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let backend = hyper::upgrade::on(&mut response);
        if let Some(connection) = &connection {
            connection.queue_writes(ANSWER_MAX);
        }
        let stopping = life.clone();
        life.spawn(async move {
            let (Ok(client), Ok(backend)) = tokio::join!(client, backend) else { return };
            let (Some(client), Ok(backend)) =
                (ConnectionIo::upgraded(client), backend.downcast::<TokioIo<TcpStream>>())
            else {
                return;
            };
            let tunnel = Tunnel::between(client, backend);
            tokio::select! {
                ended = tunnel => {
                    if let (Err(error), Some(connection)) = (ended, connection) {
                        tracing::debug!(peer = %connection.peer(), %error, "tunnel broken");
                        connection.cut(CutReason::TunnelBroken);
                    }
                }
                () = stopping.turn_to_leave() => {
                    if let Some(connection) = connection {
                        connection.cut(CutReason::Draining);
                    }
                }
            }
        });
    }
    Ok(response.map(Body::new))
}

async fn connect(address: &Uri) -> io::Result<TcpStream> {
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = address.port_u16().unwrap_or(80);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for target in lookup_host((host, port)).await? {
        let socket = if target.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_send_buffer_size(KERNEL_BUFFER)?;
        socket.set_recv_buffer_size(KERNEL_BUFFER)?;
        match socket.connect(target).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A client and a service that talk to each other. It ends when both have said all, or a while after one has.
struct Tunnel {
    client: ConnectionIo,
    service: TcpStream,
    up: Flow,
    down: Flow,
    farewell: Option<Pin<Box<Sleep>>>,
}

impl Tunnel {
    /// In a box: the task that runs it would hold a place for each step that it is moved through.
    fn between(client: ConnectionIo, service: Parts<TokioIo<TcpStream>>) -> Pin<Box<Self>> {
        let down = Flow { left: service.read_buf.to_vec(), ..Flow::default() };
        let service = service.io.into_inner();
        Box::pin(Self { client, service, up: Flow::default(), down, farewell: None })
    }
}

impl Future for Tunnel {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let down = this.down.poll(&mut this.service, &mut this.client, cx)?;
        let up = this.up.poll(&mut this.client, &mut this.service, cx)?;
        match (up, down) {
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            (Poll::Ready(()), Poll::Ready(())) => Poll::Ready(Ok(())),
            _ => {
                let farewell = this.farewell.get_or_insert_with(|| Box::pin(tokio::time::sleep(FAREWELL)));
                farewell.as_mut().poll(cx).map(Ok)
            }
        }
    }
}

/// One direction: what one side says, until it has said all.
#[derive(Default)]
struct Flow {
    /// What the receiver did not take yet.
    left: Vec<u8>,
    sent: usize,
    ended: bool,
    closed: bool,
}

impl Flow {
    /// Ready when all was said and passed on.
    fn poll<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        while !self.closed {
            while self.sent < self.left.len() {
                match ready!(Pin::new(&mut *to).poll_write(cx, &self.left[self.sent..]))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    taken => self.sent += taken,
                }
            }
            if !self.left.is_empty() {
                (self.left, self.sent) = (Vec::new(), 0); // nothing is kept while nothing waits
            }
            if self.ended {
                ready!(Pin::new(&mut *to).poll_flush(cx))?;
                ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                self.closed = true;
                break;
            }
            let mut chunk = [MaybeUninit::uninit(); CHUNK];
            let mut buffer = ReadBuf::uninit(&mut chunk);
            match Pin::new(&mut *from).poll_read(cx, &mut buffer)? {
                Poll::Ready(()) if buffer.filled().is_empty() => self.ended = true,
                Poll::Ready(()) => match Pin::new(&mut *to).poll_write(cx, buffer.filled())? {
                    Poll::Ready(taken) if taken == buffer.filled().len() => {}
                    Poll::Ready(taken) => self.left = buffer.filled()[taken..].to_vec(),
                    Poll::Pending => self.left = buffer.filled().to_vec(),
                },
                Poll::Pending => {
                    ready!(Pin::new(&mut *to).poll_flush(cx))?;
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
