//! Work that keeps a processor busy: on threads of its own, not too much of it at once.

use std::sync::Arc;

use plenum_service::{clock, metrics::at_reading};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{Semaphore, oneshot};

use crate::{error::Error, metrics};

/// A few threads, and a bound for what waits for them. Clones share the places.
#[derive(Debug, Clone)]
pub struct Turns {
    what: &'static str,
    /// Those that work, and those that wait.
    places: Arc<Semaphore>,
    /// Always the same few threads: the allocator keeps what a thread freed for that thread, and such work takes much.
    threads: Arc<ThreadPool>,
}

impl Turns {
    /// So many threads, for which so many jobs may wait. `what` is for the log.
    pub fn new(what: &'static str, threads: usize, waiting: usize) -> Result<Self, Error> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(move |n| format!("{what}-{n}"))
            .panic_handler(move |_| tracing::error!(what, "a job panicked")) // its caller hears of it too
            .build()
            .map_err(|error| Error::Internal(format!("{what} can't have threads: {error}")))?;
        let all = threads + waiting;
        let places = Arc::new(Semaphore::new(all));
        let counted = Arc::downgrade(&places);
        at_reading(move || {
            let taken = counted.upgrade().map_or(0, |places| all.saturating_sub(places.available_permits()));
            metrics::TURNS_TAKEN.is_of(what, taken);
        });
        Ok(Self { what, places, threads: Arc::new(pool) })
    }

    /// Runs `job` on one of the threads when it is its turn. The place is given back when the job is done,
    /// whether or not anyone still waits for its result. [`Error::Busy`] when all places are taken.
    pub async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            metrics::TURNS_BUSY.count_of(self.what);
            Error::Busy
        })?;
        let began = clock::instant();
        let (tell, told) = oneshot::channel();
        self.threads.spawn(move || {
            let result = job();
            drop(place);
            tell.send(result).ok();
        });
        let done = told.await.map_err(|_| Error::Internal(format!("{}: a job did not end", self.what)));
        metrics::TURNS.times_of(self.what).record(clock::instant().duration_since(began));
        done?
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn turns() -> Turns {
        Turns::new("tests", 2, 6).unwrap()
    }

    #[tokio::test]
    async fn past_the_bound_it_is_busy_and_after_that_free_again() {
        let turns = turns();
        let taken = turns.places.clone().try_acquire_many_owned(8).unwrap();
        assert!(matches!(turns.work(|| Ok(())).await, Err(Error::Busy)));
        drop(taken);
        assert!(turns.work(|| Ok(())).await.is_ok());
    }

    #[tokio::test]
    async fn a_caller_who_leaves_gives_its_place_back() {
        let turns = turns();
        let left = (0..8).map(|_| async {
            let working = turns.work(|| {
                std::thread::yield_now();
                Ok(())
            });
            tokio::select! {
                biased;
                done = working => drop(done),
                () = tokio::task::yield_now() => {}
            }
        });
        join_all(left).await;
        // Whoever takes every place has waited for all that were under way.
        assert!(turns.places.acquire_many(8).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_that_panics_fails_for_its_caller_alone() {
        let turns = turns();
        let failed = turns.work(|| -> Result<(), Error> { panic!("as a test wants it") }).await;
        assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
        assert!(turns.work(|| Ok(())).await.is_ok());
    }
}
