//! What an operator does with accounts, at the machine: the only way to a role, and to an account that is disabled.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{SessionId, UserId};
use plenum_service::database::{Database, DatabaseError};

use crate::{
    accounts::{User, UserStore},
    admin::{self, AuditStore as _, Deed, Recorded},
    error::{Error, StoreUnavailable},
    mail_codes::Codes,
    registration::Invitations,
    rules::Email,
    second_factor::SecondFactorStore,
    sessions::{Ended, Session, SessionStore, Which},
    store::SqlStore,
    tokens::Token,
};

/// Characters of a role's name.
const ROLE_MAX: usize = 32;
/// Characters of all of an account's roles with the commas between, as the table has room for.
const ROLES_MAX: usize = 200;
/// Accounts that are read at once.
const PAGE: u64 = 200;
/// Bytes of what an act is done to, as the record has room for.
const TARGET_MAX: usize = 128;
/// Sessions of one account that are shown.
const SESSIONS_SHOWN: u64 = 200;

/// Why something was not done, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Neither an id nor an address of an account.
    #[error("there is no account {0}; `plenum user list` shows all")]
    NoAccount(String),
    /// No such session.
    #[error("{0} has no session {1}; `plenum session list {0}` shows theirs")]
    NoSession(String, String),
    /// Not the name of a role.
    #[error("a role is 1 to 32 of a-z, 0-9, - and _, beginning with a letter; {0:?} is not")]
    NoRole(String),
    /// It would have too many roles.
    #[error("this account has as many roles as it can have")]
    TooManyRoles,
    /// Not a mail address.
    #[error("{0:?} is no mail address")]
    NoAddress(String),
    /// The account has no address that a link could be for, or can't sign in.
    #[error("{0} can't set a password: it is disabled, or has no address of its own")]
    NoReset(String),
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreUnavailable),
    /// No token could be made or kept.
    #[error(transparent)]
    Other(#[from] Error),
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What only an operator does to what is stored. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait OperatorStore: Send + Sync {
    /// Accounts behind an id, by id, `most` of them; with `words` those in whose names or address it stands.
    async fn accounts_after(
        &self,
        after: Option<&UserId>,
        words: Option<&str>,
        most: u64,
    ) -> Result<Vec<User>, StoreUnavailable>;
    /// Disables an account and ends its sessions and personal tokens, or enables it. Says which ended; none when there is no such account.
    async fn set_disabled(
        &self,
        user: &UserId,
        disabled: bool,
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable>;
    /// Gives an account these roles and ends its sessions: who may do more or less signs in anew. None when there is no such
    /// account.
    async fn set_roles(
        &self,
        user: &UserId,
        roles: &[String],
        at: Timestamp,
    ) -> Result<Option<Vec<Ended>>, StoreUnavailable>;
}

/// An operator at the machine. Servers that run on the same database see what was done within a second.
pub struct Operator {
    store: Arc<SqlStore>,
}

impl Operator {
    /// Opens the database, whose tables are brought up to date as a start does.
    pub async fn open(database: Database) -> Result<Self, NotDone> {
        Ok(Self { store: Arc::new(SqlStore::open(database).await?) })
    }

    /// The account with this id or address.
    pub async fn account(&self, who: &str) -> Result<User, NotDone> {
        let by_email = match Email::parse(who) {
            Some(email) => self.store.by_email(&email).await?.map(|found| found.user),
            None => None,
        };
        let found = match (by_email, UserId::parse(who)) {
            (Some(user), _) => Some(user),
            (None, Ok(id)) => self.store.by_id(&id).await?,
            (None, Err(_)) => None,
        };
        found.ok_or_else(|| NotDone::NoAccount(who.to_owned()))
    }

    /// Shows each account to `show`, until it has seen enough; with `words` those in whose names or address it stands.
    pub async fn each_account(
        &self,
        words: Option<&str>,
        mut show: impl FnMut(User) -> bool,
    ) -> Result<(), NotDone> {
        let mut after = None;
        loop {
            let page = self.store.accounts_after(after.as_ref(), words, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id.clone());
            if !page.into_iter().all(&mut show) {
                return Ok(());
            }
        }
    }

    /// Disables an account, whose sessions, tokens and sockets end, or enables it. Says how many sessions ended.
    pub async fn set_disabled(&self, user: &User, disabled: bool, now: Timestamp) -> Result<usize, NotDone> {
        let act = if disabled { "account.disable" } else { "account.enable" };
        self.audited(act, user.id.as_str(), now, async {
            let ended = self.store.set_disabled(&user.id, disabled, now).await?;
            ended.map(|ended| ended.len()).ok_or_else(|| NotDone::NoAccount(user.email.clone()))
        })
        .await
    }

    /// What admins and operators did, after a number: oldest first; none when there is no more.
    pub async fn record_after(&self, number: i64) -> Result<Vec<Recorded>, NotDone> {
        Ok(self.store.after(number, PAGE).await?)
    }

    /// Does something that is recorded first, and its outcome afterwards.
    async fn audited<T>(
        &self,
        act: &str,
        target: &str,
        now: Timestamp,
        work: impl Future<Output = Result<T, NotDone>>,
    ) -> Result<T, NotDone> {
        let deed = Deed {
            at: now,
            actor: None,
            name: "operator".to_owned(),
            address: String::new(),
            act: act.to_owned(),
            target: target.to_owned(),
            reason: String::new(),
        };
        admin::audited(&*self.store, deed, work, |_| "not_done").await?
    }

    /// Gives an account a role. Says how many sessions ended; none when it had the role.
    pub async fn grant(&self, user: &User, role: &str, now: Timestamp) -> Result<Option<usize>, NotDone> {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let begins = role.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || role.len() > ROLE_MAX || !role.chars().all(letters) {
            return Err(NotDone::NoRole(role.to_owned()));
        }
        if user.roles.iter().any(|has| has == role) {
            return Ok(None);
        }
        let mut roles = user.roles.clone();
        roles.push(role.to_owned());
        if roles.join(",").len() > ROLES_MAX {
            return Err(NotDone::TooManyRoles);
        }
        self.set_roles(&format!("account.grant.{role}"), user, &roles, now).await.map(Some)
    }

    /// Takes a role from an account. Says how many sessions ended; none when it had no such role.
    pub async fn revoke_role(
        &self,
        user: &User,
        role: &str,
        now: Timestamp,
    ) -> Result<Option<usize>, NotDone> {
        let roles: Vec<String> = user.roles.iter().filter(|has| *has != role).cloned().collect();
        if roles.len() == user.roles.len() {
            return Ok(None);
        }
        self.set_roles(&format!("account.revoke.{role}"), user, &roles, now).await.map(Some)
    }

    /// Takes an account's second factor away and ends its sessions: only who has seen that its user is who they say may do this.
    /// Says how many sessions ended.
    pub async fn clear_second_factor(&self, user: &User, now: Timestamp) -> Result<usize, NotDone> {
        self.audited("account.clear-second-factor", user.id.as_str(), now, async {
            self.store.disable(&user.id).await?;
            Ok(self.store.end_some(&user.id, &Which::All, now).await?.len())
        })
        .await
    }

    /// What a link holds by which an account's user sets another password, once, for 30 minutes; what was sent before is void. The
    /// operator never learns the password.
    pub async fn reset_password(&self, user: &User, now: Timestamp) -> Result<Token, NotDone> {
        let none = || NotDone::NoReset(user.email.clone());
        let email = Email::parse(&user.email).filter(|email| !email.is_nobodys()).ok_or_else(none)?;
        if user.disabled_at.is_some() {
            return Err(none());
        }
        self.audited("account.reset-password", user.id.as_str(), now, async {
            Ok(Codes::new(self.store.clone()).make_reset(&user.id, &email, now).await?)
        })
        .await
    }

    /// An invitation to register: for one address, or for whoever holds it.
    pub async fn invite(
        &self,
        email: Option<&str>,
        lasts: SignedDuration,
        now: Timestamp,
    ) -> Result<Token, NotDone> {
        let read = |text: &str| Email::parse(text).ok_or_else(|| NotDone::NoAddress(text.to_owned()));
        let email = email.map(read).transpose()?;
        let whose = email.as_ref().map_or("", Email::as_str).to_owned();
        self.audited("invitation.make", shortened(&whose), now, async {
            Ok(Invitations::new(self.store.clone()).make(email, lasts, now).await?)
        })
        .await
    }

    async fn set_roles(
        &self,
        act: &str,
        user: &User,
        roles: &[String],
        now: Timestamp,
    ) -> Result<usize, NotDone> {
        self.audited(act, user.id.as_str(), now, async {
            let ended = self.store.set_roles(&user.id, roles, now).await?;
            ended.map(|ended| ended.len()).ok_or_else(|| NotDone::NoAccount(user.email.clone()))
        })
        .await
    }

    /// An account's sessions, the last used first.
    pub async fn sessions(&self, user: &User, now: Timestamp) -> Result<Vec<Session>, NotDone> {
        Ok(self.store.of_user(&user.id, now, SESSIONS_SHOWN).await?)
    }

    /// Ends one of an account's sessions, or all. Says how many.
    pub async fn revoke_sessions(
        &self,
        user: &User,
        session: Option<&str>,
        now: Timestamp,
    ) -> Result<usize, NotDone> {
        let unknown = |id: &str| NotDone::NoSession(user.email.clone(), id.to_owned());
        let which = match session {
            None => Which::All,
            Some(id) => Which::One(SessionId::parse(id).map_err(|_| unknown(id))?),
        };
        let ended = self
            .audited("account.end-sessions", user.id.as_str(), now, async {
                Ok(self.store.end_some(&user.id, &which, now).await?.len())
            })
            .await?;
        match session {
            Some(id) if ended == 0 => Err(unknown(id)),
            _ => Ok(ended),
        }
    }
}

/// As much of an address as the record has room for.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(TARGET_MAX)]
}
