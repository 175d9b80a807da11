//! Where pictures are kept: a folder, or a bucket that speaks S3.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutOptions,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
};
use plenum_service::{Env, Lifecycle};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    avatars::{Kept, Pictures, picture},
    error::StoreUnavailable,
};

/// How long a call may take, from the caller's wish to its end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a bucket may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How often a request to a bucket is sent again, while there is time.
const AGAIN: usize = 2;
/// Calls at once; others wait, no longer than their caller would.
const AT_ONCE: usize = 64;
/// Bytes of a picture that is given. Ours are smaller: it is somebody else's file.
const GIVEN_MAX: u64 = 4 * 1024 * 1024;

/// `AVATAR_STORE`: where pictures are kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder, made when the first picture is kept.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

/// `s3://bucket/prefix`, and the `AWS_*` that say how to reach it.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
    prefix: String,
    region: String,
    endpoint: Option<String>,
    key: Option<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    id: String,
    secret: SecretString,
    token: Option<SecretString>,
}

impl Place {
    /// Reads the variables. Without `AVATAR_STORE` it is the folder `avatars` beside the database's file, if there is one.
    pub fn read(env: &mut Env, database_url: &str) -> Self {
        let Some(text) = env.text("AVATAR_STORE") else {
            return Self::Folder(beside(database_url));
        };
        match text.split_once("://") {
            None => Self::Folder(text.into()),
            Some(("s3", place)) => Self::Bucket(Bucket::read(env, place)),
            Some(_) => {
                env.problem(format!(
                    "AVATAR_STORE must be the path of a folder or s3://bucket/prefix, not {text:?}"
                ));
                Self::Folder(beside(database_url))
            }
        }
    }
}

/// The folder `avatars` in the folder of an SQLite database, or in `data`.
fn beside(database_url: &str) -> PathBuf {
    let path = database_url.strip_prefix("sqlite://").map(|path| path.split('?').next().unwrap_or(path));
    let folder = path.map(std::path::Path::new).and_then(std::path::Path::parent);
    folder.unwrap_or_else(|| std::path::Path::new("data")).join("avatars")
}

impl Bucket {
    fn read(env: &mut Env, place: &str) -> Self {
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b));
        if name.is_empty() || !plain(name) || !plain(prefix) || Path::parse(prefix.trim_matches('/')).is_err()
        {
            env.problem(format!(
                "AVATAR_STORE must name a bucket and perhaps a prefix as s3://bucket/prefix, not \"s3://{place}\""
            ));
        }
        let (id, secret) = (env.text("AWS_ACCESS_KEY_ID"), env.secret("AWS_SECRET_ACCESS_KEY"));
        let token = env.secret("AWS_SESSION_TOKEN");
        let key = match (id, secret) {
            (Some(id), Some(secret)) => Some(Key { id, secret, token }),
            (None, None) => None,
            _ => {
                env.problem(
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together; set both or neither",
                );
                None
            }
        };
        let endpoint = env.text("AWS_ENDPOINT_URL");
        if let Some(endpoint) = &endpoint
            && !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme))
        {
            env.problem(format!("AWS_ENDPOINT_URL must begin with http:// or https://, not {endpoint:?}"));
        }
        Self {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            region: env.text("AWS_REGION").unwrap_or_else(|| "us-east-1".into()),
            endpoint,
            key,
        }
    }

    fn open(&self) -> Result<AmazonS3, Error> {
        let plain = self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let client =
            ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(PATIENCE).with_allow_http(plain);
        let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), ..BackoffConfig::default() };
        let retry = RetryConfig { backoff, max_retries: AGAIN, retry_timeout: PATIENCE };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        // Without a key it is the machine's own role, asked for where such machines tell it.
        if let Some(Key { id, secret, token }) = &self.key {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
            if let Some(token) = token {
                builder = builder.with_token(token.expose_secret());
            }
        }
        builder.build()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "the folder {}", path.display()),
            Self::Bucket(bucket) => write!(f, "s3://{}/{}", bucket.name, bucket.prefix),
        }
    }
}

/// Pictures in a folder or a bucket. Clones are the same.
#[derive(Clone)]
pub struct KeptPictures(Arc<Inner>);

struct Inner {
    place: Place,
    store: OnceCell<Arc<dyn ObjectStore>>,
    calls: Arc<Semaphore>,
    life: Lifecycle,
}

impl KeptPictures {
    /// Pictures at this place. Nothing is opened, made or asked before it is needed.
    #[must_use]
    pub fn at(place: Place, life: Lifecycle) -> Self {
        let calls = Arc::new(Semaphore::new(AT_ONCE));
        Self(Arc::new(Inner { place, store: OnceCell::new(), calls, life }))
    }

