//! Avatars: a small square picture of a user, kept beside the database.
//!
//! Whose picture is which stands in the database; the pictures themselves are in a folder or a bucket, each under a name that
//! is never used again. A name is noted as one to be removed before its picture is kept, and taken off that list when it
//! becomes a user's: whatever happens in between, and when that picture is replaced, taken away, or its account deleted,
//! somebody removes it.

pub mod picture;

use std::{
    collections::HashSet,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{ErrorCode, UserId, error::Problem};
use plenum_service::{Lifecycle, clock};
use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::MissedTickBehavior,
};

use crate::{
    accounts::{User, UserStore},
    error::{Error, StoreUnavailable},
    turns::Turns,
};

use self::picture::Unfit;

/// Files that are received, read and kept at once. Past it: [`Error::Busy`].
const AT_ONCE: usize = 16;
/// Threads that read pictures: one picture may take 300 MB.
const READERS: usize = 1;
/// How long a picture that was kept may take to become a user's.
const ADOPTED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// How often pictures are looked for that have to be removed, beside at once.
const EVERY: Duration = Duration::from_secs(5);
/// Pictures removed in one round.
const REMOVED_AT_ONCE: u64 = 100;
/// Bytes of a file's hash in its name.
const HASH_BYTES: usize = 16;
/// Random bytes of a name.
const MARK_BYTES: usize = 8;

/// The name of a picture of a user: what is in it, and which keeping of it. No two keepings have one name, so that
/// whoever removes one never removes another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureName(String);

impl PictureName {
    /// A new name for a picture.
    pub fn new(picture: &[u8]) -> Result<Self, Error> {
        let drawn = SysRng.try_next_u64();
        let mark =
            drawn.map_err(|error| Error::Internal(format!("a picture can't be given a name: {error}")))?;
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&Sha256::digest(picture)[..HASH_BYTES]);
        Ok(Self(format!("{:032x}-{mark:016x}", u128::from_be_bytes(hash))))
    }

    /// Reads a name as it was written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, mark) = text.split_once('-')?;
        let is_hex = |text: &str, bytes: usize| {
            text.len() == 2 * bytes && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        (is_hex(hash, HASH_BYTES) && is_hex(mark, MARK_BYTES)).then(|| Self(text.to_owned()))
    }

    /// What is the same for pictures that are the same.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.0[..2 * HASH_BYTES]
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where clients find it, which is another address than that of any other picture.
    #[must_use]
    pub fn address(&self, user: &UserId) -> String {
        format!("{}{self}", address(user))
    }

    /// The name in an address; none when that is somewhere else.
    #[must_use]
    pub fn at(user: &UserId, picture: &str) -> Option<Self> {
        Self::parse(picture.strip_prefix(&address(user))?)
    }
}

fn address(user: &UserId) -> String {
    format!("/api/users/{user}/avatar?v=")
}

impl fmt::Display for PictureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A picture that is kept, or was: whose it is, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub name: PictureName,
}

impl Kept {
    /// The name of its file or object.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}", self.user, self.name)
    }
}

/// Where it stands whose picture is which. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait AvatarStore: Send + Sync {
    /// Notes that a picture is to be removed from `due` on, unless it is a user's by then.
    async fn announce(&self, kept: &Kept, due: Timestamp) -> Result<(), StoreUnavailable>;
    /// Makes an announced picture a user's, or takes theirs away; the one before, if we keep it, is to be removed from now
    /// on. All or nothing. None when the account is gone, or the picture is not announced any more.
    async fn adopt(
        &self,
        user: &UserId,
        name: Option<&PictureName>,
        at: Timestamp,
    ) -> Result<Option<User>, StoreUnavailable>;
    /// Pictures that are to be removed at this time, `most` of them.
    async fn to_remove(&self, at: Timestamp, most: u64) -> Result<Vec<Kept>, StoreUnavailable>;
    /// A picture was removed.
    async fn is_removed(&self, kept: &Kept) -> Result<(), StoreUnavailable>;
}

/// Where pictures are kept. Each call ends in a few seconds.
#[async_trait]
pub trait Pictures: Send + Sync {
    /// Keeps one.
    async fn keep(&self, kept: &Kept, picture: Bytes) -> Result<(), StoreUnavailable>;
    /// Gives one. None when it is not there.
    async fn give(&self, kept: &Kept) -> Result<Option<Bytes>, StoreUnavailable>;
    /// Removes one, if it is there.
    async fn remove(&self, kept: &Kept) -> Result<(), StoreUnavailable>;
}

/// What somebody who asks for an avatar gets.
#[derive(Debug, Clone)]
pub enum Shown {
    /// The one that they have.
    Same(PictureName),
    /// A picture.
    Picture(PictureName, Bytes),
}

/// Everything that is done with avatars. Clones are the same.
#[derive(Clone)]
pub struct Avatars {
    users: Arc<dyn UserStore>,
    store: Arc<dyn AvatarStore>,
    pictures: Arc<dyn Pictures>,
    places: Arc<Semaphore>,
    /// Whose files are received: one of each user, so that none takes all places.
    sending: Arc<Mutex<HashSet<UserId>>>,
    readers: Turns,
    look: Arc<Notify>,
}

