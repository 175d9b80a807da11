//! GitHub, which speaks OAuth 2.0 and has no ID tokens: who somebody is its API says.

use serde::Deserialize;

use super::{Endpoints, Failed};
use crate::{identities::Person, outside::Outside, rules::Email};

/// GitHub, or a GitHub Enterprise.
#[derive(Debug)]
pub(super) struct GitHub {
    url: String,
    api: String,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    pub(super) fn new(url: &str, api: &str) -> Self {
        let plain = |address: &str| address.trim_end_matches('/').to_owned();
        Self { url: plain(url), api: plain(api) }
    }

    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints {
            authorize: format!("{}/login/oauth/authorize", self.url),
            token: format!("{}/login/oauth/access_token", self.url),
            basic: false,
            issuer: format!("{}/login/oauth", self.url),
            says_issuer: false,
        }
    }

    pub(super) async fn person(&self, outside: &Outside, access: &str) -> Result<Person, Failed> {
        let user: User = outside.get(&format!("{}/user", self.api), Some(access)).await?;
        let addresses: Vec<Address> = outside.get(&format!("{}/user/emails", self.api), Some(access)).await?;
        let primary = addresses.into_iter().find(|address| address.primary);
        Ok(Person {
            subject: user.id.to_string(),
            verified: primary.as_ref().is_some_and(|address| address.verified),
            email: primary.and_then(|address| Email::parse(&address.email)),
            name: user.name,
            username: Some(user.login),
            ..Person::default()
        })
    }
}
