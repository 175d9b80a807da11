//! The variables of providers.

use std::net::IpAddr;

use oauth2::url::{Host, Url};
use plenum_service::Env;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

/// The names that have variables of their own.
pub(super) const BUILT_IN: [&str; 2] = [GOOGLE, GITHUB];
const GOOGLE: &str = "google";
const GITHUB: &str = "github";
/// Characters of a provider's name.
const NAME_MAX: usize = 32;
/// Characters of an issuer: as many as the table of identities holds.
pub(crate) const ISSUER_MAX: usize = 255;

/// The providers that are configured.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Each by another name.
    pub providers: Vec<Provider>,
}

/// A provider as an operator describes it.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name here, for ever: identities are stored by it.
    pub name: String,
    /// Who it is: discovery is below. For GitHub its address.
    pub issuer: String,
    /// GitHub's API; none where OpenID Connect is spoken.
    pub github_api: Option<String>,
    /// Who we are there.
    pub client_id: String,
    /// What shows that.
    pub client_secret: SecretString,
    /// Where people are sent back: our own route, as a browser reaches it.
    pub callback: String,
    /// What is asked for.
    pub scopes: Vec<String>,
}

impl Settings {
    /// `GOOGLE_*`, `GITHUB_*` and `OIDC_PROVIDERS`; what is wrong is noted in `env`.
    pub fn read(env: &mut Env) -> Self {
        let mut providers = Vec::new();
        let issuer = address(env, "GOOGLE_ISSUER", "https://accounts.google.com");
        let names = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "OAUTH_CALLBACK_URL"];
        providers.extend(together(env, names).map(|(client_id, client_secret, callback)| Provider {
            name: GOOGLE.into(),
            issuer,
            github_api: None,
            client_id,
            client_secret,
            callback,
            scopes: scopes(["openid", "email", "profile"]),
        }));
        let url = address(env, "GITHUB_URL", "https://github.com");
        let api = address(env, "GITHUB_API_URL", "https://api.github.com");
        let names = ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "GITHUB_CALLBACK_URL"];
        providers.extend(together(env, names).map(|(client_id, client_secret, callback)| Provider {
            name: GITHUB.into(),
            issuer: url,
            github_api: Some(api),
            client_id,
            client_secret,
            callback,
            scopes: scopes(["read:user", "user:email"]),
        }));
        for provider in Reader::list(env, "OIDC_PROVIDERS", one) {
            if providers.iter().any(|other| other.name == provider.name) {
                env.problem(format!("OIDC_PROVIDERS names {:?}, which there is already", provider.name));
            }
            providers.push(provider);
        }
        Self { providers }
    }
}

fn scopes<const N: usize>(scopes: [&str; N]) -> Vec<String> {
    scopes.map(str::to_owned).into()
}

fn one(item: &mut Reader<'_>) -> Option<Provider> {
    let plain = |name: &str| {
        (1..=NAME_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !BUILT_IN.contains(&name)
    };
    let name = item.text("name", "1 to 32 of a-z, 0-9 and -, and neither google nor github", plain);
    let issuer = item.text("issuer", "an https address", is_issuer);
    let client_id = item.text("clientId", "a text", |_| true);
    let client_secret = item.text("clientSecret", "a text", |_| true);
    let callback = item.text("callbackUrl", CALLBACK, is_callback);
    let scopes =
        item.texts("scopes", &["openid", "email", "profile"], "scopes, openid among them", |scopes| {
            scopes.iter().any(|scope| scope == "openid")
        });
    item.nothing_else(&["name", "issuer", "clientId", "clientSecret", "callbackUrl", "scopes"]);
    Some(Provider {
        name: name?,
        issuer: issuer?,
        github_api: None,
        client_id: client_id?,
        client_secret: client_secret?.into(),
        callback: callback?,
        scopes: scopes?,
    })
}

const CALLBACK: &str = "an address that begins with http:// or https://, without a fragment";

/// Three variables of which all or none are set: an id, a secret, and where people are sent back.
fn together(env: &mut Env, names: [&'static str; 3]) -> Option<(String, SecretString, String)> {
    let (id, secret, callback) = (env.text(names[0]), env.secret(names[1]), env.text(names[2]));
    let given = [id.is_some(), secret.is_some(), callback.is_some()];
    if given == [false; 3] {
        return None;
    }
    let missing: Vec<&str> =
        names.iter().zip(given).filter(|(_, given)| !given).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        env.problem(format!("{} go together: {} is missing", names.join(", "), missing.join(" and ")));
    }
    if let Some(text) = callback.as_deref().filter(|text| !is_callback(text)) {
        env.problem(format!("{} must be {CALLBACK}, not {text:?}", names[2]));
    }
    Some((id?, secret?, callback?))
}

fn address(env: &mut Env, name: &'static str, default: &str) -> String {
    let text = env.text(name).unwrap_or_else(|| default.to_owned());
    if !is_issuer(&text) {
        env.problem(format!("{name} must be an https address without a query, not {text:?}"));
    }
    text
}

fn is_callback(text: &str) -> bool {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.is_some_and(|url| url.has_host() && url.fragment().is_none())
}

fn is_issuer(text: &str) -> bool {
    let plain = Url::parse(text).is_ok_and(|url| url.query().is_none() && url.fragment().is_none());
    plain && text.len() <= ISSUER_MAX && is_safe(text)
}

/// Whether it can be stored as the issuer of an identity.
pub(crate) fn is_issuer_name(text: &str) -> bool {
    text.chars().count() <= ISSUER_MAX && !text.chars().any(char::is_control)
}

/// Whether what is asked at this address can't be read or changed on its way: TLS, or this machine itself.
pub(crate) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => return false,
    };
    let bare = url.username().is_empty() && url.password().is_none();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// Reads one object of a variable that holds a list of them. Values are never said: some are secret.
