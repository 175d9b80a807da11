//! Tokens that users make for their scripts: named, for some things only, for some time.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{ErrorCode, SessionId, UserId, error::Problem};
use plenum_service::{Lifecycle, clock};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    error::{Error, StoreUnavailable},
    rules::Input,
    scopes::{Scope, Scopes},
    sessions::{Ended, Sessions},
    sweeping,
    tokens::{Token, TokenHash},
};

/// What a personal token begins with, so that whoever finds one knows what it is.
pub const PREFIX: &str = "plenum_pat_";
/// Tokens of one user.
const MOST: usize = 50;
/// Characters of a name.
const NAME_MAX: usize = 100;
/// Days that a token lasts at most, and those of one that names none.
const DAYS: (i64, i64) = (366, 30);

/// A personal token as it is stored.
#[derive(Debug, Clone)]
pub struct PersonalToken {
    /// To end it by; sockets that are opened with it are of this session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What its user calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is invalid.
    pub expires_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

/// What a token is made of.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PersonalTokenWish {
    /// What its user calls it, 1 to 100 characters, trimmed.
    #[schema(min_length = 1, example = "backup")]
    pub name: String,
    /// What it may be used for: `read` and `write` meetings, `realtime` for sockets.
    #[schema(min_items = 1, value_type = Vec<Scope>, example = json!(["read"]))]
    pub scopes: Vec<Scope>,
    /// Days that it lasts; 30 where it is absent.
    #[schema(minimum = 1, maximum = 366, example = 30)]
    pub expires_in_days: Option<u32>,
}

/// What a user wants a token to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    name: String,
    scopes: Scopes,
    lasts: SignedDuration,
}

/// Where personal tokens are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait PersonalTokenStore: Send + Sync {
    /// Adds one, unless its user has `most`. False then.
    async fn add_personal(
        &self,
        token: &PersonalToken,
        hash: &TokenHash,
        most: usize,
    ) -> Result<bool, StoreUnavailable>;
    /// A user's, the newest first.
    async fn personal_of_user(&self, user: &UserId) -> Result<Vec<PersonalToken>, StoreUnavailable>;
    /// Deletes one of a user's, and adds the end of its session; nothing when they have no such.
    async fn remove_personal(
        &self,
        user: &UserId,
        id: &SessionId,
        at: Timestamp,
    ) -> Result<Vec<Ended>, StoreUnavailable>;
    /// Deletes those that expired before `now`, `most` at once, and says how many.
    async fn remove_expired_personal(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Everything that is done with personal tokens. Clones share the same.
#[derive(Clone)]
pub struct PersonalTokens {
    store: Arc<dyn PersonalTokenStore>,
    sessions: Sessions,
}

impl PersonalTokens {
    /// Tokens that are kept in `store`.
    pub fn new(store: Arc<dyn PersonalTokenStore>, sessions: Sessions) -> Self {
        Self { store, sessions }
    }

    /// Makes a token. It is shown this once.
    pub async fn make(
        &self,
        user: &UserId,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<(PersonalToken, Token), Error> {
        let token = Token::random()?;
        let made = PersonalToken {
            id: SessionId::random(),
            user: user.clone(),
            name: wanted.name,
            scopes: wanted.scopes,
            created_at: now,
            expires_at: now.saturating_add(wanted.lasts).unwrap_or(Timestamp::MAX),
            used_at: None,
        };
        if !self.store.add_personal(&made, &token.hash(), MOST).await? {
            return Err(Error::Invalid(vec![Problem::from(ErrorCode::TooManyTokens).with("n", MOST)]));
        }
        Ok((made, token))
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "personal tokens", move || {
            let (store, stopping, now) = (store.clone(), stopping.clone(), clock::now());
            async move { sweeping::sweep(&stopping, |most| store.remove_expired_personal(now, most)).await }
        });
    }

    /// A user's, the newest first.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<PersonalToken>, Error> {
        Ok(self.store.personal_of_user(user).await?)
    }

    /// Ends one of a user's, its sockets too. False when they have no such.
    pub async fn end(&self, user: &UserId, id: &SessionId, now: Timestamp) -> Result<bool, Error> {
        let ended = self.store.remove_personal(user, id, now).await?;
        self.sessions.have_ended(&ended).await;
        Ok(!ended.is_empty())
    }
}

impl Wanted {
    /// Reads what a user sent: `name`, `scopes` (a list), `expiresInDays?`.
    pub fn read(input: &Input) -> Result<Self, Error> {
        let name = input.get("name").and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let scopes = match input.get("scopes") {
            Some(Value::Array(words)) => {
                words.iter().map(|word| word.as_str().and_then(Scope::parse)).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        let days = match input.get("expiresInDays") {
            None | Some(Value::Null) => Some(DAYS.1),
            Some(days) => days.as_i64().filter(|days| (1..=DAYS.0).contains(days)),
        };
        let named = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        match (named, scopes.filter(|scopes| !scopes.is_empty()), days) {
            (true, Some(scopes), Some(days)) => Ok(Self {
                name: name.to_owned(),
                scopes: Scopes::of(scopes),
                lasts: SignedDuration::from_hours(24 * days),
            }),
            _ => Err(Error::Invalid(vec![Problem::from(ErrorCode::InvalidToken).with("n", DAYS.0)])),
        }
    }
}
