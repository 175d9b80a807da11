//! What admins may see and do, and the record of it.
//!
//! Whoever has the role `admin` is one; only an operator at the machine gives it. What an admin does is written down before it is
//! done: what can't be written down is not done.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{Caller, ErrorCode, UserId};
use plenum_service::{
    Lifecycle, clock,
    incidents::{self, Incident},
};

use crate::{
    accounts::{User, UserStore},
    error::{Error, StoreUnavailable},
    operator::OperatorStore,
    sessions::{Ended, SessionStore, Sessions, Which},
    store::SqlStore,
    sweeping,
};

/// The role.
pub const ROLE: &str = "admin";
/// Characters of the reason that an admin gives.
pub const REASON_MAX: usize = 300;
/// Rows of a page.
pub const PAGE: u16 = 100;
/// Rows of the record that are exported by one question.
const EXPORTED_AT_ONCE: u64 = 500;
/// How long incidents are kept.
const INCIDENTS_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Incidents that a process keeps at once; with [`KEPT_EVERY`], the most that it adds to the table.
const KEPT_AT_ONCE: usize = 200;
const KEPT_EVERY: Duration = Duration::from_secs(1);

/// Something that an admin or an operator does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who; none for an operator at the machine.
    pub actor: Option<UserId>,
    /// Their name.
    pub name: String,
    /// From where; empty at the machine.
    pub address: String,
    /// What, such as `account.disable`.
    pub act: String,
    /// To what.
    pub target: String,
    /// Why, as they say.
    pub reason: String,
}

/// A deed as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Rising.
    pub number: i64,
    /// What was done.
    pub deed: Deed,
    /// `begun`, `done`, or why it was not.
    pub outcome: String,
}

/// An incident of some process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When it happened first.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
    /// How often.
    pub count: u32,
    /// What: the names of [`incidents::Kind`].
    pub kind: String,
    /// Why.
    pub code: String,
    /// To whom.
    pub user: Option<UserId>,
    /// Where.
    pub about: String,
    /// Which process noted it.
    pub process: String,
}

/// Where deeds are recorded. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Records one, with what is known of its outcome. Gives its number.
    async fn begin(&self, deed: &Deed, outcome: &str) -> Result<i64, StoreUnavailable>;
    /// Says what came of it.
    async fn finish(&self, number: i64, outcome: &str) -> Result<(), StoreUnavailable>;
    /// Those before a number, or the latest: newest first, `most` of them.
    async fn before(&self, number: Option<i64>, most: u64) -> Result<Vec<Recorded>, StoreUnavailable>;
    /// Those after a number: oldest first, `most` of them.
    async fn after(&self, number: i64, most: u64) -> Result<Vec<Recorded>, StoreUnavailable>;
}

/// Where incidents are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// Adds those of a process.
    async fn keep(&self, process: &str, incidents: &[Incident]) -> Result<(), StoreUnavailable>;
    /// The latest, newest first: of a user, of a kind, `most` of them.
    async fn latest(
        &self,
        user: Option<&UserId>,
        kind: Option<&str>,
        most: u64,
    ) -> Result<Vec<Happened>, StoreUnavailable>;
    /// Deletes those that ended before, `most` at once. Says how many.
    async fn forget(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
    /// Accounts, and sessions that are not over.
    async fn counts(&self, now: Timestamp) -> Result<(u64, u64), StoreUnavailable>;
}

/// An admin who asks for something.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// From which address.
    pub address: String,
}

/// What admins see and do. Clones are the same.
#[derive(Clone)]
pub struct Admins {
    store: Arc<SqlStore>,
    sessions: Sessions,
}

impl Admins {
    /// On this store.
    #[must_use]
    pub const fn new(store: Arc<SqlStore>, sessions: Sessions) -> Self {
        Self { store, sessions }
    }

    /// The caller as an admin. [`ErrorCode::NotAdmin`] for everybody else, which is remembered.
    pub async fn actor(&self, caller: &Caller, address: String) -> Result<Actor, Error> {
        let account = if caller.guest.is_some() { None } else { self.store.by_id(&caller.user).await? };
        let is_admin = |user: &User| user.disabled_at.is_none() && user.roles.iter().any(|role| role == ROLE);
        match account {
            Some(user) if is_admin(&user) => Ok(Actor { name: name_of(&user), user: user.id, address }),
            _ => {
                let (kind, code) = (incidents::Kind::Refused, ErrorCode::NotAdmin.as_str());
                incidents::note(kind, code, Some(caller.user.shared()), "/api/admin");
                Err(Error::Refused(ErrorCode::NotAdmin))
            }
        }
    }

    /// Does something in an admin's name. It is recorded first, and its outcome afterwards.
    pub async fn audited<T, E: Into<Error>>(
        &self,
        actor: &Actor,
        (act, target, reason): (&str, &str, &str),
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        let deed = Deed {
            at: clock::now(),
            actor: Some(actor.user.clone()),
            name: actor.name.clone(),
            address: actor.address.clone(),
            act: act.to_owned(),
            target: target.to_owned(),
            reason: reason.to_owned(),
        };
        audited(&*self.store, deed, async { work.await.map_err(Into::into) }, |error| {
            error.problems().first().map_or("internal", |problem| problem.code.as_str())
        })
        .await?
    }

