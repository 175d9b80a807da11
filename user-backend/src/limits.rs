//! How often somebody may ask: by address, by session, and for guesses by account.
//!
//! Each process counts for itself, so that of several gateways each allows as much. What somebody has asked is forgotten as soon as
//! it makes no difference any more.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DashMapStateStore,
};
use plenum_contract::{SessionId, UserId};
use plenum_service::Lifecycle;

use crate::{error::Error, metrics, rules::Email, tokens::TokenHash};

/// How soon another guess at a password is allowed where as many as at once have been made: 90 an hour, of which OWASP's ASVS (4.0, 2.2.1)
/// allows 100.
const GUESS_EVERY: Duration = Duration::from_secs(40);
/// How often what makes no difference any more is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(30);
/// The bits of an IPv6 address that its user can't choose: a household's or a server's whole network is one.
const NETWORK_V6: u8 = 64;

/// What an operator allows; none is without limit.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// `RATE_LIMIT_AUTH_PER_MINUTE`: logins and the like from one address, and guesses at once at one account.
    pub auth: Option<NonZeroU32>,
    /// `RATE_LIMIT_API_PER_MINUTE`: requests of one session, and of one address without a session.
    pub api: Option<NonZeroU32>,
}

/// Who guesses at an account's password.
#[derive(Debug, Clone, Copy)]
pub enum Guesser<'a> {
    /// Anybody: all of them together have what one account allows.
    Anybody,
    /// A browser that has signed in with this account before: whoever else guesses does not lock it out.
    Device(&'a TokenHash),
}

type Keyed<K> = Arc<RateLimiter<K, DashMapStateStore<K>, DefaultClock>>;

/// What has been asked. Clones share the same.
#[derive(Clone)]
pub struct Limits {
    auth: Option<Keyed<IpAddr>>,
    elsewhere: Option<Keyed<IpAddr>>,
    strangers: Option<Keyed<IpAddr>>,
    sessions: Option<Keyed<SessionId>>,
    guesses: Option<Keyed<TokenHash>>,
    clock: DefaultClock,
}

