//! The connection to Redis: kept, made again by itself, and never waited for longer than a promise allows.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use plenum_contract::limits::LOG_TIMEOUT;
use plenum_service::{Lifecycle, clock};
use redis::{Cmd, ErrorKind, FromRedisValue, PushInfo, PushKind, RedisError, Script, ServerErrorKind};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::metrics;

use super::{
    address::Address,
    connection::{Connection, Server},
};

/// How long a connection may take to be made and prepared.
const PREPARE_TIMEOUT: Duration = Duration::from_millis(2_000);
/// The pauses between attempts: the first, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Redis can't be reached, or does not do what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// Whether there is a connection.
#[derive(Clone)]
pub enum State {
    /// There is.
    Up(Live),
    /// There is none since then.
    Down(Instant),
}

/// A connection that was made and prepared.
#[derive(Clone)]
pub struct Live {
    /// Which one; each new one is higher.
    generation: u64,
    connection: Connection,
}

/// What a new connection needs before anybody uses it: subscriptions, checks.
#[async_trait::async_trait]
pub trait Prepares: Send + Sync + 'static {
    /// Prepares it. The error says why it can't be used, and what to do.
    async fn prepare(&self, connection: &mut Connection) -> Result<(), String>;
    /// It is in use from now on.
    fn is_up(&self);
    /// Something was pushed.
    fn pushed(&self, push: PushInfo);
}

/// The connection to Redis. Clones are the same.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    state: watch::Sender<State>,
    /// The next question's number.
    asked: AtomicU64,
    address: Address,
}

impl Link {
    /// A link that is not kept yet.
    pub fn new(address: Address) -> Self {
        let state = watch::Sender::new(State::Down(clock::instant()));
        Self(Arc::new(Inner { state, asked: AtomicU64::new(1), address }))
    }

    /// Keeps it, until all is over.
    pub fn keep(&self, prepares: Arc<dyn Prepares>, life: &Lifecycle, over: CancellationToken) {
        let link = self.clone();
        life.spawn(async move { over.run_until_cancelled_owned(link.run(prepares)).await });
    }

