//! Sending what waits, until the process is told to stop.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use plenum_service::{Lifecycle, clock};
use tokio::time::MissedTickBehavior;

use super::{
    Kind, Mails, OutboxStore, Waiting,
    compose::{Letter, Secret, Sender},
    smtp::NotSent,
    transport::Transport,
};
use crate::{
    accounts::{Accounts, User},
    error::Error,
    mail_codes::{Codes, Purpose},
    metrics,
    rules::Email,
};

/// How often mails are looked for that another process has written down, or that are to be tried again.
const EVERY: Duration = Duration::from_secs(2);
/// Mails that are sent at once, each on a connection of its own.
const AT_ONCE: u64 = 4;
/// For how long a mail is one process's alone: longer than all steps of sending it may take.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// The pause before the second try; it doubles with each ...
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// ... until it is this long.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// Tries after which a mail is given up ...
pub const TRIES_MAX: i64 = 40;
/// ... those of one that the server refuses for good ...
const REFUSED_MAX: i64 = 3;
/// ... and the age at which it is.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(3);
/// How long a mail that is being sent may take after the word to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// Sends mails. Clones are the same.
#[derive(Clone)]
pub struct Sending(Arc<Inner>);

struct Inner {
    store: Arc<dyn OutboxStore>,
    mails: Mails,
    accounts: Accounts,
    codes: Codes,
    sender: Sender,
    transport: Transport,
}

impl Sending {
    /// Sends what waits in `store`.
    pub fn new(
        store: Arc<dyn OutboxStore>,
        mails: Mails,
        accounts: Accounts,
        codes: Codes,
        sender: Sender,
        transport: Transport,
    ) -> Self {
        Self(Arc::new(Inner { store, mails, accounts, codes, sender, transport }))
    }