    /// Disables an account, whose sessions and sockets end, or enables it. Nobody does that to oneself.
    pub async fn set_disabled(
        &self,
        actor: &Actor,
        user: &UserId,
        disabled: bool,
        reason: &str,
    ) -> Result<(), Error> {
        let act = if disabled { "account.disable" } else { "account.enable" };
        self.audited(actor, (act, user.as_str(), reason), async {
            not_oneself(actor, user)?;
            let ended = self.store.set_disabled(user, disabled, clock::now()).await?;
            self.have_ended(ended).await
        })
        .await
    }

    /// Ends all sessions of an account, and its sockets.
    pub async fn end_sessions(&self, actor: &Actor, user: &UserId, reason: &str) -> Result<(), Error> {
        self.audited(actor, ("account.end-sessions", user.as_str(), reason), async {
            not_oneself(actor, user)?;
            let known = self.store.by_id(user).await?.is_some();
            let ended = self.store.end_some(user, &Which::All, clock::now()).await?;
            self.have_ended(known.then_some(ended)).await
        })
        .await
    }

    async fn have_ended(&self, ended: Option<Vec<Ended>>) -> Result<(), Error> {
        self.sessions.have_ended(&ended.ok_or(Error::UserNotFound)?).await;
        Ok(())
    }

    /// Accounts behind an id; with `words` those in whose names or address it stands.
    pub async fn accounts(&self, after: Option<&UserId>, words: Option<&str>) -> Result<Vec<User>, Error> {
        Ok(self.store.accounts_after(after, words, PAGE.into()).await?)
    }

    /// Accounts, and sessions that are not over.
    pub async fn counts(&self) -> Result<(u64, u64), Error> {
        Ok(self.store.counts(clock::now()).await?)
    }

    /// The latest incidents, newest first, with those that are known `elsewhere`, and the names of those who have an account.
    pub async fn incidents(
        &self,
        user: Option<&UserId>,
        kind: Option<&str>,
        elsewhere: Vec<Happened>,
    ) -> Result<Vec<(Happened, Option<String>)>, Error> {
        let mut latest = self.store.latest(user, kind, PAGE.into()).await?;
        latest.extend(elsewhere);
        latest.sort_by_key(|happened| std::cmp::Reverse(happened.last));
        latest.truncate(PAGE.into());
        let mut names = std::collections::HashMap::new();
        for user in latest.iter().filter_map(|happened| happened.user.as_ref()) {
            if !names.contains_key(user) {
                names.insert(user.clone(), self.store.by_id(user).await?.as_ref().map(name_of));
            }
        }
        let with_name = |happened: Happened| {
            let name = happened.user.as_ref().and_then(|user| names.get(user).cloned().flatten());
            (happened, name)
        };
        Ok(latest.into_iter().map(with_name).collect())
    }

    /// A page of the record, newest first.
    pub async fn record(&self, before: Option<i64>) -> Result<Vec<Recorded>, Error> {
        Ok(self.store.before(before, PAGE.into()).await?)
    }

    /// The next part of the record, oldest first; none when there is no more.
    pub async fn exported(&self, after: i64) -> Result<Vec<Recorded>, Error> {
        Ok(self.store.after(after, EXPORTED_AT_ONCE).await?)
    }

    /// Keeps what went wrong up to the end of this process: who was cut because it stops, above all.
    pub async fn keep_last_incidents(&self, process: &str) {
        keep(&self.store, process, incidents::take_now()).await;
    }

    /// Keeps what goes wrong in this process in the store, and lets go what is old.
    pub fn keep_incidents(&self, process: String, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        life.spawn(async move {
            loop {
                tokio::select! {
                    some = incidents::take() => keep(&store, &process, some).await,
                    () = stopping.stopping() => return,
                }
                tokio::select! {
                    () = tokio::time::sleep(KEPT_EVERY) => {}
                    () = stopping.stopping() => return,
                }
            }
        });
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "incidents", move || {
            let (store, stopping) = (store.clone(), stopping.clone());
            async move {
                let before = clock::now() - INCIDENTS_KEPT;
                sweeping::sweep(&stopping, |most| store.forget(before, most)).await
            }
        });
    }
}

async fn keep(store: &SqlStore, process: &str, mut some: Vec<Incident>) {
    some.truncate(KEPT_AT_ONCE);
    if some.is_empty() {
        return;
    }
    // Those that can't be kept are in the log at least.
    if let Err(error) = store.keep(process, &some).await {
        tracing::warn!(%error, incidents = some.len(), "incidents were not kept");
    }
}

/// Records a deed, does it, and records what came of it. What can't be recorded is not done.
pub async fn audited<T, E>(
    store: &dyn AuditStore,
    deed: Deed,
    work: impl Future<Output = Result<T, E>>,
    code_of: impl FnOnce(&E) -> &'static str,
) -> Result<Result<T, E>, StoreUnavailable> {
    let number = store.begin(&deed, "begun").await?;
    let outcome = work.await;
    let came_to = outcome.as_ref().map_or_else(code_of, |_| "done");
    if let Err(error) = store.finish(number, came_to).await {
        tracing::warn!(%error, number, outcome = came_to, "the outcome of a recorded act was not recorded");
    }
    Ok(outcome)
}

/// What an admin sees as a user's name.
#[must_use]
pub fn name_of(user: &User) -> String {
    format!("{} {}", user.name, user.last_name)
}

fn not_oneself(actor: &Actor, user: &UserId) -> Result<(), Error> {
    if actor.user == *user { Err(Error::Refused(ErrorCode::OwnAccount)) } else { Ok(()) }
}
