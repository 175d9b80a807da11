//! OpenID Connect: where a provider's addresses are, what its ID token says.

use std::{collections::HashSet, sync::Arc};

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::{Endpoints, Exchanged, Failed, Provider, is_safe};
use crate::{
    identities::Person,
    outside::{Away, Kept, Outside},
    rules::Email,
    signatures::{self, Keys, NotBelieved, Rules, Source},
};

/// What a provider publishes of itself (OpenID Connect Discovery, section 3).
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Discovery {
    /// With which it may sign: of those that it names, the ones with a public key; RS256 where it names none.
    fn algorithms(&self) -> Vec<Algorithm> {
        let named = self.id_token_signing_alg_values_supported.iter().flatten();
        let named: Vec<Algorithm> = named.filter_map(|name| signatures::algorithm(name)).collect();
        if named.is_empty() { vec![Algorithm::RS256] } else { named }
    }
}

/// What is remembered of a provider.
#[derive(Debug, Default)]
pub(super) struct Oidc {
    discovery: Kept<Discovery>,
    keys: Keys,
}

/// Who an ID token, or the address for it, is about.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub sub: String,
    pub nonce: Option<String>,
    pub azp: Option<String>,
    aud: Option<Audiences>,
    pub email: Option<String>,
    email_verified: Option<Value>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub name: Option<String>,
    pub preferred_username: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(#[expect(dead_code, reason = "that it is ours is checked with the signature")] String),
    Several(HashSet<String>),
}

impl Claims {
    pub(crate) fn person(self) -> Person {
        // Some providers say it as a text; anything else is no word on it.
        let verified = match self.email_verified {
            Some(Value::Bool(verified)) => verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        Person {
            subject: self.sub,
            email: self.email.as_deref().and_then(Email::parse),
            verified,
            given_name: self.given_name,
            family_name: self.family_name,
            name: self.name,
            username: self.preferred_username,
        }
    }
}

impl Oidc {
    async fn discovered(&self, outside: &Outside, provider: &Provider) -> Result<Arc<Discovery>, Away> {
        let issuer = &provider.issuer;
        let ask = async {
            let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let found: Discovery = outside.get(&address, None).await?;
            if found.issuer != *issuer {
                return Err(Away(format!("{address} is of {:?}, not of {issuer:?}", found.issuer)));
            }
            let addresses = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
            let open = addresses.into_iter().chain(&found.userinfo_endpoint).find(|named| !is_safe(named));
            match open.cloned() {
                Some(open) => Err(Away(format!("{address} names {open:?}, which has no TLS"))),
                None => Ok(found),
            }
        };
        self.discovery.get(ask).await
    }

    pub(super) async fn endpoints(
        &self,
        outside: &Outside,
        provider: &Provider,
    ) -> Result<Endpoints, Failed> {
        let found = self.discovered(outside, provider).await?;
        let ways = found.token_endpoint_auth_methods_supported.as_ref();
        Ok(Endpoints {
            authorize: found.authorization_endpoint.clone(),
            token: found.token_endpoint.clone(),
            basic: ways.is_none_or(|ways| ways.iter().any(|way| way == "client_secret_basic")),
            issuer: found.issuer.clone(),
            says_issuer: found.authorization_response_iss_parameter_supported,
        })
    }

    pub(super) async fn person(
        &self,
        outside: &Outside,
        provider: &Provider,
        exchanged: Exchanged,
        nonce: &str,
    ) -> Result<Person, Failed> {
        let found = self.discovered(outside, provider).await?;
        let wrong = |why: &str| Failed::Wrong(why.to_owned());
        let token = exchanged.id_token.ok_or_else(|| wrong("there is no ID token"))?;
        let source = Source::Address(found.jwks_uri.clone());
        let algorithms = found.algorithms();
        let rules =
            Rules { issuer: &provider.issuer, audience: &provider.client_id, algorithms: &algorithms };
        let believed = self.keys.claims::<Claims>(outside, &source, &token, rules).await;
        let mut claims = believed.map_err(|why| match why {
            NotBelieved::Invalid(why) => Failed::Wrong(format!("the ID token is not believed: {why}")),
            NotBelieved::Away(away) => Failed::Away(away),
        })?;
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(wrong("the ID token was made for another sign-in"));
        }
        let several = matches!(&claims.aud, Some(Audiences::Several(all)) if all.len() > 1);
        if (several || claims.azp.is_some()) && claims.azp.as_deref() != Some(&*provider.client_id) {
            return Err(wrong("the ID token was made for another client"));
        }
        if claims.email.is_none()
            && let Some(address) = &found.userinfo_endpoint
        {
            let more: Claims = outside.get(address, Some(&exchanged.access)).await?;
            if more.sub != claims.sub {
                return Err(wrong("it tells of somebody else than its ID token"));
            }
            claims = more;
        }
        Ok(claims.person())
    }
}
