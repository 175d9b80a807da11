//! Signing in elsewhere: Google, GitHub and further providers of OpenID Connect.
//!
//! Somebody is sent to a provider with a state, and comes back with it and a code. The state counts once, for ten minutes,
//! at the provider that it was made for, and in the browser that was sent, which holds a secret of its own; so one that was
//! seen or stolen opens nothing. The code is worth something only together with a secret that never left this server (PKCE).

mod github;
mod oidc;
mod settings;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use plenum_contract::{ErrorCode, SessionId, UserId};
use plenum_service::{Lifecycle, clock};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, StoreUnavailable},
    identities::Person,
    outside::{Away, Outside},
    sweeping,
    tokens::{Token, TokenHash},
};
use github::GitHub;
pub(crate) use oidc::Claims;
use oidc::Oidc;
pub use settings::{Provider, Settings};
pub(crate) use settings::{Reader, is_issuer_name, is_safe};

/// How long somebody may take at a provider.
pub const ATTEMPT: SignedDuration = SignedDuration::from_mins(10);
/// How long we may take with what they come back with.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of a code.
const CODE_MAX: usize = 4 * 1024;

/// What somebody is sent to a provider for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in, or to have an account.
    SignIn,
    /// To link who they are there with the account of this session.
    Link {
        /// Whose account.
        user: UserId,
        /// In which session it was asked for.
        session: SessionId,
    },
}

/// Somebody who was sent to a provider, as it is stored.
#[derive(Clone)]
pub struct Attempt {
    /// The hash of the state that they come back with.
    pub state: TokenHash,
    /// The hash of what their browser holds.
    pub browser: TokenHash,
    /// The provider's name.
    pub provider: String,
    /// What the code has to be shown with.
    pub verifier: String,
    /// What has to stand in an ID token.
    pub nonce: String,
    /// What for.
    pub purpose: Purpose,
    /// From then on it counts no more.
    pub expires_at: Timestamp,
}

/// Where attempts are kept. Each call ends within [`plenum_contract::limits::STORE_TIMEOUT`].
#[async_trait]
pub trait AttemptStore: Send + Sync {
    /// Adds one.
    async fn add_attempt(&self, attempt: &Attempt) -> Result<(), StoreUnavailable>;
    /// Takes the one with this state: of many who do so at once, one has it.
    async fn take_attempt(&self, state: &TokenHash) -> Result<Option<Attempt>, StoreUnavailable>;
    /// Deletes those that expired before `now`, `most` at once, and says how many.
    async fn remove_expired_attempts(&self, now: Timestamp, most: u64) -> Result<u64, StoreUnavailable>;
}

/// Where somebody is to go, and what their browser is to hold meanwhile.
pub struct Sent {
    /// The provider's address.
    pub url: String,
    /// For a cookie.
    pub browser: Token,
}

/// What somebody comes back with.
#[derive(Debug, Default, Deserialize)]
pub struct Back {
    /// To be exchanged.
    pub code: Option<String>,
    /// What they were sent with.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who sends them (RFC 9207).
    pub iss: Option<String>,
}

/// Everything that is done with providers. Clones share the same.
#[derive(Clone)]
pub struct OAuth(Arc<Inner>);

struct Inner {
    store: Arc<dyn AttemptStore>,
    outside: Outside,
    providers: BTreeMap<String, (Provider, Speech)>,
}

/// What a provider speaks.
enum Speech {
    Oidc(Box<Oidc>),
    GitHub(GitHub),
}

/// Where a provider's OAuth 2.0 is.
struct Endpoints {
    authorize: String,
    token: String,
    /// Whether the secret is shown in a header rather than in the body.
    basic: bool,
    /// Who it says it is when it sends somebody back.
    issuer: String,
    /// Whether it always says so.
    says_issuer: bool,
}

/// What comes with an access token.
#[derive(Debug, Serialize, Deserialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

/// What a code was exchanged for.
struct Exchanged {
    access: String,
    id_token: Option<String>,
}

type Asking = Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Why a provider's word was not had.
#[derive(Debug)]
enum Failed {
    /// It can't be reached, or does not answer as it should.
    Away(Away),
    /// What it or the browser says is not right; the text is for the log.
    Wrong(String),
}

