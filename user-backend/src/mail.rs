//! Mails: those that wait, how many somebody may cause, and sending them.
//!
//! A request only writes down that a mail is to be sent; a slow or failing mail server holds nobody up. What waits holds no
//! code and no link: they are made when the mail is sent, so each try has another, and the last one sent counts. Several
//! processes share what waits. A mail is sent once, or once more when a process ends between sending it and saying so.

mod compose;
mod sending;
mod smtp;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use plenum_contract::{Locale, UserId};
use plenum_service::{Lifecycle, clock};
use tokio::sync::Notify;

use crate::{
    error::{Error, StoreUnavailable},
    rules::Email,
    sweeping,
    tokens::TokenHash,
};

pub use compose::{Letter, Sender};
pub use sending::{AGE_MAX, LEASE, Sending, TRIES_MAX};
pub use smtp::{BadSmtpUrl, Smtp};
pub use transport::{FILES_MAX, Transport};

/// Mails that wait at once. Past it: [`Error::Busy`].
pub const WAITING_MAX: u64 = 10_000;
/// The least time between two mails that the same somebody causes.
pub const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// For how long they are counted ...
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// ... and how many there may be meanwhile.
pub const IN_WINDOW: i64 = 5;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A link to set a new password, to whoever has the account with this address.
    Reset,
    /// A code to confirm this address, to whoever's account or change waits for that.
    Code,
    /// The same to the address that an account is to have.
    Change,
    /// The password was changed.
    PasswordNotice,
    /// The second factor was taken away.
    FactorNotice,
    /// The address is to be another.
    AddressNotice,
    /// An identity elsewhere was linked.
    LinkedNotice,
    /// One was taken away.
    UnlinkedNotice,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Reset,
        Self::Code,
        Self::Change,
        Self::PasswordNotice,
        Self::FactorNotice,
        Self::AddressNotice,
        Self::LinkedNotice,
        Self::UnlinkedNotice,
    ];

    /// The word that is stored and logged.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Code => "code",
            Self::Change => "change",
            Self::PasswordNotice => "password_notice",
            Self::FactorNotice => "factor_notice",
            Self::AddressNotice => "address_notice",
            Self::LinkedNotice => "linked_notice",
            Self::UnlinkedNotice => "unlinked_notice",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A mail that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// Whose account it is about; none where that is found by the address.
    pub user: Option<UserId>,
    /// Where it goes.
    pub email: Email,
    /// Its language, where the account has none.
    pub locale: Locale,
    /// How often it was tried, this time included.
    pub tries: i64,
    /// When it was asked for.
    pub made_at: Timestamp,
}

/// Where mails wait. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Adds a mail, due now; a change of address in place of one that waits for the same account. False when `most` wait
    /// already.
    async fn put_mail(&self, mail: &Waiting, most: u64) -> Result<bool, StoreUnavailable>;
    /// Takes mails that are due, each of which is this process's alone until `until`; `most` of them.
    async fn take_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        most: u64,
    ) -> Result<Vec<Waiting>, StoreUnavailable>;
    /// A mail was sent, or is given up.
    async fn remove_mail(&self, id: &str) -> Result<(), StoreUnavailable>;
    /// A mail that was taken is due again at a time.
    async fn mail_is_due(&self, id: &str, at: Timestamp) -> Result<(), StoreUnavailable>;
    /// Counts a mail that somebody causes. False, and it does not count, when the last one was after `paused` or there were
    /// `most` since `began`.
    async fn count_mail(
        &self,
        subject: &TokenHash,
        now: Timestamp,
        paused: Timestamp,
        began: Timestamp,
        most: i64,
    ) -> Result<bool, StoreUnavailable>;
    /// Forgets what was counted before a time, `most` at once, and says how many.
    async fn forget_mails_counted(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Writing down that mails are to be sent. Clones share the same.
#[derive(Clone)]
pub struct Mails {
    store: Arc<dyn OutboxStore>,
    /// Told of each that is added here.
    added: Arc<Notify>,
    /// Whether notices are sent, beside what somebody asked for.
    with_notices: bool,
}

impl Mails {
    /// Mails that wait in `store`.
    pub fn new(store: Arc<dyn OutboxStore>, with_notices: bool) -> Self {
        Self { store, added: Arc::default(), with_notices }
    }

    /// A mail is to be sent to an address, about whichever account has it. The same is done for an address that nobody has.
    pub async fn to_address(
        &self,
        kind: Kind,
        email: &Email,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.put(kind, None, email.clone(), locale, now).await
    }

    /// A mail is to be sent to an address about this account.
    pub async fn to_user(
        &self,
        kind: Kind,
        user: &UserId,
        email: &Email,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.put(kind, Some(user.clone()), email.clone(), locale, now).await
    }

    /// Tells somebody of a change that matters, where mails are sent at all. What was changed stays so when that can't be
    /// written down.
    pub async fn notice(&self, kind: Kind, user: &UserId, email: &str, locale: Locale, now: Timestamp) {
        let Some(email) = Email::parse(email).filter(|_| self.with_notices) else { return };
        // An address may be somebody else's who has asked for none of it.
        let told = match self.may_cause(kind.as_str(), email.as_str(), now).await {
            Ok(true) => self.to_user(kind, user, &email, locale, now).await,
            Ok(false) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tracing::warn!(%error, kind = kind.as_str(), %user, "a notice will not be sent");
        }
    }

    /// Whether changes that matter are told at all.
    #[must_use]
    pub const fn has_notices(&self) -> bool {
        self.with_notices
    }

    async fn put(
        &self,
        kind: Kind,
        user: Option<UserId>,
        email: Email,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = uuid::Uuid::new_v4().to_string();
        let mail = Waiting { id, kind, user, email, locale, tries: 0, made_at: now };
        if !self.store.put_mail(&mail, WAITING_MAX).await? {
            tracing::warn!(most = WAITING_MAX, "too many mails wait; another is refused");
            return Err(Error::Busy);
        }
        self.added.notify_one();
        Ok(())
    }

    /// As what those are counted.
    #[must_use]
    pub fn subject(about: &str, who: &str) -> TokenHash {
        TokenHash::of(&format!("{about} {who}"))
    }

    /// Whether `who` may cause another mail `about` something now, and counts it: one a minute, five an hour.
    pub async fn may_cause(&self, about: &str, who: &str, now: Timestamp) -> Result<bool, Error> {
        let before = |time| now.saturating_sub(time).unwrap_or(Timestamp::MIN);
        let subject = Self::subject(about, who);
        Ok(self.store.count_mail(&subject, now, before(PAUSE), before(WINDOW), IN_WINDOW).await?)
    }

    /// Forgets old counts every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.store.clone(), life.clone());
        sweeping::keep_swept(life, "counts of mails", move || {
            let (store, stopping) = (store.clone(), stopping.clone());
            let before = clock::now().saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
            async move { sweeping::sweep(&stopping, |most| store.forget_mails_counted(before, most)).await }
        });
    }
}
