//! A process's life: it starts, it is told to stop, its tasks end in order, and after a deadline it ends
//! whatever still runs.

use std::{
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::clock;

/// How long tasks may take to end by themselves after the word to stop.
pub const SOFT_STOP: Duration = Duration::from_secs(7);
/// How long they may take after that, when everything is being torn down.
pub const HARD_STOP: Duration = Duration::from_secs(1);
/// How long after the word to stop the last of those leaves who [wait for their turn](Lifecycle::turn_to_leave): whom
/// they served come back elsewhere, and all at once would be too many.
pub const LEAVING: Duration = Duration::from_millis(2_500);
/// The time between two that leave, when they are few.
const LEAVING_STEP: Duration = Duration::from_millis(10);

/// Shared by everything that runs in a process. Clones are the same life.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    leaving: Arc<Leaving>,
}

/// Those who leave one after the other.
#[derive(Debug, Default)]
struct Leaving {
    told: OnceLock<Told>,
    waiting: AtomicU32,
    turns: AtomicU32,
}

/// How it was at the word to stop.
#[derive(Debug, Clone, Copy)]
struct Told {
    at: Instant,
    waiting: u32,
}

impl Leaving {
    fn told(&self) -> Told {
        let waiting = || self.waiting.load(Ordering::Relaxed);
        *self.told.get_or_init(|| Told { at: clock::instant(), waiting: waiting() })
    }
}

/// How long after the word the one whose turn it is leaves, of so many.
fn after(turn: u32, waiting: u32) -> Duration {
    let step = LEAVING_STEP.min(LEAVING / waiting.max(1));
    step.saturating_mul(turn).min(LEAVING)
}

/// One who waits, counted.
struct Waits<'a>(&'a Leaving);

impl<'a> Waits<'a> {
    fn among(leaving: &'a Leaving) -> Self {
        leaving.waiting.fetch_add(1, Ordering::Relaxed);
        Self(leaving)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
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

    /// Waits for the word to stop, and then for one's turn among all who wait here: they leave one after the other, the
    /// last of them [`LEAVING`] after the word, or sooner when they are few. Who comes later than the word is last.
    pub async fn turn_to_leave(&self) {
        let _waits = Waits::among(&self.leaving);
        self.stopping().await;
        let told = self.leaving.told();
        let turn = self.leaving.turns.fetch_add(1, Ordering::Relaxed);
        let at = told.at + after(turn, told.waiting);
        // In a box, so that who waits for the word holds no timer.
        Box::pin(tokio::time::sleep_until(at)).await;
    }

    /// Says the word.
    pub fn stop(&self) {
        self.leaving.told();
        self.soft.cancel();
    }

    /// Waits for the word to stop and then for all tasks, [`SOFT_STOP`] after it and [`HARD_STOP`] more at most. False when
    /// some had to be cut off.
    pub async fn ended(&self) -> bool {
        self.stopping().await;
        self.tasks.close();
        let deadline = self.leaving.told().at + SOFT_STOP;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_leave_one_after_the_other_and_all_in_time() {
        assert_eq!(after(0, 5_000), Duration::ZERO);
        assert_eq!(after(2_500, 5_000), LEAVING / 2);
        assert!(after(4_999, 5_000) < LEAVING);
        assert_eq!(after(9_000, 5_000), LEAVING, "who comes later than the word is last, and not later");
        assert_eq!(after(0, 0), Duration::ZERO);
    }

    #[test]
    fn a_few_leave_at_once() {
        assert!(after(2, 3) < LEAVING_STEP * 3);
    }

    #[tokio::test]
    async fn nobody_leaves_before_the_word() {
        let life = Lifecycle::new();
        let leaves: Vec<_> = (0..3).map(|_| life.clone()).collect();
        let leaves: Vec<_> =
            leaves.into_iter().map(|one| life.spawn(async move { one.turn_to_leave().await })).collect();
        tokio::task::yield_now().await;
        assert!(leaves.iter().all(|one| !one.is_finished()));
        life.stop();
        for one in leaves {
            one.await.unwrap();
        }
        assert_eq!(life.leaving.told().waiting, 3);
    }
}