impl From<Away> for Failed {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl Failed {
    fn told(self, provider: &str) -> Error {
        match self {
            Self::Away(away) => {
                tracing::warn!(provider, %away, "a provider of sign-in is away");
                Error::Refused(ErrorCode::OauthUnavailable)
            }
            Self::Wrong(why) => {
                tracing::warn!(provider, why, "a sign-in elsewhere failed");
                Error::Refused(ErrorCode::OauthFailed)
            }
        }
    }
}

impl OAuth {
    /// These providers. None of them is asked before somebody wants to go there.
    pub fn new(settings: &Settings, store: Arc<dyn AttemptStore>, outside: Outside) -> Self {
        let providers = settings.providers.iter().map(|provider| {
            let speech = match &provider.github_api {
                Some(api) => Speech::GitHub(GitHub::new(&provider.issuer, api)),
                None => Speech::Oidc(Box::default()),
            };
            (provider.name.clone(), (provider.clone(), speech))
        });
        Self(Arc::new(Inner { store, outside, providers: providers.collect() }))
    }

    /// The names of those that are configured.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.providers.keys().map(String::as_str)
    }

    fn provider(&self, name: &str) -> Result<(&Provider, &Speech), Error> {
        match self.0.providers.get(name) {
            Some((provider, speech)) => Ok((provider, speech)),
            None if settings::BUILT_IN.contains(&name) => Err(Error::Refused(ErrorCode::OauthNotConfigured)),
            None => Err(Error::Refused(ErrorCode::NotFound)),
        }
    }

    /// Refused when there is no such provider.
    pub fn knows(&self, name: &str) -> Result<(), Error> {
        self.provider(name).map(drop)
    }

    /// Sends somebody to a provider.
    pub async fn send(&self, name: &str, purpose: Purpose, now: Timestamp) -> Result<Sent, Error> {
        let (provider, speech) = self.provider(name)?;
        let endpoints =
            speech.endpoints(&self.0.outside, provider).await.map_err(|failed| failed.told(name))?;
        let asking = asking(provider, &endpoints)?;
        let (state, browser, nonce) = (Token::random()?, Token::random()?, Token::random()?);
        let verifier = PkceCodeVerifier::new(Token::random()?.reveal().to_owned());
        let mut request = asking
            .authorize_url(|| CsrfToken::new(state.reveal().to_owned()))
            .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if matches!(speech, Speech::Oidc(_)) {
            request = request.add_extra_param("nonce", nonce.reveal().to_owned());
        }
        let (url, _) = request.url();
        let attempt = Attempt {
            state: state.hash(),
            browser: browser.hash(),
            provider: name.to_owned(),
            verifier: verifier.into_secret(),
            nonce: nonce.reveal().to_owned(),
            purpose,
            expires_at: now.saturating_add(ATTEMPT).unwrap_or(Timestamp::MAX),
        };
        self.0.store.add_attempt(&attempt).await?;
        Ok(Sent { url: url.into(), browser })
    }