    async fn store(&self) -> Result<&Arc<dyn ObjectStore>, StoreUnavailable> {
        let open = || async {
            let this = self.clone();
            let opened = tokio::task::spawn_blocking(move || this.open()).await;
            opened.map_err(|error| self.away(&error))?
        };
        self.0.store.get_or_try_init(open).await
    }

    fn open(&self) -> Result<Arc<dyn ObjectStore>, StoreUnavailable> {
        Ok(match &self.0.place {
            Place::Folder(path) => {
                std::fs::create_dir_all(path).map_err(|error| self.away(&error))?;
                let folder = LocalFileSystem::new_with_prefix(path).map_err(|error| self.away(&error))?;
                Arc::new(folder.with_fsync(true))
            }
            Place::Bucket(bucket) => Arc::new(bucket.open().map_err(|error| self.away(&error))?),
        })
    }

    fn path(&self, kept: &Kept) -> Path {
        match &self.0.place {
            Place::Bucket(bucket) if !bucket.prefix.is_empty() => {
                Path::from(format!("{}/{}", bucket.prefix, kept.file()))
            }
            _ => Path::from(kept.file()),
        }
    }

    /// A call that ends in time for its caller. What hangs keeps its place among the calls until it ends, so that no more of
    /// them than there are places ever hang.
    async fn call<T: Send + 'static, F>(
        &self,
        call: impl FnOnce(Arc<dyn ObjectStore>) -> F + Send + 'static,
    ) -> Result<Option<T>, StoreUnavailable>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let called = async {
            let place = self.0.calls.clone().acquire_owned().await.map_err(|error| self.away(&error))?;
            let this = self.clone();
            let called = self.0.life.spawn(async move {
                let store = this.store().await?.clone();
                let called = call(store).await;
                drop(place);
                match called {
                    Ok(given) => Ok(Some(given)),
                    Err(Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(this.away(&error)),
                }
            });
            let stopped = || StoreUnavailable(format!("{}: the process stops", self.0.place));
            called.await.ok().flatten().unwrap_or_else(|| Err(stopped()))
        };
        let late = || StoreUnavailable(format!("{}: no answer within {PATIENCE:?}", self.0.place));
        tokio::time::timeout(PATIENCE, called).await.unwrap_or_else(|_| Err(late()))
    }

    /// The error with what is behind it, which alone says what to do.
    fn away(&self, error: &dyn std::error::Error) -> StoreUnavailable {
        let mut text = format!("{}: {error}", self.0.place);
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        StoreUnavailable(text)
    }
}

#[async_trait]
impl Pictures for KeptPictures {
    async fn keep(&self, kept: &Kept, picture: Bytes) -> Result<(), StoreUnavailable> {
        let path = self.path(kept);
        let mut attributes = Attributes::new();
        if let (Place::Bucket(_), Some(media_type)) = (&self.0.place, picture::media_type(&picture)) {
            attributes.insert(Attribute::ContentType, media_type.into());
        }
        let options = PutOptions { attributes, ..PutOptions::default() };
        let kept = self
            .call(move |store| async move { store.put_opts(&path, picture.into(), options).await })
            .await?;
        let nowhere = || StoreUnavailable(format!("{}: it is not there", self.0.place)); // the bucket, or what was the folder
        kept.map(drop).ok_or_else(nowhere)
    }

    async fn give(&self, kept: &Kept) -> Result<Option<Bytes>, StoreUnavailable> {
        let path = self.path(kept);
        let call = move |store: Arc<dyn ObjectStore>| async move {
            let found = store.get(&path).await?;
            if found.meta.size > GIVEN_MAX {
                let source = format!("{path} has {} bytes", found.meta.size).into();
                return Err(Error::Generic { store: "pictures", source });
            }
            found.bytes().await
        };
        self.call(call).await
    }

    async fn remove(&self, kept: &Kept) -> Result<(), StoreUnavailable> {
        let path = self.path(kept);
        let removed = self.call(move |store| async move { store.delete(&path).await }).await?;
        match (removed, &self.0.place) {
            // Where the whole folder is not there, as while it is moved, the picture may come back with it.
            (None, Place::Folder(folder)) if !tokio::fs::try_exists(folder).await.unwrap_or(false) => {
                Err(StoreUnavailable(format!("{}: it is not there", self.0.place)))
            }
            _ => Ok(()),
        }
    }
}
