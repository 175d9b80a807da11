//! What another server publishes, remembered: asked for again now and then, and kept while that server is away.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use plenum_service::clock;
use tokio::{sync::Mutex, time::Instant};

use super::Away;

/// How long it is believed without asking again.
const FRESH: Duration = Duration::from_hours(1);
/// How long it is used while it can't be had again.
const USABLE: Duration = Duration::from_hours(24);
/// The least time between two questions.
const PAUSE: Duration = Duration::from_secs(5);

/// One thing that is remembered. However many want it at once, one asks.
#[derive(Debug)]
pub struct Kept<T> {
    known: RwLock<Option<Known<T>>>,
    /// Held by who asks: when asking failed last, and why.
    failed: Mutex<Option<(Instant, Away)>>,
}

#[derive(Debug)]
struct Known<T> {
    what: Arc<T>,
    since: Instant,
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self { what: self.what.clone(), since: self.since }
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { known: RwLock::new(None), failed: Mutex::new(None) }
    }
}

impl<T> Kept<T> {
    /// What is known, asked for by `ask` when it is old. What was known stays good for a day while asking fails.
    pub async fn get<F>(&self, ask: F) -> Result<Arc<T>, Away>
    where
        F: Future<Output = Result<T, Away>>,
    {
        self.get_at(clock::instant(), ask).await
    }

    async fn get_at<F>(&self, now: Instant, ask: F) -> Result<Arc<T>, Away>
    where
        F: Future<Output = Result<T, Away>>,
    {
        let known = self.known();
        if let Some(known) = known.as_ref().filter(|known| now.duration_since(known.since) < FRESH) {
            return Ok(known.what.clone());
        }
        let usable = known.filter(|known| now.duration_since(known.since) < USABLE);
        let mut failed = match (&usable, self.failed.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(known), Err(_)) => return Ok(known.what.clone()), // somebody asks already
            (None, Err(_)) => self.failed.lock().await,
        };
        if let Some(known) = self.known().filter(|known| now.duration_since(known.since) < FRESH) {
            return Ok(known.what);
        }
        match self.ask(now, &mut failed, ask).await {
            Ok(what) => Ok(what),
            Err(away) => match usable {
                Some(known) => Ok(known.what),
                None => Err(away),
            },
        }
    }

    /// Something newer than `than`, in which something was missing; the same when it was asked for a moment ago.
    pub async fn newer<F>(&self, than: &Arc<T>, ask: F) -> Result<Arc<T>, Away>
    where
        F: Future<Output = Result<T, Away>>,
    {
        self.newer_at(clock::instant(), than, ask).await
    }

    async fn newer_at<F>(&self, now: Instant, than: &Arc<T>, ask: F) -> Result<Arc<T>, Away>
    where
        F: Future<Output = Result<T, Away>>,
    {
        let mut failed = self.failed.lock().await;
        if let Some(known) = self.known()
            && (!Arc::ptr_eq(&known.what, than) || now.duration_since(known.since) < PAUSE)
        {
            return Ok(known.what);
        }
        self.ask(now, &mut failed, ask).await
    }

    async fn ask<F>(&self, now: Instant, failed: &mut Option<(Instant, Away)>, ask: F) -> Result<Arc<T>, Away>
    where
        F: Future<Output = Result<T, Away>>,
    {
        if let Some((_, away)) = failed.as_ref().filter(|(at, _)| now.duration_since(*at) < PAUSE) {
            return Err(away.clone());
        }
        let began = clock::instant();
        match ask.await {
            Ok(what) => {
                let what = Arc::new(what);
                let known = Known { what: what.clone(), since: now };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
                *failed = None;
                Ok(what)
            }
            Err(away) => {
                tracing::warn!(%away, "another server is away; what is known of it is used");
                // From when it was given up, which may have taken a while.
                *failed = Some((now + began.elapsed(), away.clone()));
                Err(away)
            }
        }
    }

    fn known(&self) -> Option<Known<T>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// Counts how often it is asked; away while `away` is set.
    #[derive(Default)]
    struct Place {
        asked: AtomicU32,
        away: std::sync::atomic::AtomicBool,
    }

    impl Place {
        async fn ask(&self) -> Result<u32, Away> {
            let n = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            if self.away.load(Ordering::SeqCst) { Err(Away("away".into())) } else { Ok(n) }
        }

        fn is_away(&self, away: bool) {
            self.away.store(away, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn however_many_want_it_one_asks_and_again_after_an_hour() {
        let (kept, place, now) = (Kept::default(), Place::default(), clock::instant());
        let all = join_all((0..20).map(|_| kept.get_at(now, place.ask()))).await;
        assert!(all.into_iter().all(|got| *got.unwrap() == 1));
        assert_eq!(*kept.get_at(now + FRESH - PAUSE, place.ask()).await.unwrap(), 1);
        assert_eq!(*kept.get_at(now + FRESH, place.ask()).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn what_is_known_is_used_for_a_day_while_the_place_is_away() {
        let (kept, place, now) = (Kept::default(), Place::default(), clock::instant());
        kept.get_at(now, place.ask()).await.unwrap();
        place.is_away(true);
        assert_eq!(*kept.get_at(now + FRESH * 23, place.ask()).await.unwrap(), 1);
        assert!(kept.get_at(now + USABLE, place.ask()).await.is_err());
        place.is_away(false);
        assert!(kept.get_at(now + USABLE + PAUSE * 2, place.ask()).await.is_ok());
    }

    #[tokio::test]
    async fn a_place_that_is_away_is_asked_once_in_a_while() {
        let (kept, place, now) = (Kept::default(), Place::default(), clock::instant());
        place.is_away(true);
        for _ in 0..10 {
            assert!(kept.get_at(now, place.ask()).await.is_err());
        }
        assert_eq!(place.asked.load(Ordering::SeqCst), 1);
        assert!(kept.get_at(now + PAUSE * 2, place.ask()).await.is_err());
        assert_eq!(place.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn something_newer_is_asked_for_once_in_a_while_however_often_something_is_missing() {
        let (kept, place, now) = (Kept::default(), Place::default(), clock::instant());
        let first = kept.get_at(now, place.ask()).await.unwrap();
        assert_eq!(*kept.newer_at(now, &first, place.ask()).await.unwrap(), 1, "it is new");
        let later = now + PAUSE;
        let all = join_all((0..20).map(|_| kept.newer_at(later, &first, place.ask()))).await;
        assert!(all.into_iter().all(|got| *got.unwrap() == 2));
        place.is_away(true);
        let (known, last) = (kept.get_at(later, place.ask()).await.unwrap(), later + PAUSE);
        assert!(
            kept.newer_at(last, &known, place.ask()).await.is_err(),
            "whether there is something newer is not known"
        );
        assert_eq!(*kept.get_at(last, place.ask()).await.unwrap(), 2);
    }
}
