//! Login sessions: beginning, knowing whose they are, ending.

mod follow;
mod known;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{Caller, SessionId, UserId};
use plenum_service::{Lifecycle, clock};

use crate::{
    error::{Error, StoreUnavailable},
    proof::Proof,
    scopes::Scopes,
    second_factor::Required,
    sweeping,
    tokens::{Token, TokenHash},
};
use known::Known;

/// How long the end of a session is kept for those who can't read it now; no session stays known longer without the
/// store.
const ENDS_KEPT: SignedDuration = SignedDuration::from_mins(15);
/// For how long a session counts as one that has just begun.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// Sessions of one user that are listed.
const LISTED_MAX: u64 = 200;

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct Session {
    /// Not its token.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// From then on it is invalid.
    pub expires_at: Timestamp,
    /// What it is used by, as that says itself: a `User-Agent`.
    pub device: Option<String>,
    /// When it was used last, to the minute.
    pub used_at: Timestamp,
}

/// Some of a user's sessions.
#[derive(Debug, Clone)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// All others than this one.
    AllBut(SessionId),
    /// All.
    All,
}

/// A session that was ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Which.
    pub session: SessionId,
    /// The hash of its token.
    pub token: TokenHash,
}

/// What a caller shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The token of a browser's session, in its cookie.
    Cookie,
    /// A short-lived token of an app's session, which holds no cookies.
    Access,
    /// A token that its user made for a script.
    Personal,
    /// A token that a trusted issuer has signed; what stands for it here is its hash.
    Trusted,
}

/// Who a caller is, and by what.
#[derive(Debug, Clone)]
pub struct Identified {
    /// Who.
    pub caller: Caller,
    /// What they may do by this; none where that is everything of their own.
    pub scopes: Option<Scopes>,
    /// Whether they have to set up a second factor before they do anything else.
    pub must_set_up: bool,
}

/// A stored session with the name that its user is shown by.
#[derive(Debug, Clone)]
pub struct NamedSession {
    /// The session.
    pub session: Session,
    /// The text of its token's hash.
    pub token_hash: String,
    /// The name shown to others.
    pub name: String,
    /// From then on the token is worth nothing, although the session may go on.
    pub token_expires_at: Timestamp,
    /// What may be done by this token; none where that is everything.
    pub scopes: Option<Scopes>,
    /// Its user's roles.
    pub roles: Vec<String>,
    /// Whether its user has a second factor.
    pub has_second_factor: bool,
    /// The code of the one meeting that a guest may come to; none for who has an account.
    pub guest: Option<String>,
}

/// The end of a session, for every process that uses the same store.
#[derive(Debug, Clone)]
pub struct End {
    /// It rises; two that are added at once may be seen in another order.
    pub number: i64,
    /// Which session.
    pub session: SessionId,
    /// The hash of its token.
    pub token: TokenHash,
}

/// Where sessions are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session for who has shown who they are. False when that holds no more: the account has another password or
    /// second factor by now, is disabled or gone, or is not linked with the identity any more.
    async fn add(&self, session: &Session, hash: &TokenHash, proof: &Proof)
    -> Result<bool, StoreUnavailable>;
    /// The session of a token of this kind, if its user is still there and not disabled.
    async fn find(&self, kind: Kind, hash: &TokenHash) -> Result<Option<NamedSession>, StoreUnavailable>;
    /// A user's sessions that are not over, the last used first, `most` of them.
    async fn of_user(
        &self,
        user: &UserId,
        now: Timestamp,
        most: u64,
    ) -> Result<Vec<Session>, StoreUnavailable>;
    /// Deletes some of a user's sessions and adds their ends, all or none. Says which there were.
    async fn end_some(
        &self,
        user: &UserId,
        which: &Which,
        at: Timestamp,
    ) -> Result<Vec<Ended>, StoreUnavailable>;
    /// Gives a session another token, and adds the end of the one before, which is no session's end. False when it is not
    /// there.
    async fn change_token(
        &self,
        session: &SessionId,
        before: &TokenHash,
        after: &TokenHash,
        at: Timestamp,
    ) -> Result<bool, StoreUnavailable>;
    /// Notes that a session, or a personal token, is used.
    async fn used(&self, kind: Kind, session: &SessionId, at: Timestamp) -> Result<(), StoreUnavailable>;
    /// The number after which the ends since `since` stand.
    async fn ends_before(&self, since: Timestamp) -> Result<i64, StoreUnavailable>;
    /// The ends after a number, in order, `most` at once.
    async fn ends_after(&self, number: i64, most: u64) -> Result<Vec<End>, StoreUnavailable>;
    /// Deletes ends from before a time, `most` at once, and says how many.
    async fn remove_ends(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
    /// Deletes sessions that expired before `now` or were not used since `unused_since`, `most` at once, and says how many.
    async fn remove_expired(
        &self,
        now: Timestamp,
        unused_since: Timestamp,
        most: u64,
    ) -> Result<u64, StoreUnavailable>;
}

/// Told when a session has ended, so that its sockets are closed. Whoever implements it tries again by itself.
#[async_trait]
pub trait SessionEnds: Send + Sync {
    /// The session has ended and its row is gone.
    async fn ended(&self, session: &SessionId);
}

/// Everything that is done with sessions. Clones share the same.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Since they began.
    pub absolute: SignedDuration,
    /// Since they were used last.
    pub idle: SignedDuration,
    /// Whether a user has one session only: another login ends those before.
    pub single: bool,
}

struct Inner {
    store: Arc<dyn SessionStore>,
    known: Known,
    lifetimes: Lifetimes,
    ends: Arc<dyn SessionEnds>,
    life: Lifecycle,
}