pub(crate) struct Reader<'a> {
    object: &'a Map<String, Value>,
    place: String,
    problems: Vec<String>,
}

impl Reader<'_> {
    /// Each object of the variable's list that can be read.
    pub(crate) fn list<T>(
        env: &mut Env,
        name: &'static str,
        read: impl Fn(&mut Reader<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(text) = env.secret(name) else { return Vec::new() };
        let list = match serde_json::from_str(text.expose_secret()) {
            Ok(Value::Array(list)) => list,
            Ok(_) => {
                env.problem(format!("{name} must be a JSON array"));
                return Vec::new();
            }
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                env.problem(format!("{name} is no JSON: see line {line}, column {column}"));
                return Vec::new();
            }
        };
        let mut found = Vec::with_capacity(list.len());
        for (n, item) in list.iter().enumerate() {
            let place = format!("{name}[{n}]");
            let Value::Object(object) = item else {
                env.problem(format!("{place} must be an object"));
                continue;
            };
            let mut reader = Reader { object, place, problems: Vec::new() };
            found.extend(read(&mut reader));
            reader.problems.into_iter().for_each(|problem| env.problem(problem));
        }
        found
    }

    fn wrong<T>(&mut self, field: &str, what: &str) -> Option<T> {
        self.problems.push(format!("{}.{field} must be {what}", self.place));
        None
    }

    /// A field that must be there, and fit.
    pub(crate) fn text(&mut self, field: &str, what: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        match self.object.get(field).and_then(Value::as_str) {
            Some(text) if !text.trim().is_empty() && fits(text) => Some(text.to_owned()),
            _ => self.wrong(field, what),
        }
    }

    /// A list of texts, with a default.
    pub(crate) fn texts(
        &mut self,
        field: &str,
        default: &[&str],
        what: &str,
        fits: impl Fn(&[String]) -> bool,
    ) -> Option<Vec<String>> {
        let Some(value) = self.object.get(field) else {
            return Some(default.iter().map(|text| (*text).to_owned()).collect());
        };
        let texts = value.as_array().and_then(|list| {
            list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        match texts.filter(|texts| !texts.is_empty() && fits(texts)) {
            Some(texts) => Some(texts),
            None => self.wrong(field, what),
        }
    }

    /// A name that is misspelt would be passed over in silence.
    pub(crate) fn nothing_else(&mut self, known: &[&str]) {
        let unknown: Vec<String> =
            self.object.keys().filter(|field| !known.contains(&field.as_str())).cloned().collect();
        for field in unknown {
            self.problems.push(format!("{} has {field:?}, which is not known", self.place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> Result<Settings, Vec<String>> {
        let mut env = Env::lookup(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        let settings = Settings::read(&mut env);
        env.finish().map(|()| settings).map_err(|bad| bad.0)
    }

    #[test]
    fn without_variables_there_are_none() {
        assert!(read(&[]).unwrap().providers.is_empty());
    }

    #[test]
    fn the_variables_of_one_go_together() {
        let bad =
            read(&[("GOOGLE_CLIENT_ID", "x"), ("GITHUB_CLIENT_SECRET", "hush"), ("GITHUB_CLIENT_ID", "y")]);
        let bad = bad.unwrap_err();
        assert_eq!(bad.len(), 2, "{bad:?}");
        assert!(bad[0].contains("GOOGLE_CLIENT_SECRET and OAUTH_CALLBACK_URL is missing"), "{bad:?}");
        assert!(bad[1].contains("GITHUB_CALLBACK_URL is missing"), "{bad:?}");
    }

    #[test]
    fn further_providers_are_read_and_no_secret_is_said() {
        let good = read(&[(
            "OIDC_PROVIDERS",
            r#"[{"name":"corp","issuer":"https://id.example.com/","clientId":"p","clientSecret":"hush","callbackUrl":"https://m.example.com/api/auth/oauth/corp"}]"#,
        )])
        .unwrap();
        assert_eq!(good.providers[0].scopes, ["openid", "email", "profile"]);
        assert!(!format!("{good:?}").contains("hush"));
        for (text, said) in [
            (r#"[{"name":"corp","clientSecret":"hush""#, "column"),
            (r#"{"clientSecret":"hush"}"#, "array"),
            (r#"["hush"]"#, "object"),
            (
                r#"[{"name":"google","issuer":"http://id.example.com","clientSecret":["hush"],"callbackUrl":"x","clientID":"hush"}]"#,
                "clientID",
            ),
        ] {
            let mut env = Env::lookup(move |name| (name == "OIDC_PROVIDERS").then(|| text.to_owned()));
            Settings::read(&mut env);
            let bad = env.finish().unwrap_err().0;
            assert!(bad.iter().any(|problem| problem.contains(said)), "{said} in {bad:?}");
            assert!(bad.iter().all(|problem| !problem.contains("hush")), "{bad:?}");
        }
    }

    #[test]
    fn what_is_asked_has_tls_or_stays_on_this_machine() {
        for right in
            ["https://id.example.com/a", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:1"]
        {
            assert!(is_safe(right), "{right}");
        }
        for wrong in [
            "http://id.example.com",
            "http://localhost.example.com",
            "https://user:pw@id.example.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "//id.example.com",
            "",
        ] {
            assert!(!is_safe(wrong), "{wrong}");
        }
    }
}
