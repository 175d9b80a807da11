//! A process's life: it starts, it is told to stop, its tasks end in order, and after a deadline it ends
//! whatever still runs.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::clock;

/// How long tasks may take to end by themselves after the word to stop.
pub const SOFT_STOP: Duration = Duration::from_secs(7);
/// How long they may take after that, when everything is being torn down.
pub const HARD_STOP: Duration = Duration::from_secs(1);

/// Shared by everything that runs in a process. Clones are the same life.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    told: Arc<OnceLock<Instant>>,
}

impl Lifecycle {
    /// A life that has just begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task that the end of the process waits for, and cuts off past the deadline.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let hard = self.hard.clone();
        let task = Box::pin(task); // or each layer around it would hold a place for it twice
        self.tasks.spawn(async move { hard.run_until_cancelled_owned(task).await })
    }

    /// Whether the process has been told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Waits for the word to stop.
    pub async fn stopping(&self) {
        self.soft.cancelled().await;
    }

    /// Says the word.
    pub fn stop(&self) {
        self.told.get_or_init(clock::instant);
        self.soft.cancel();
    }

    /// Waits for the word to stop and then for all tasks, [`SOFT_STOP`] after it and [`HARD_STOP`] more at most. False when
    /// some had to be cut off.
    pub async fn ended(&self) -> bool {
        self.stopping().await;
        self.tasks.close();
        let deadline = *self.told.get_or_init(clock::instant) + SOFT_STOP;
        if tokio::time::timeout_at(deadline, self.tasks.wait()).await.is_ok() {
            return true;
        }
        tracing::warn!(tasks = self.tasks.len(), "some tasks did not end in time and are cut off");
        self.hard.cancel();
        tokio::time::timeout(HARD_STOP, self.tasks.wait()).await.ok();
        false
    }

    /// Stops at SIGTERM or SIGINT.
    pub fn stop_at_signal(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let life = self.clone();
        self.spawn(async move {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("told to stop (SIGTERM)"),
                _ = interrupt.recv() => tracing::info!("told to stop (SIGINT)"),
                () = life.stopping() => {}
            }
            life.stop();
        });
        Ok(())
    }
}