/// A place among those whose files are received and read.
pub struct Place {
    _held: OwnedSemaphorePermit,
    user: UserId,
    sending: Arc<Mutex<HashSet<UserId>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.sending).remove(&self.user);
    }
}

fn lock(sending: &Mutex<HashSet<UserId>>) -> MutexGuard<'_, HashSet<UserId>> {
    sending.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Avatars {
    /// Avatars of these users.
    pub fn new(
        users: Arc<dyn UserStore>,
        store: Arc<dyn AvatarStore>,
        pictures: Arc<dyn Pictures>,
    ) -> Result<Self, Error> {
        Ok(Self {
            users,
            store,
            pictures,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            sending: Arc::default(),
            readers: Turns::new("pictures", READERS, AT_ONCE)?,
            look: Arc::default(),
        })
    }

    /// A place for who is about to send a file, one for each user; to be taken before the file is.
    pub fn place(&self, user: &UserId) -> Result<Place, Error> {
        let held = self.places.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        if !lock(&self.sending).insert(user.clone()) {
            return Err(Error::Busy);
        }
        Ok(Place { _held: held, user: user.clone(), sending: self.sending.clone() })
    }

    /// Makes an avatar of a file, and makes it a user's.
    pub async fn change(
        &self,
        user: &UserId,
        file: Bytes,
        place: Place,
        now: Timestamp,
    ) -> Result<User, Error> {
        let made = move || {
            // A decoder that panics has met a file that is none.
            let read = catch_unwind(AssertUnwindSafe(|| picture::avatar(&file)));
            read.unwrap_or(Err(Unfit::Broken)).map_err(refused)
        };
        let picture = self.readers.work(made).await?;
        let kept = Kept { user: user.clone(), name: PictureName::new(&picture)? };
        self.store.announce(&kept, now + ADOPTED_WITHIN).await?;
        self.pictures.keep(&kept, picture.into()).await?;
        drop(place);
        let changed = self.store.adopt(user, Some(&kept.name), now).await?;
        self.look();
        changed.ok_or(Error::UserNotFound)
    }

    /// Takes a user's picture away, if they have one.
    pub async fn remove(&self, user: &UserId, now: Timestamp) -> Result<User, Error> {
        let changed = self.store.adopt(user, None, now).await?;
        self.look();
        changed.ok_or(Error::UserNotFound)
    }

    /// A user's avatar, unless who asks `has` it.
    pub async fn show(&self, user: &UserId, has: impl Fn(&PictureName) -> bool) -> Result<Shown, Error> {
        let mut missing = None;
        loop {
            let found = self.users.by_id(user).await?.ok_or(Error::UserNotFound)?;
            let name = found.picture.and_then(|picture| PictureName::at(user, &picture));
            let name = name.ok_or(Error::Refused(ErrorCode::AvatarNotFound))?;
            if has(&name) {
                return Ok(Shown::Same(name));
            }
            if missing.as_ref() == Some(&name) {
                tracing::warn!(%user, picture = %name, "a user's picture is not where pictures are kept");
                return Err(Error::Refused(ErrorCode::AvatarNotFound));
            }
            let kept = Kept { user: user.clone(), name };
            match self.pictures.give(&kept).await? {
                Some(picture) => return Ok(Shown::Picture(kept.name, picture)),
                None => missing = Some(kept.name), // it was replaced a moment ago, most likely
            }
        }
    }

    /// Some pictures have to be removed: at once.
    pub fn look(&self) {
        self.look.notify_one();
    }

    /// Removes what is to be removed, here or by another process, until this process stops.
    pub fn keep_removing(&self, life: &Lifecycle) {
        let (avatars, stopping) = (self.clone(), life.clone());
        life.spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = avatars.look.notified() => {}
                    () = stopping.stopping() => return,
                }
                tokio::select! {
                    removed = avatars.remove_what_is_due(clock::now()) => if let Err(error) = removed {
                        tracing::warn!(%error, "pictures that nobody has any more were not removed; trying again");
                    },
                    () = stopping.stopping() => return, // another round, or another process, goes on
                }
            }
        });
    }

    async fn remove_what_is_due(&self, now: Timestamp) -> Result<(), StoreUnavailable> {
        for kept in self.store.to_remove(now, REMOVED_AT_ONCE).await? {
            self.pictures.remove(&kept).await?;
            self.store.is_removed(&kept).await?;
        }
        Ok(())
    }
}

fn refused(unfit: Unfit) -> Error {
    let problem = match unfit {
        Unfit::Type => Problem::said(ErrorCode::UnsupportedMediaType, "unsupported_media_type.picture"),
        Unfit::Broken => ErrorCode::InvalidImage.into(),
        Unfit::TooManyPixels => Problem::said(ErrorCode::InvalidImage, "invalid_image.large"),
    };
    Error::Invalid(vec![problem])
}