    /// Who somebody is that comes back from a provider, in the browser that holds `browser`; and what they were sent for.
    pub async fn receive(
        &self,
        name: &str,
        back: Back,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Result<(Purpose, Person), Error> {
        let (provider, speech) = self.provider(name)?;
        let over = || Error::Refused(ErrorCode::OauthExpired);
        let state = back.state.as_deref().and_then(Token::parse).ok_or_else(over)?;
        let attempt = self.0.store.take_attempt(&state.hash()).await?.ok_or_else(over)?;
        let same = browser.and_then(Token::parse).is_some_and(|held| held.hash() == attempt.browser);
        if !same || attempt.provider != name || attempt.expires_at <= now {
            return Err(over());
        }
        let person = tokio::time::timeout(PATIENCE, self.person(provider, speech, back, &attempt)).await;
        let late = || Failed::Away(Away(format!("not done within {PATIENCE:?}"))).told(name);
        Ok((attempt.purpose.clone(), person.map_err(|_| late())??))
    }

    async fn person(
        &self,
        provider: &Provider,
        speech: &Speech,
        back: Back,
        attempt: &Attempt,
    ) -> Result<Person, Error> {
        let told = |failed: Failed| failed.told(&provider.name);
        let outside = &self.0.outside;
        let endpoints = speech.endpoints(outside, provider).await.map_err(told)?;
        let said = back.iss.as_deref();
        if said.is_some_and(|said| said != endpoints.issuer) || (said.is_none() && endpoints.says_issuer) {
            return Err(told(Failed::Wrong("somebody else has sent them".into())));
        }
        if back.error.is_some() {
            let denied = back.error.as_deref() == Some("access_denied");
            return Err(if denied {
                Error::Refused(ErrorCode::OauthDenied)
            } else {
                told(Failed::Wrong("it has sent an error in place of a code".into()))
            });
        }
        let Some(code) = back.code.filter(|code| (1..=CODE_MAX).contains(&code.len())) else {
            return Err(told(Failed::Wrong("there is no code".into())));
        };
        let exchanged = exchange(outside, provider, &endpoints, code, &attempt.verifier).await;
        let exchanged = exchanged.map_err(told)?;
        match speech {
            Speech::Oidc(oidc) => oidc.person(outside, provider, exchanged, &attempt.nonce).await,
            Speech::GitHub(github) => github.person(outside, &exchanged.access).await,
        }
        .map_err(told)
    }

    /// Deletes what has expired every hour, until the process is told to stop.
    pub fn keep_swept(&self, life: &Lifecycle) {
        let (store, stopping) = (self.0.store.clone(), life.clone());
        sweeping::keep_swept(life, "sign-ins elsewhere", move || {
            let (store, stopping, now) = (store.clone(), stopping.clone(), clock::now());
            async move { sweeping::sweep(&stopping, |most| store.remove_expired_attempts(now, most)).await }
        });
    }
}

impl Speech {
    async fn endpoints(&self, outside: &Outside, provider: &Provider) -> Result<Endpoints, Failed> {
        match self {
            Self::Oidc(oidc) => oidc.endpoints(outside, provider).await,
            Self::GitHub(github) => Ok(github.endpoints()),
        }
    }
}

fn asking(provider: &Provider, endpoints: &Endpoints) -> Result<Asking, Error> {
    let fault = |error| Error::Internal(format!("{} has an address that is none: {error}", provider.name));
    Ok(Client::new(ClientId::new(provider.client_id.clone()))
        .set_client_secret(ClientSecret::new(provider.client_secret.expose_secret().to_owned()))
        .set_auth_type(if endpoints.basic { AuthType::BasicAuth } else { AuthType::RequestBody })
        .set_auth_uri(AuthUrl::new(endpoints.authorize.clone()).map_err(fault)?)
        .set_token_uri(TokenUrl::new(endpoints.token.clone()).map_err(fault)?)
        .set_redirect_uri(RedirectUrl::new(provider.callback.clone()).map_err(fault)?))
}

async fn exchange(
    outside: &Outside,
    provider: &Provider,
    endpoints: &Endpoints,
    code: String,
    verifier: &str,
) -> Result<Exchanged, Failed> {
    let asking = asking(provider, endpoints).map_err(|error| Failed::Wrong(error.to_string()))?;
    // Of its own: what borrows it can't be sent to another thread in the compiler's eyes.
    let outside = outside.clone();
    let send = move |request: HttpRequest| {
        let outside = outside.clone();
        async move { outside.send(request).await }
    };
    let exchange = asking
        .exchange_code(AuthorizationCode::new(code))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
    match exchange.request_async(&send).await {
        Ok(answer) => Ok(Exchanged {
            access: answer.access_token().secret().clone(),
            id_token: answer.extra_fields().id_token.clone(),
        }),
        Err(RequestTokenError::Request(away)) => Err(away.into()),
        Err(RequestTokenError::ServerResponse(refusal)) => {
            Err(Failed::Wrong(format!("the code was not taken: {}", refusal.error().as_ref())))
        }
        // What was read may hold a token, so it is not said.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
            Err(Failed::Wrong("the answer to the code can't be read".into()))
        }
    }
}
