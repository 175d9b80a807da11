//! Trusted issuers: the operator's own login signs who somebody is, and that is believed without another sign-in.
//!
//! A token is good until it expires, and not beyond the session that it has here, which is listed and can be ended like
//! any other; a token whose session was ended opens none again.

mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::dangerous::insecure_decode;
use plenum_contract::{Locale, SessionId};
use plenum_service::{Lifecycle, clock};
use serde::Deserialize;

use crate::{
    error::{Error, StoreUnavailable},
    identities::{Identities, Person},
    oauth::Claims,
    outside::Outside,
    sessions::Session,
    signatures::{self, Keys, NotBelieved, Rules},
    sweeping,
    tokens::{Token, TokenHash},
};
pub use settings::{Issuer, read};

/// How long a token may be good for, from when it was issued.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Where the sessions of tokens are kept, beside others. Each call ends within
/// [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait BearerStore: Send + Sync {
    /// Whether this token had a session that was ended.
    async fn bearer_has_ended(&self, hash: &TokenHash) -> Result<bool, StoreUnavailable>;
    /// Adds the session of a token, unless it has one. False when it had one that was ended.
    async fn add_bearer(&self, session: &Session, hash: &TokenHash) -> Result<bool, StoreUnavailable>;
    /// Deletes notes of tokens that have expired before `before`, `most` at once, and says how many.
    async fn remove_ended_bearers(&self, before: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Everything that is done with trusted issuers. Clones share the same.
#[derive(Clone)]
pub struct Trusted(Arc<Inner>);

struct Inner {
    issuers: Vec<(Issuer, Keys)>,
    store: Arc<dyn BearerStore>,
    identities: Identities,
    outside: Outside,
}

/// What a token says that its issuer was believed to have signed.
#[derive(Debug)]
pub struct Word {
    issuer: String,
    person: Person,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
}

#[derive(Debug, Deserialize)]
struct Timed {
    exp: f64,
    iat: Option<f64>,
    #[serde(flatten)]
    claims: Claims,
}

impl Trusted {
    /// These issuers. Their keys are asked for when the first token comes.
    pub fn new(
        issuers: &[Issuer],
        store: Arc<dyn BearerStore>,
        identities: Identities,
        outside: Outside,
    ) -> Self {
        let issuers = issuers.iter().map(|issuer| (issuer.clone(), Keys::default())).collect();
        Self(Arc::new(Inner { issuers, store, identities, outside }))
    }

    /// Reads a token: [`Error::InvalidSession`] when it is not believed, [`Error::Store`] when that can't be known now.
    pub async fn read(&self, text: &str, now: Timestamp) -> Result<Word, Error> {
        if text.len() > signatures::TOKEN_MAX {
            return Err(Error::InvalidSession);
        }
        // Only to know whose keys to take: what is read here counts for nothing before the signature is checked.
        let said = insecure_decode::<Issued>(text).map_err(|_| Error::InvalidSession)?.claims.iss;
        let issuer = self.0.issuers.iter().find(|(issuer, _)| issuer.issuer == said);
        let (issuer, keys) = issuer.ok_or(Error::InvalidSession)?;
        let rules =
            Rules { issuer: &issuer.issuer, audience: &issuer.audience, algorithms: &issuer.algorithms };
        let timed = keys.claims::<Timed>(&self.0.outside, &issuer.keys, text, rules).await;
        let timed = timed.map_err(|why| match why {
            NotBelieved::Invalid(why) => {
                tracing::debug!(issuer = issuer.issuer, why, "a token is not believed");
                Error::InvalidSession
            }
            NotBelieved::Away(away) => StoreUnavailable(format!("{}: {away}", issuer.issuer)).into(),
        })?;
        let expires_at = timed.lasts_until(now).ok_or(Error::InvalidSession)?;
        let person = timed.claims.person();
        if !person.is_somebody() {
            return Err(Error::InvalidSession);
        }
        Ok(Word { issuer: issuer.issuer.clone(), person, expires_at })
    }

    /// Begins the session of a token that is seen for the first time, and makes the account where there is none.
    /// [`Error::InvalidSession`] when its session was ended.
    pub async fn begin(
        &self,
        word: &Word,
        token: &Token,
        device: Option<String>,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), Error> {
        // Before the account: an ended token of a deleted one makes no other.
        if self.0.store.bearer_has_ended(&token.hash()).await? {
            return Err(Error::InvalidSession);
        }
        let user = self.0.identities.vouched(&word.issuer, &word.person, locale, now).await?;
        let session = Session {
            id: SessionId::random(),
            user: user.id,
            created_at: now,
            expires_at: word.expires_at,
            device,
            used_at: now,
        };
        let added = self.0.store.add_bearer(&session, &token.hash()).await?;
        if added { Ok(()) } else { Err(Error::InvalidSession) }
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.0.store.clone(), life.clone());
        sweeping::keep_swept(life, "ended tokens of trusted issuers", move || {
            let (store, stopping) = (store.clone(), stopping.clone());
            let before = clock::now().saturating_sub(leeway() * 2).unwrap_or(Timestamp::MIN);
            async move { sweeping::sweep(&stopping, |most| store.remove_ended_bearers(before, most)).await }
        });
    }
}

fn leeway() -> SignedDuration {
    SignedDuration::from_secs(signatures::LEEWAY.cast_signed())
}

impl Timed {
    /// When it expires, by our clock or by theirs; none when it was issued for too long, or is over.
    fn lasts_until(&self, now: Timestamp) -> Option<Timestamp> {
        let at = |seconds: f64| {
            let whole = SignedDuration::try_from_secs_f64(seconds).ok()?;
            Timestamp::UNIX_EPOCH.checked_add(whole).ok()
        };
        let expires_at = at(self.exp)?.checked_add(leeway()).ok()?;
        let issued_at = match self.iat {
            Some(issued) => at(issued)?,
            None => now,
        };
        let short = expires_at.duration_since(issued_at) <= LIFETIME + leeway();
        let begun = issued_at <= now.checked_add(leeway()).ok()?;
        (short && begun && expires_at > now).then_some(expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(exp: f64, iat: Option<f64>) -> Timed {
        let claims = serde_json::from_str(r#"{"sub":"ana"}"#).unwrap();
        Timed { exp, iat, claims }
    }

    #[test]
    fn a_token_lasts_for_a_day_at_most() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let lasts = |exp: f64, iat: Option<f64>| {
            let iat = iat.map(|iat| 1.8e9 + iat);
            timed(1.8e9 + exp, iat).lasts_until(now).map(|until| until.as_second() - 1_800_000_000)
        };
        assert_eq!(lasts(300.0, Some(0.0)), Some(360));
        assert_eq!(lasts(300.5, Some(-86_000.0)), Some(360));
        assert_eq!(lasts(-30.0, Some(-300.0)), Some(30), "clocks differ");
        assert_eq!(lasts(86_400.0, None), Some(86_460));
        for (exp, iat) in [
            (-61.0, Some(-300.0)),
            (86_401.0, Some(0.0)),
            (86_401.0, None),
            (300.0, Some(-86_200.0)),
            (600.0, Some(120.0)),
            (1e300, Some(0.0)),
            (f64::MAX, None),
        ] {
            assert_eq!(lasts(exp, iat), None, "{exp} {iat:?}");
        }
    }
}
