//! Deleting what has expired, some at a time.

use std::time::Duration;

use plenum_service::Lifecycle;

use crate::error::StoreUnavailable;

/// How often.
const EVERY: Duration = Duration::from_hours(1);
/// Rows deleted at once.
const ROWS: u64 = 500;
/// Deletions of one round; what is left waits for the next.
const ROUNDS: usize = 1_000;

/// Deletes until nothing is left, or this round has deleted enough: `delete` takes how many rows at most, and says how many
/// there were. Says how many there were in all.
pub async fn sweep<F>(life: &Lifecycle, delete: impl Fn(u64) -> F) -> Result<u64, StoreUnavailable>
where
    F: Future<Output = Result<u64, StoreUnavailable>>,
{
    let mut gone = 0;
    for _ in 0..ROUNDS {
        let deleted = delete(ROWS).await?;
        gone += deleted;
        if deleted < ROWS || life.is_stopping() {
            break;
        }
    }
    Ok(gone)
}

/// Sweeps now and then every hour, until the process is told to stop. `what` is for the log.
pub fn keep_swept<F>(life: &Lifecycle, what: &'static str, sweep: impl Fn() -> F + Send + 'static)
where
    F: Future<Output = Result<u64, StoreUnavailable>> + Send,
{
    let stopping = life.clone();
    life.spawn(async move {
        loop {
            match sweep().await {
                Ok(0) => {}
                Ok(gone) => tracing::info!(what, gone, "what had expired was deleted"),
                Err(error) => {
                    tracing::warn!(what, %error, "what has expired was not deleted; trying again in an hour");
                }
            }
            tokio::select! {
                () = stopping.stopping() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
}