impl Limits {
    /// Limits as an operator has set them.
    #[must_use]
    pub fn new(allowed: Allowed) -> Self {
        let (auth, api) = (allowed.auth.map(Quota::per_minute), allowed.api.map(Quota::per_minute));
        let guesses =
            allowed.auth.and_then(|burst| Some(Quota::with_period(GUESS_EVERY)?.allow_burst(burst)));
        Self {
            auth: auth.map(keyed),
            elsewhere: auth.map(keyed),
            strangers: api.map(keyed),
            sessions: api.map(keyed),
            guesses: guesses.map(keyed),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a login, a registration or the like. [`Error::TooOften`] when this address has asked too much.
    pub fn auth(&self, address: IpAddr) -> Result<(), Error> {
        self.count("auth", self.auth.as_ref(), &network(address))
    }

    /// Counts a way to a provider of sign-in, or back from it: as many as logins.
    pub fn elsewhere(&self, address: IpAddr) -> Result<(), Error> {
        self.count("elsewhere", self.elsewhere.as_ref(), &network(address))
    }

    /// Counts a request without a session.
    pub fn stranger(&self, address: IpAddr) -> Result<(), Error> {
        self.count("stranger", self.strangers.as_ref(), &network(address))
    }

    /// Counts a request of a session.
    pub fn session(&self, session: &SessionId) -> Result<(), Error> {
        self.count("session", self.sessions.as_ref(), session)
    }

    /// Whether guesses are counted at all.
    #[must_use]
    pub const fn count_guesses(&self) -> bool {
        self.guesses.is_some()
    }

    /// Counts a guess at the password of the account with this address, whether there is one or not.
    pub fn guess(&self, email: &Email, guesser: Guesser<'_>) -> Result<(), Error> {
        let key = match guesser {
            Guesser::Anybody => TokenHash::of(email.as_str()),
            Guesser::Device(device) => TokenHash::of(&format!("{} {}", device.to_text(), email.as_str())),
        };
        self.count("guess", self.guesses.as_ref(), &key)
    }

    /// Counts a guess at one's own password, in a session.
    pub fn guess_own(&self, user: &UserId) -> Result<(), Error> {
        self.count("guess", self.guesses.as_ref(), &TokenHash::of(user.as_str()))
    }

    /// Forgets what makes no difference any more, now and then, until the process is told to stop.
    pub fn keep_small(&self, life: &Lifecycle) {
        let (limits, stopping) = (self.clone(), life.clone());
        life.spawn(async move {
            loop {
                tokio::select! {
                    () = stopping.stopping() => return,
                    () = tokio::time::sleep(FORGET_EVERY) => limits.forget(),
                }
            }
        });
    }

    fn forget(&self) {
        fn forget<K: Hash + Eq + Clone>(keyed: Option<&Keyed<K>>) {
            if let Some(keyed) = keyed {
                keyed.retain_recent();
                keyed.shrink_to_fit();
            }
        }
        forget(self.auth.as_ref());
        forget(self.elsewhere.as_ref());
        forget(self.strangers.as_ref());
        forget(self.sessions.as_ref());
        forget(self.guesses.as_ref());
    }

    fn count<K: Hash + Eq + Clone>(
        &self,
        limit: &'static str,
        keyed: Option<&Keyed<K>>,
        key: &K,
    ) -> Result<(), Error> {
        let Some(keyed) = keyed else { return Ok(()) };
        keyed.check_key(key).map_err(|refused| {
            metrics::LIMITED.count_of(limit);
            Error::TooOften(refused.wait_time_from(self.clock.now()))
        })
    }
}

fn keyed<K: Hash + Eq + Clone>(quota: Quota) -> Keyed<K> {
    Arc::new(RateLimiter::dashmap_with_clock(quota, DefaultClock::default()))
}

/// Whom an address stands for.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let kept = u128::MAX << (128 - u32::from(NETWORK_V6));
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & kept))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(auth: u32, api: u32) -> Limits {
        Limits::new(Allowed { auth: NonZeroU32::new(auth), api: NonZeroU32::new(api) })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_own_measure_and_is_told_how_long_to_wait() {
        let limits = limits(2, 0);
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        assert!(limits.auth(one).is_ok() && limits.auth(one).is_ok());
        let Err(Error::TooOften(wait)) = limits.auth(one) else { panic!("a third went through") };
        assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(30), "{wait:?}");
        assert!(limits.auth(other).is_ok());
        assert!(limits.auth(address("::ffff:192.0.2.1")).is_err(), "the same address in other words");
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one() {
        let limits = limits(1, 0);
        assert!(limits.auth(address("2001:db8::1")).is_ok());
        assert!(limits.auth(address("2001:db8::2:3:4:5")).is_err());
        assert!(limits.auth(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn guesses_of_others_do_not_lock_out_who_has_signed_in_before() {
        let limits = limits(3, 0);
        let (ana, device) = (Email::parse("ana@example.com").unwrap(), TokenHash::of("a device"));
        while limits.guess(&ana, Guesser::Anybody).is_ok() {}
        for _ in 0..3 {
            assert!(limits.guess(&ana, Guesser::Device(&device)).is_ok());
        }
        assert!(limits.guess(&ana, Guesser::Device(&device)).is_err(), "it has its own measure, and no more");
        let ben = Email::parse("ben@example.com").unwrap();
        assert!(limits.guess(&ben, Guesser::Device(&device)).is_ok(), "its measure is by account");
    }

    #[test]
    fn zero_is_without_limit() {
        let limits = limits(0, 0);
        let (one, ana) = (address("192.0.2.1"), Email::parse("ana@example.com").unwrap());
        let session = SessionId::random();
        for _ in 0..10_000 {
            assert!(limits.auth(one).is_ok() && limits.stranger(one).is_ok());
            assert!(limits.session(&session).is_ok() && limits.guess(&ana, Guesser::Anybody).is_ok());
        }
    }

    #[test]
    fn what_makes_no_difference_any_more_is_forgotten() {
        let limits = Limits::new(Allowed { auth: NonZeroU32::new(100_000_000), api: None });
        for n in 0..1_000_u32 {
            assert!(limits.auth(IpAddr::V4(n.into())).is_ok());
        }
        let auth = limits.auth.as_ref().unwrap();
        assert!(!auth.is_empty());
        limits.forget();
        assert!(auth.is_empty(), "{} addresses are still held", auth.len());
    }
}
