use std::{future::Future, sync::Arc, time::Duration};

use firestore::{
    FirestoreDb, FirestoreDbOptions,
    errors::FirestoreError,
    gcloud_sdk::{
        RequestTimeouts,
        google_cloud_auth::credentials::Credentials,
        tonic::{Code, Request},
    },
};
use tokio::sync::{Mutex, OnceCell};

use super::access::FirestoreConfig;

/// How long one request may take. Past it the connection counts as dead, and the next request makes another:
/// a peer that fell silent would otherwise hold it for minutes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that is made when it is first needed, and again when it seems dead. Clones share it.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: FirestoreDbOptions,
    credentials: Credentials,
    current: Mutex<Arc<OnceCell<FirestoreDb>>>,
}

impl Connection {
    pub fn new(config: &FirestoreConfig, credentials: Credentials) -> Self {
        let options = FirestoreDbOptions::new(config.project().to_owned())
            .with_firebase_api_url(config.url().to_owned())
            .with_max_retries(0) // asking again is the matter of `Bounded`
            .with_request_timeout(PATIENCE);
        Self(Arc::new(Shared { options, credentials, current: Mutex::default() }))
    }

    /// Sends a request.
    pub async fn ask<T, F>(&self, send: impl FnOnce(FirestoreDb) -> F) -> Result<T, FirestoreError>
    where
        F: Future<Output = Result<T, FirestoreError>>,
    {
        let Shared { options, credentials, current } = &*self.0;
        let cell = current.lock().await.clone();
        let connect = || FirestoreDb::with_options_auth(options.clone(), credentials.clone());
        let answer = send(cell.get_or_try_init(connect).await?.clone()).await;
        if answer.as_ref().is_err_and(is_silence) {
            let mut current = current.lock().await;
            if Arc::ptr_eq(&current, &cell) {
                *current = Arc::default();
            }
        }
        answer
    }
}

/// A request of the plain protocol, bounded as those of the library are.
pub fn request<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(RequestTimeouts::new().with_total(PATIENCE));
    request
}

fn is_silence(error: &FirestoreError) -> bool {
    matches!(error, FirestoreError::DatabaseError(error) if error.public.code == format!("{:?}", Code::DeadlineExceeded))
}