    async fn run(&self, prepares: Arc<dyn Prepares>) {
        let (mut pause, mut generation, mut told) = (PAUSE.0, 0, false);
        loop {
            let (sender, mut pushed) = mpsc::unbounded_channel();
            let made = tokio::time::timeout(PREPARE_TIMEOUT, async {
                let mut connection =
                    self.0.address.connect(sender).await.map_err(|error| error.to_string())?;
                prepares.prepare(&mut connection).await?;
                Ok::<_, String>(connection)
            });
            match made.await.unwrap_or_else(|_| Err("no answer in time".into())) {
                Ok(connection) => {
                    generation += 1;
                    tracing::info!(redis = %self.0.address, "Redis is there; rooms move");
                    self.0.state.send_replace(State::Up(Live { generation, connection }));
                    let mut state = self.watch();
                    prepares.is_up();
                    (pause, told) = (PAUSE.0, false);
                    loop {
                        tokio::select! {
                            _ = state.wait_for(|state| matches!(state, State::Down(_))) => break,
                            push = pushed.recv() => match push {
                                Some(push) if push.kind != PushKind::Disconnection => prepares.pushed(push),
                                _ => break,
                            },
                        }
                    }
                    self.break_off(generation, clock::instant());
                    tracing::warn!(redis = %self.0.address, "the connection to Redis broke");
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(redis = %self.0.address, error, "Redis can't be used; rooms stand still until it can. Is it running, and is REDIS_URL right?");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
    }

    /// Whether there is a connection, now and later.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// Whether there is a connection.
    pub fn is_up(&self) -> bool {
        matches!(*self.0.state.borrow(), State::Up(_))
    }

    /// Waits until there is a connection.
    pub async fn up(&self) {
        self.watch().wait_for(|state| matches!(state, State::Up(_))).await.map(drop).ok();
    }

    /// The connection; waits for one as long as it may be only a moment until there is.
    async fn live(&self) -> Result<Live, Away> {
        let mut watch = self.watch();
        let since = match &*watch.borrow_and_update() {
            State::Up(live) => return Ok(live.clone()),
            State::Down(since) => *since,
        };
        let up = watch.wait_for(|state| matches!(state, State::Up(_)));
        match tokio::time::timeout_at(since + LOG_TIMEOUT, up).await {
            Ok(Ok(state)) => match &*state {
                State::Up(live) => Ok(live.clone()),
                State::Down(_) => Err(Away),
            },
            _ => Err(Away),
        }
    }

    /// Runs a script that [`script`] made. An answer that is another question's breaks the connection, and is nobody's: a
    /// room must never take what was said in another.
    pub async fn run_script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[impl redis::ToRedisArgs + Sync],
    ) -> Result<T, Away> {
        let Live { generation, mut connection } = self.live().await?;
        let number = self.0.asked.fetch_add(1, Ordering::Relaxed);
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(*key);
        }
        for arg in args {
            call.arg(arg);
        }
        call.arg(number);
        let answered = async {
            let (echo, answer): (u64, T) = call.invoke_async(&mut connection).await?;
            if echo == number { Ok(answer) } else { Err(strange()) }
        };
        self.within(generation, answered).await
    }

    /// Runs commands, all at once.
    pub async fn pipe<T: FromRedisValue>(&self, commands: &redis::Pipeline) -> Result<T, Away> {
        let Live { generation, mut connection } = self.live().await?;
        self.within(generation, commands.query_async(&mut connection)).await
    }

    /// The servers that take writes.
    pub async fn servers(&self) -> Result<BTreeSet<Server>, Away> {
        let Live { generation, mut connection } = self.live().await?;
        self.within(generation, connection.servers()).await
    }

    /// Asks one of them.
    pub async fn ask<T: FromRedisValue>(&self, server: &Server, cmd: Cmd) -> Result<T, Away> {
        let Live { generation, mut connection } = self.live().await?;
        self.within(generation, connection.ask(server, cmd)).await
    }

    /// Whether there are several servers, so that only what is in one hash slot can be asked at once.
    pub fn is_divided(&self) -> bool {
        self.0.address.is_divided()
    }

    /// Subscribes the connection to a channel.
    pub async fn subscribe(&self, channel: &str) -> Result<(), Away> {
        let Live { generation, mut connection } = self.live().await?;
        self.within(generation, connection.subscribe(&[channel.to_owned()])).await
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, channel: &str) -> Result<(), Away> {
        let Live { generation, mut connection } = self.live().await?;
        self.within(generation, connection.unsubscribe(channel)).await
    }

    /// What is asked on a connection. When that breaks, it has been of no use since the question: who waits behind it has
    /// waited for that long already.
    async fn within<T>(
        &self,
        generation: u64,
        work: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Away> {
        let begun = clock::instant();
        let answered = tokio::time::timeout_at(begun + LOG_TIMEOUT, work).await;
        let answered = answered.unwrap_or_else(|_| Err(late()));
        let outcome = if answered.is_ok() { "ok" } else { "failed" };
        metrics::REDIS.times_of(outcome).record(clock::instant().duration_since(begun));
        answered.map_err(|error| {
            if is_broken(&error) {
                self.break_off(generation, begun);
            }
            tracing::warn!(redis = %self.0.address, %error, "Redis did not do what it was asked");
            Away
        })
    }

    /// This connection is of no use any more.
    fn break_off(&self, generation: u64, since: Instant) {
        self.0.state.send_if_modified(|state| {
            let is_that = matches!(state, State::Up(live) if live.generation == generation);
            if is_that {
                *state = State::Down(since);
            }
            is_that
        });
    }
}

/// A script whose answer says which question it answers: each has a number, its last argument.
pub fn script(body: &str) -> Script {
    Script::new(&format!(
        "local number = table.remove(ARGV)\nlocal function answer()\n{body}\nend\nreturn {{number, answer()}}\n"
    ))
}

fn strange() -> RedisError {
    RedisError::from((ErrorKind::UnexpectedReturnType, "the answer is another question's"))
}

fn late() -> RedisError {
    RedisError::from((ErrorKind::Io, "no answer in time"))
}

/// Whether a new connection may help: this one is late, cut, answers what was not asked, or leads to a server that is no
/// primary any more.
fn is_broken(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::Moved
                | ServerErrorKind::TryAgain
        ),
        ErrorKind::InvalidClientConfig => false,
        _ => true,
    }
}
