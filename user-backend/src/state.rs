//! What every request may need, made once at the start.

use std::sync::Arc;

use plenum_service::{
    Lifecycle,
    database::{Database, DatabaseError},
};

use crate::{
    accounts::{Accounts, Admission},
    admin::Admins,
    app_tokens::AppTokens,
    avatars::Avatars,
    config::Config,
    devices::Devices,
    error::Error,
    gateway::AccountEnds,
    guests::Guests,
    http::{cookies::CookiePolicy, origin::Origins, page::Pages},
    identities::Identities,
    limits::Limits,
    mail::{Mails, Sending},
    mail_codes::Codes,
    oauth::OAuth,
    outside::{Away, Outside},
    passwords::Passwords,
    personal_tokens::PersonalTokens,
    pictures::KeptPictures,
    registration::Invitations,
    second_factor::SecondFactors,
    sessions::{SessionEnds, Sessions},
    store::SqlStore,
    trusted::Trusted,
    verification::{Verification, Verifying},
};

/// Accounts, sessions and the policies of this server. Clones share the same.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    config: Config,
    store: SqlStore,
    accounts: Accounts,
    sessions: Sessions,
    second_factors: SecondFactors,
    app_tokens: AppTokens,
    personal_tokens: PersonalTokens,
    identities: Identities,
    oauth: OAuth,
    trusted: Trusted,
    devices: Devices,
    guests: Guests,
    limits: Limits,
    avatars: Avatars,
    mails: Mails,
    codes: Codes,
    verification: Verification,
    account_ends: AccountEnds,
    admins: Admins,
    cookies: CookiePolicy,
    pages: Pages,
}

/// Why the user backend can't start.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There are no threads, or no random numbers.
    #[error(transparent)]
    Machine(#[from] Error),
    /// Providers of sign-in can't be asked.
    #[error(transparent)]
    Outside(#[from] Away),
}

impl AppState {
    /// Brings the database up to date, composes what works on it, and keeps expired sessions swept. `ends` is
    /// told of ended sessions.
    pub async fn new(
        config: Config,
        database: Database,
        ends: Arc<dyn SessionEnds>,
        life: &Lifecycle,
    ) -> Result<Self, NotReady> {
        let store = SqlStore::open(database).await?;
        let kept = Arc::new(store.clone());
        let invitations = Invitations::new(kept.clone());
        invitations.keep_swept(life);
        let verified_only = config.mail.verifying == Verifying::Required;
        let admission = Admission { policy: config.registration.clone(), invitations, verified_only };
        let accounts = Accounts::new(kept.clone(), Passwords::new()?, admission);
        let (mails, codes) = (Mails::new(kept.clone(), config.mail.smtp.is_some()), Codes::new(kept.clone()));
        mails.keep_swept(life);
        codes.keep_swept(life);
        let verification =
            Verification::new(config.mail.verifying, accounts.clone(), codes.clone(), mails.clone());
        let (sender, transport) = (config.mail.sender(config.address.port()), config.mail.transport());
        Sending::new(kept.clone(), mails.clone(), accounts.clone(), codes.clone(), sender, transport)
            .keep_sending(life);
        let sessions = Sessions::new(
            kept.clone(),
            config.sessions,
            config.second_factor_required.clone(),
            ends,
            life.clone(),
        );
        let second_factors = SecondFactors::new(kept.clone());
        let app_tokens = AppTokens::new(kept.clone(), sessions.clone());
        app_tokens.keep_swept(life);
        let pictures = KeptPictures::at(config.avatars.clone(), life.clone());
        let avatars = Avatars::new(kept.clone(), kept.clone(), Arc::new(pictures))?;
        avatars.keep_removing(life);
        let personal_tokens = PersonalTokens::new(kept.clone(), sessions.clone());
        personal_tokens.keep_swept(life);
        let outside = Outside::new()?;
        let identities = Identities::new(kept.clone(), accounts.clone(), mails.clone());
        let oauth = OAuth::new(&config.oauth, kept.clone(), outside.clone());
        oauth.keep_swept(life);
        let trusted = Trusted::new(&config.trusted_issuers, kept.clone(), identities.clone(), outside);
        trusted.keep_swept(life);
        let admins = Admins::new(kept.clone(), sessions.clone());
        let guests = Guests::new(kept.clone(), config.sessions.absolute);
        let devices = Devices::new(kept);
        devices.keep_swept(life);
        let limits = Limits::new(config.limits);
        limits.keep_small(life);
        sessions.keep_swept();
        sessions.keep_following();
        let (cookies, pages) = (CookiePolicy::new(&config), Pages::new(config.is_production()));
        Ok(Self(Arc::new(Inner {
            config,
            store,
            accounts,
            sessions,
            second_factors,
            app_tokens,
            personal_tokens,
            identities,
            oauth,
            trusted,
            devices,
            guests,
            limits,
            avatars,
            mails,
            codes,
            verification,
            account_ends: AccountEnds::default(),
            admins,
            cookies,
            pages,
        })))
    }

    /// What the server was told at its start.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The database of accounts and sessions, for `/ready`.
    #[must_use]
    pub fn store(&self) -> &SqlStore {
        &self.0.store
    }

    /// Accounts.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Second factors.
    #[must_use]
    pub fn second_factors(&self) -> &SecondFactors {
        &self.0.second_factors
    }

    /// Tokens for apps.
    #[must_use]
    pub fn app_tokens(&self) -> &AppTokens {
        &self.0.app_tokens
    }

    /// Tokens for scripts.
    #[must_use]
    pub fn personal_tokens(&self) -> &PersonalTokens {
        &self.0.personal_tokens
    }

    /// Who people are elsewhere.
    #[must_use]
    pub fn identities(&self) -> &Identities {
        &self.0.identities
    }

    /// Where people may sign in beside here.
    #[must_use]
    pub fn oauth(&self) -> &OAuth {
        &self.0.oauth
    }

    /// Whose word on who somebody is counts.
    #[must_use]
    pub fn trusted(&self) -> &Trusted {
        &self.0.trusted
    }

    /// Browsers that have signed in before.
    #[must_use]
    pub fn devices(&self) -> &Devices {
        &self.0.devices
    }

    /// People without an account.
    #[must_use]
    pub fn guests(&self) -> &Guests {
        &self.0.guests
    }

    /// How often somebody may ask.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Pictures of users.
    #[must_use]
    pub fn avatars(&self) -> &Avatars {
        &self.0.avatars
    }

    /// Mails that are to be sent.
    #[must_use]
    pub fn mails(&self) -> &Mails {
        &self.0.mails
    }

    /// Codes that mails bring.
    #[must_use]
    pub fn codes(&self) -> &Codes {
        &self.0.codes
    }

    /// Verifying mail addresses.
    #[must_use]
    pub fn verification(&self) -> &Verification {
        &self.0.verification
    }

    /// Who tells the services of deleted accounts.
    #[must_use]
    pub fn account_ends(&self) -> &AccountEnds {
        &self.0.account_ends
    }

    /// What admins see and do.
    #[must_use]
    pub fn admins(&self) -> &Admins {
        &self.0.admins
    }

    /// Who may call from a browser.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.0.config.origins
    }

    /// How the session's cookie is set.
    #[must_use]
    pub fn cookies(&self) -> &CookiePolicy {
        &self.0.cookies
    }

    /// The pages for people.
    #[must_use]
    pub fn pages(&self) -> &Pages {
        &self.0.pages
    }
}
