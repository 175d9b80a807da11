//! An upgraded connection to a service in another process: bytes, both ways, until either side ends.
//!
//! What a service says is always taken at once and queued on the client's own connection, which is cut when its
//! reader is behind: so neither the service nor this process waits for it. What a client says waits for the
//! service. A direction holds memory only while its receiver is slow.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use plenum_contract::{
    ErrorCode,
    limits::{ANSWER_MAX, BACKEND_CONNECT_TIMEOUT},
};
use plenum_service::{
    Lifecycle,
    net::{Connection, CutReason},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream, lookup_host},
};

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
) -> Result<Response<Body>, ErrorCode> {
    let backend = tokio::time::timeout(BACKEND_CONNECT_TIMEOUT, connect(address)).await;
    let backend = match backend {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::warn!(backend = %address, %error, "a backend can't be reached; is it running, and is CHAT_BACKEND_URL right?");
            return Err(ErrorCode::BackendUnavailable);
        }
        Err(_) => return Err(ErrorCode::BackendUnavailable),
    };
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    let client = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let mut outgoing = Request::new(Body::empty());
    *outgoing.method_mut() = parts.method;
    *outgoing.uri_mut() =
        parts.uri.path_and_query().map_or_else(Uri::default, |path| Uri::from(path.clone()));
    *outgoing.headers_mut() = parts.headers;
    let authority = address.authority().map_or("", |authority| authority.as_str());
    let host = HeaderValue::from_str(authority).map_err(|_| ErrorCode::Internal)?;
    outgoing.headers_mut().insert(header::HOST, host);
    outgoing.headers_mut().remove(header::CONTENT_LENGTH); // an upgrade has no body

    let unavailable = |error: hyper::Error| {
        tracing::warn!(backend = %address, %error, "a backend broke off");
        ErrorCode::BackendUnavailable
    };
    let (mut sender, driver) = http1::Builder::new()
        .max_buf_size(CHUNK)
        .handshake(TokioIo::new(backend))
        .await
        .map_err(unavailable)?;
    life.spawn(driver.with_upgrades());
    let mut response = sender.send_request(outgoing).await.map_err(unavailable)?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let backend = hyper::upgrade::on(&mut response);
        if let Some(connection) = &connection {
            connection.queue_writes(ANSWER_MAX);
        }
        let stopping = life.clone();
        life.spawn(async move {
            let (Ok(client), Ok(backend)) = tokio::join!(client, backend) else { return };
            tokio::select! {
                ended = join(TokioIo::new(client), TokioIo::new(backend)) => {
                    if let (Err(error), Some(connection)) = (ended, connection) {
                        tracing::debug!(peer = %connection.peer(), %error, "tunnel broken");
                        connection.cut(CutReason::TunnelBroken);
                    }
                }
                () = stopping.stopping() => {}
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

/// Moves bytes both ways. When one side has said all, what it said is passed on, and the other may finish.
async fn join<A, B>(client: A, backend: B) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let (mut client_reads, mut client_writes) = tokio::io::split(client);
    let (mut backend_reads, mut backend_writes) = tokio::io::split(backend);
    let up = Flow::new(&mut client_reads, &mut backend_writes);
    let down = Flow::new(&mut backend_reads, &mut client_writes);
    tokio::pin!(up, down);
    tokio::select! {
        ended = &mut up => {
            ended?;
            tokio::time::timeout(FAREWELL, down).await.unwrap_or(Ok(()))
        }
        ended = &mut down => {
            ended?;
            tokio::time::timeout(FAREWELL, up).await.unwrap_or(Ok(()))
        }
    }
}

/// One direction: what one side says, until it has said all.
struct Flow<'a, R, W> {
    from: &'a mut R,
    to: &'a mut W,
    /// What the receiver did not take yet.
    left: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl<'a, R, W> Flow<'a, R, W> {
    const fn new(from: &'a mut R, to: &'a mut W) -> Self {
        Self { from, to, left: Vec::new(), sent: 0, ended: false }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Future for Flow<'_, R, W> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            while this.sent < this.left.len() {
                match ready!(Pin::new(&mut *this.to).poll_write(cx, &this.left[this.sent..]))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    taken => this.sent += taken,
                }
            }
            if !this.left.is_empty() {
                (this.left, this.sent) = (Vec::new(), 0); // nothing is kept while nothing waits
            }
            if this.ended {
                ready!(Pin::new(&mut *this.to).poll_flush(cx))?;
                return Pin::new(&mut *this.to).poll_shutdown(cx);
            }
            let mut chunk = [0; CHUNK];
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut *this.from).poll_read(cx, &mut buffer)? {
                Poll::Ready(()) if buffer.filled().is_empty() => this.ended = true,
                Poll::Ready(()) => match Pin::new(&mut *this.to).poll_write(cx, buffer.filled())? {
                    Poll::Ready(taken) if taken == buffer.filled().len() => {}
                    Poll::Ready(taken) => this.left = buffer.filled()[taken..].to_vec(),
                    Poll::Pending => this.left = buffer.filled().to_vec(),
                },
                Poll::Pending => {
                    ready!(Pin::new(&mut *this.to).poll_flush(cx))?;
                    return Poll::Pending;
                }
            }
        }
    }
}
