//! The connection to Redis: kept, made again by itself, and never waited for longer than a promise allows.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use plenum_contract::limits::LOG_TIMEOUT;
use plenum_service::{Lifecycle, clock};
use redis::{
    Cmd, ErrorKind, FromRedisValue, PushInfo, PushKind, RedisError, Script, ServerErrorKind,
};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

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
    broken: Notify,
    address: Address,
}

impl Link {
    /// A link that is not kept yet.
    pub fn new(address: Address) -> Self {
        let state = watch::Sender::new(State::Down(clock::instant()));
        Self(Arc::new(Inner { state, broken: Notify::new(), address }))
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
                let mut connection = self.0.address.connect(sender).await.map_err(|error| error.to_string())?;
                prepares.prepare(&mut connection).await?;
                Ok::<_, String>(connection)
            });
            match made.await.unwrap_or_else(|_| Err("no answer in time".into())) {
                Ok(connection) => {
                    generation += 1;
                    tracing::info!(redis = %self.0.address, "Redis is there; rooms move");
                    self.0.state.send_replace(State::Up(Live { generation, connection }));
                    prepares.is_up();
                    (pause, told) = (PAUSE.0, false);
                    loop {
                        tokio::select! {
                            () = self.0.broken.notified() => break,
                            push = pushed.recv() => match push {
                                Some(push) if push.kind != PushKind::Disconnection => prepares.pushed(push),
                                _ => break,
                            },
                        }
                    }
                    self.0.state.send_replace(State::Down(clock::instant()));
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

    /// Runs a script.
    pub async fn run_script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[&str],
        args: &[impl redis::ToRedisArgs + Sync],
    ) -> Result<T, Away> {
        let mut live = self.live().await?;
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(*key);
        }
        for arg in args {
            call.arg(arg);
        }
        let answered = tokio::time::timeout(LOG_TIMEOUT, call.invoke_async(&mut live.connection)).await;
        self.check(answered.unwrap_or_else(|_| Err(late())), live.generation)
    }

    /// Runs commands, all at once.
    pub async fn pipe<T: FromRedisValue>(&self, commands: &redis::Pipeline) -> Result<T, Away> {
        let mut live = self.live().await?;
        let answered = tokio::time::timeout(LOG_TIMEOUT, commands.query_async(&mut live.connection)).await;
        self.check(answered.unwrap_or_else(|_| Err(late())), live.generation)
    }

    /// The servers that take writes.
    pub async fn servers(&self) -> Result<BTreeSet<Server>, Away> {
        let mut live = self.live().await?;
        let answered = tokio::time::timeout(LOG_TIMEOUT, live.connection.servers()).await;
        self.check(answered.unwrap_or_else(|_| Err(late())), live.generation)
    }

    /// Asks one of them.
    pub async fn ask<T: FromRedisValue>(&self, server: &Server, cmd: Cmd) -> Result<T, Away> {
        let mut live = self.live().await?;
        let answered = tokio::time::timeout(LOG_TIMEOUT, live.connection.ask(server, cmd)).await;
        self.check(answered.unwrap_or_else(|_| Err(late())), live.generation)
    }

    /// Whether there are several servers, so that only what is in one hash slot can be asked at once.
    pub fn is_divided(&self) -> bool {
        self.0.address.is_divided()
    }

    /// Subscribes the connection to a channel.
    pub async fn subscribe(&self, channel: &str) -> Result<(), Away> {
        let mut live = self.live().await?;
        let channel = [channel.to_owned()];
        let done = tokio::time::timeout(LOG_TIMEOUT, live.connection.subscribe(&channel)).await;
        self.check(done.unwrap_or_else(|_| Err(late())), live.generation)
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, channel: &str) -> Result<(), Away> {
        let mut live = self.live().await?;
        let done = tokio::time::timeout(LOG_TIMEOUT, live.connection.unsubscribe(channel)).await;
        self.check(done.unwrap_or_else(|_| Err(late())), live.generation)
    }

    fn check<T>(&self, answered: Result<T, RedisError>, generation: u64) -> Result<T, Away> {
        answered.map_err(|error| {
            if is_broken(&error) {
                self.break_off(generation);
            }
            tracing::warn!(redis = %self.0.address, %error, "Redis did not do what it was asked");
            Away
        })
    }

    /// This connection is of no use any more.
    fn break_off(&self, generation: u64) {
        let is_that = matches!(&*self.0.state.borrow(), State::Up(live) if live.generation == generation);
        if is_that {
            self.0.state.send_replace(State::Down(clock::instant()));
            self.0.broken.notify_one();
        }
    }
}

fn late() -> RedisError {
    RedisError::from((ErrorKind::Io, "no answer in time"))
}

/// Whether a new connection may help: this one is late, cut, or leads to a server that is no primary any more.
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
        ErrorKind::UnexpectedReturnType | ErrorKind::InvalidClientConfig => false,
        _ => true,
    }
}