    /// Sends what waits, here or by whichever process wrote it down, until this process stops.
    pub fn keep_sending(&self, life: &Lifecycle) {
        let (sending, stopping) = (self.clone(), life.clone());
        life.spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut away = false;
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = sending.0.mails.added.notified() => {}
                    () = stopping.stopping() => return,
                }
                let given_up = async {
                    stopping.stopping().await;
                    tokio::time::sleep(FAREWELL).await;
                };
                tokio::select! {
                    sent = sending.send_all(&stopping) => {
                        if let (Err(error), false) = (&sent, away) {
                            tracing::warn!(%error, "mails that wait can't be read; going on when they can");
                        }
                        away = sent.is_err();
                    }
                    // Another process goes on, or this one when it is there again.
                    () = given_up => return,
                }
                sending.0.transport.tidy();
            }
        });
    }

    /// Sends all that is due, some at a time. Ends early when the server can't be used: the next tick tries again.
    async fn send_all(&self, life: &Lifecycle) -> Result<(), Error> {
        while !life.is_stopping() {
            let now = clock::now();
            let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let taken = self.0.store.take_mails(now, until, AT_ONCE).await?;
            if taken.is_empty() {
                return Ok(());
            }
            let sent = join_all(taken.iter().map(|mail| self.send(mail))).await;
            if sent.iter().any(|server_is_there| !server_is_there) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends a mail, or says when it is due again. False when the server can't be used at all.
    async fn send(&self, mail: &Waiting) -> bool {
        let now = clock::now();
        let (kind, id, tries) = (mail.kind.as_str(), &mail.id, mail.tries);
        let old = now.duration_since(mail.made_at) > AGE_MAX;
        let (error, most, server_is_there) = if old {
            return self.give_up(mail, "it is too old").await;
        } else {
            match self.compose(mail, now).await {
                Ok(None) => {
                    // Nobody has the address, or nothing is to be confirmed any more: nothing tells which.
                    tracing::debug!(kind, id, "a mail is not needed");
                    return self.done(mail).await;
                }
                Ok(Some(message)) => match self.0.transport.send(mail.kind, id, &message).await {
                    Ok(()) => {
                        metrics::MAILS.count_of("sent");
                        tracing::info!(kind, id, tries, "a mail was sent");
                        return self.done(mail).await;
                    }
                    Err(error @ NotSent::Refused(_)) => (error.to_string(), REFUSED_MAX, true),
                    Err(error @ NotSent::Later(_)) => (error.to_string(), TRIES_MAX, true),
                    Err(error @ NotSent::Server(_)) => (error.to_string(), TRIES_MAX, false),
                },
                Err(Error::Internal(error)) => (error, REFUSED_MAX, true),
                Err(error) => (error.to_string(), TRIES_MAX, true),
            }
        };
        if tries >= most {
            return self.give_up(mail, &error).await;
        }
        let again = clock::now().saturating_add(pause_after(tries)).unwrap_or(Timestamp::MAX);
        metrics::MAILS.count_of("tried_again");
        tracing::warn!(kind, id, tries, error, "a mail was not sent; it is tried again");
        if let Err(error) = self.0.store.mail_is_due(id, again).await {
            tracing::warn!(kind, id, %error, "when a mail is tried again can't be noted; it is in some minutes");
        }
        server_is_there
    }

    async fn give_up(&self, mail: &Waiting, error: &str) -> bool {
        let (kind, id, tries) = (mail.kind.as_str(), &mail.id, mail.tries);
        metrics::MAILS.count_of("given_up");
        tracing::error!(kind, id, tries, error, "a mail is given up");
        self.done(mail).await
    }

    async fn done(&self, mail: &Waiting) -> bool {
        if let Err(error) = self.0.store.remove_mail(&mail.id).await {
            tracing::warn!(kind = mail.kind.as_str(), id = mail.id, %error, "a mail that was sent can't be struck off; it may be sent twice");
        }
        true
    }

    /// The mail, with a code that was made just now; none when there is nobody to send it to.
    async fn compose(&self, mail: &Waiting, now: Timestamp) -> Result<Option<lettre::Message>, Error> {
        let Some((kind, account, secret)) = self.addressed(mail, now).await? else {
            return Ok(None);
        };
        let theirs = account.verified && account.email == mail.email.as_str();
        let letter = Letter {
            kind,
            email: mail.email.clone(),
            name: theirs.then(|| account.display_name()),
            // In full it would tell a stranger, whose address somebody has typed, who that is.
            account: Email::parse(&account.email).map(|email| email.masked()).unwrap_or_default(),
            locale: account.locale.unwrap_or(mail.locale),
            secret,
        };
        self.0.sender.compose(&letter, &uuid::Uuid::new_v4().to_string()).map(Some)
    }

    /// What a mail is about, whose account, and what it brings.
    async fn addressed(&self, mail: &Waiting, now: Timestamp) -> Result<Option<(Kind, User, Secret)>, Error> {
        let Inner { accounts, codes, sender, .. } = &*self.0;
        let email = &mail.email;
        let account = match &mail.user {
            Some(id) => match accounts.user(id).await {
                Err(Error::UserNotFound) => None,
                found => Some(found?),
            },
            None => match accounts.by_email(email).await? {
                Some(account) => Some(account),
                None if mail.kind == Kind::Code => return self.of_change(email, now).await,
                None => None,
            },
        };
        let Some(account) = account.filter(|account| account.disabled_at.is_none()) else {
            return Ok(None);
        };
        let secret = match mail.kind {
            Kind::Reset => {
                let code = codes.make_reset(&account.id, email, now).await?;
                Secret::Link(sender.reset_link(code.reveal()))
            }
            Kind::Code if account.verified => return Ok(None),
            Kind::Code => Secret::Digits(codes.make_digits(&account.id, Purpose::Verify, email, now).await?),
            Kind::Change => {
                Secret::Digits(codes.make_digits(&account.id, Purpose::Change, email, now).await?)
            }
            Kind::PasswordNotice
            | Kind::FactorNotice
            | Kind::AddressNotice
            | Kind::LinkedNotice
            | Kind::UnlinkedNotice => Secret::None,
        };
        Ok(Some((mail.kind, account, secret)))
    }

    /// Whose account is to have this address, and digits for it.
    async fn of_change(&self, email: &Email, now: Timestamp) -> Result<Option<(Kind, User, Secret)>, Error> {
        let Inner { accounts, codes, .. } = &*self.0;
        let Some(id) = codes.store().waits_for(email).await? else {
            return Ok(None);
        };
        let account = match accounts.user(&id).await {
            Err(Error::UserNotFound) => return Ok(None),
            found => found?,
        };
        if account.disabled_at.is_some() {
            return Ok(None);
        }
        let digits = codes.make_digits(&id, Purpose::Change, email, now).await?;
        Ok(Some((Kind::Change, account, Secret::Digits(digits))))
    }
}

/// How long after a try the next one is.
fn pause_after(tries: i64) -> SignedDuration {
    let doublings = u32::try_from(tries.saturating_sub(1).max(0)).unwrap_or(u32::MAX).min(16);
    (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_they_are_long() {
        let seconds: Vec<i64> = (1..=9).map(|tries| pause_after(tries).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE);
    }
}
