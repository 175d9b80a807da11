//! Who may register: everybody, who was invited, or nobody; and by which domains' addresses.

use std::{str::FromStr, sync::Arc};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::ErrorCode;
use plenum_service::{Lifecycle, clock};

use crate::{
    error::{Error, StoreUnavailable},
    rules::Email,
    sweeping,
    tokens::{Token, TokenHash},
};

/// For how long an invitation is good unless told otherwise.
pub const INVITATION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registering {
    /// Everybody.
    #[default]
    Open,
    /// Who shows an invitation.
    Invite,
    /// Nobody.
    Closed,
}

/// It is none of the three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not open, invite or closed")]
pub struct Unknown;

impl FromStr for Registering {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Self, Unknown> {
        match word {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            _ => Err(Unknown),
        }
    }
}

/// Who may register, and by which domains' addresses: all of them when none is named.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Who.
    pub registering: Registering,
    /// In lower case. A domain's subdomains are others.
    pub domains: Vec<String>,
}

impl Policy {
    /// Whether an account may have this address. `EmailDomainNotAllowed` otherwise.
    pub fn allows(&self, email: &Email) -> Result<(), Error> {
        if self.domains.is_empty() || self.domains.iter().any(|domain| domain == email.domain()) {
            return Ok(());
        }
        Err(Error::Refused(ErrorCode::EmailDomainNotAllowed))
    }
}

impl Policy {
    /// Whether somebody without an invitation may register with this address. `RegistrationClosed`, `InvitationRequired` or
    /// `EmailDomainNotAllowed` otherwise.
    pub fn admits_uninvited(&self, email: &Email) -> Result<(), Error> {
        match self.registering {
            Registering::Open => self.allows(email),
            Registering::Invite => Err(Error::Refused(ErrorCode::InvitationRequired)),
            Registering::Closed => Err(Error::Refused(ErrorCode::RegistrationClosed)),
        }
    }
}

/// An invitation as it is stored.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What is stored of its token.
    pub hash: TokenHash,
    /// The one address that can use it; any, where there is none.
    pub email: Option<Email>,
    /// When it was made.
    pub made_at: Timestamp,
    /// From then on it is invalid.
    pub expires_at: Timestamp,
}

/// Where invitations are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait InvitationStore: Send + Sync {
    /// Adds one.
    async fn add_invitation(&self, invitation: &Invitation) -> Result<(), StoreUnavailable>;
    /// Whether this address could use one now. Whether it does is decided when the account is added.
    async fn is_invited(
        &self,
        hash: &TokenHash,
        email: &Email,
        now: Timestamp,
    ) -> Result<bool, StoreUnavailable>;
    /// Deletes those that expired before `now`, `most` at once, and says how many.
    async fn remove_expired_invitations(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Everything that is done with invitations. Clones share the same.
#[derive(Clone)]
pub struct Invitations {
    store: Arc<dyn InvitationStore>,
}

impl Invitations {
    /// Invitations that are kept in `store`.
    pub fn new(store: Arc<dyn InvitationStore>) -> Self {
        Self { store }
    }

    /// Makes an invitation for one address, or for whoever holds it. Who shows the token may register, once.
    pub async fn make(
        &self,
        email: Option<Email>,
        lasts: SignedDuration,
        now: Timestamp,
    ) -> Result<Token, Error> {
        let token = Token::random()?;
        let expires_at = now.saturating_add(lasts).unwrap_or(Timestamp::MAX);
        let invitation = Invitation { hash: token.hash(), email, made_at: now, expires_at };
        self.store.add_invitation(&invitation).await?;
        Ok(token)
    }

    /// Whether this address may register under `policy`; with the invitation that its account has to spend, if it has to.
    /// `RegistrationClosed`, `EmailDomainNotAllowed`, `InvitationRequired` or `InvalidInvitation` otherwise.
    pub async fn may_register(
        &self,
        policy: &Policy,
        email: &Email,
        invitation: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, Error> {
        let refused = |code| Err(Error::Refused(code));
        if policy.registering == Registering::Closed {
            return refused(ErrorCode::RegistrationClosed);
        }
        policy.allows(email)?;
        if policy.registering == Registering::Open {
            return Ok(None);
        }
        let Some(shown) = invitation else {
            return refused(ErrorCode::InvitationRequired);
        };
        let Some(hash) = Token::parse(shown).map(|token| token.hash()) else {
            return refused(ErrorCode::InvalidInvitation);
        };
        if !self.store.is_invited(&hash, email, now).await? {
            return refused(ErrorCode::InvalidInvitation);
        }
        Ok(Some(hash))
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "invitations", move || {
            let (store, stopping, now) = (store.clone(), stopping.clone(), clock::now());
            async move { sweeping::sweep(&stopping, |most| store.remove_expired_invitations(now, most)).await }
        });
    }
}