impl Sessions {
    /// Sessions that are kept in `store`. Of some users a second factor is required.
    pub fn new(
        store: Arc<dyn SessionStore>,
        lifetimes: Lifetimes,
        required: Required,
        ends: Arc<dyn SessionEnds>,
        life: Lifecycle,
    ) -> Self {
        Self(Arc::new(Inner {
            known: Known::new(store.clone(), lifetimes.idle, required),
            store,
            lifetimes,
            ends,
            life,
        }))
    }

    /// Begins a session for who has shown who they are, used by what calls itself `device`. No other session of the user ends
    /// by that, unless they may have only one. Refused when what was shown holds no more.
    pub async fn begin(
        &self,
        proof: &Proof,
        device: Option<String>,
        now: Timestamp,
    ) -> Result<(Token, SessionId), Error> {
        let token = Token::random()?;
        let session = Session {
            id: SessionId::random(),
            user: proof.user.clone(),
            created_at: now,
            expires_at: now.saturating_add(self.0.lifetimes.absolute).unwrap_or(Timestamp::MAX),
            device,
            used_at: now,
        };
        if !self.0.store.add(&session, &token.hash(), proof).await? {
            return Err(proof.refused());
        }
        self.has_begun(&session, now).await?;
        Ok((token, session.id))
    }

    /// A session has begun, of whatever kind: where a user may have only one, those before end.
    pub(crate) async fn has_begun(&self, session: &Session, now: Timestamp) -> Result<(), Error> {
        if self.0.lifetimes.single {
            self.end_some(&session.user, Which::AllBut(session.id.clone()), now).await?;
        }
        Ok(())
    }

    /// A user's sessions that are not over, the last used first.
    pub async fn of_user(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
        let mut sessions = self.0.store.of_user(user, now, LISTED_MAX).await?;
        sessions.retain(|session| now.duration_since(session.used_at) < self.0.lifetimes.idle);
        Ok(sessions)
    }

    /// Ends some of a user's sessions, and says how many there were: when this returns their tokens are invalid here, and the
    /// others have been told. Goes on even when the caller leaves.
    pub async fn end_some(&self, user: &UserId, which: Which, now: Timestamp) -> Result<usize, Error> {
        let (sessions, user) = (self.clone(), user.clone());
        let ending = self.0.life.spawn(async move {
            let ended = sessions.0.store.end_some(&user, &which, now).await?;
            sessions.have_ended(&ended).await;
            Ok(ended.len())
        });
        match ending.await {
            Ok(Some(ended)) => ended,
            Ok(None) => Err(Error::Internal("the process ended before the session did".into())),
            Err(error) => Err(Error::Internal(format!("ending a session failed: {error}"))),
        }
    }

    /// These sessions are in the store no more: forgets them here, and tells the others. Where the caller leaves, those who
    /// read ends do it.
    pub async fn have_ended(&self, ended: &[Ended]) {
        futures_util::future::join_all(ended.iter().map(async |Ended { session, token }| {
            self.0.known.forget(*token, Some(session)).await;
            self.0.ends.ended(session).await;
        }))
        .await;
    }

    /// Gives a session another token: who knows the one before has nothing any more. The session goes on, its sockets too.
    pub async fn change_token(
        &self,
        token: &Token,
        session: &SessionId,
        now: Timestamp,
    ) -> Result<Token, Error> {
        let next = Token::random()?;
        if !self.0.store.change_token(session, &token.hash(), &next.hash(), now).await? {
            return Err(Error::InvalidSession);
        }
        self.0.known.forget(token.hash(), None).await;
        Ok(next)
    }

    /// Whether this browser's session began in the last ten minutes.
    pub async fn is_recent(&self, token: &Token, now: Timestamp) -> Result<bool, Error> {
        let found = self.0.store.find(Kind::Cookie, &token.hash()).await?.ok_or(Error::InvalidSession)?;
        Ok((SignedDuration::ZERO..RECENT).contains(&now.duration_since(found.session.created_at)))
    }

    /// The next request of this session asks the store.
    pub async fn look_again(&self, kind: Kind, token: &Token) {
        self.0.known.look_again(kind, &token.hash()).await;
    }

    /// Whose session this is: [`Error::InvalidSession`] when it is nobody's, [`Error::Store`] when that can't
    /// be known now.
    pub async fn authenticate(&self, token: &Token, now: Timestamp) -> Result<Caller, Error> {
        Ok(self.identify(Kind::Cookie, token, now).await?.caller)
    }

    /// The same for a token of any kind, with what it may be used for.
    pub async fn identify(&self, kind: Kind, token: &Token, now: Timestamp) -> Result<Identified, Error> {
        self.0.known.caller(kind, &token.hash(), now).await
    }

    /// Whether this token's session was ended not long ago, as far as this process has read.
    pub async fn has_ended(&self, kind: Kind, token: &Token) -> bool {
        self.0.known.session_has_ended(kind, &token.hash()).await
    }

    /// Deletes what has expired, and ends that everybody has read; says how many sessions had expired.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, StoreUnavailable> {
        let Inner { store, lifetimes, life, .. } = &*self.0;
        let unused_since = now.saturating_sub(lifetimes.idle).unwrap_or(Timestamp::MIN);
        let gone = sweeping::sweep(life, |most| store.remove_expired(now, unused_since, most)).await?;
        let read = now.saturating_sub(ENDS_KEPT).unwrap_or(Timestamp::MIN);
        sweeping::sweep(life, |most| store.remove_ends(read, most)).await?;
        Ok(gone)
    }

    /// Sweeps now and then every hour, until the process is told to stop.
    pub fn keep_swept(&self) {
        let sessions = self.clone();
        sweeping::keep_swept(&self.0.life, "sessions", move || {
            let sessions = sessions.clone();
            async move { sessions.sweep(clock::now()).await }
        });
    }
}
