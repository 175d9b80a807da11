//! Where Firestore is, and who we are to it.

use std::{fmt, fs};

use firestore::gcloud_sdk::{
    GCP_DEFAULT_SCOPES, HeaderMap,
    google_cloud_auth::{
        build_errors::Error as BuildError,
        credentials::{
            CacheableResource, Credentials, CredentialsProvider, EntityTag, external_account, impersonated,
            service_account, user_account,
        },
        errors::CredentialsError,
    },
};
use futures_util::FutureExt;
use http::{Extensions, HeaderValue, Uri, header::AUTHORIZATION};
use plenum_service::Env;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const FIRESTORE: &str = "https://firestore.googleapis.com";

/// Where Firestore is, and who we are to it.
#[derive(Clone)]
pub struct FirestoreConfig {
    project: String,
    access: Access,
}

#[derive(Clone)]
enum Access {
    /// The emulator's address; it lets everybody in.
    Emulator(String),
    /// What a file of credentials holds.
    Account(Value),
}

impl fmt::Debug for FirestoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirestoreConfig").field("project", &self.project).finish_non_exhaustive()
    }
}

impl FirestoreConfig {
    /// The emulator at `host:port`.
    #[must_use]
    pub fn emulator(project: &str, host: &str) -> Self {
        Self { project: project.to_owned(), access: Access::Emulator(format!("http://{host}")) }
    }

    /// Reads `FIREBASE_*`, `GOOGLE_APPLICATION_CREDENTIALS` and `FIRESTORE_EMULATOR_HOST`; none without a
    /// project id. Keys are tried, so that a broken one is told at the start and not at the first request.
    pub fn read(env: &mut Env) -> Option<Self> {
        let project = env.text("FIREBASE_PROJECT_ID");
        let emulator = env.text("FIRESTORE_EMULATOR_HOST");
        let (email, key) = (env.text("FIREBASE_CLIENT_EMAIL"), env.secret("FIREBASE_PRIVATE_KEY"));
        let file = env.text("GOOGLE_APPLICATION_CREDENTIALS");
        let Some(project) = project else {
            if email.is_some() || key.is_some() {
                env.problem("FIREBASE_CLIENT_EMAIL and FIREBASE_PRIVATE_KEY need FIREBASE_PROJECT_ID");
            }
            return None;
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
        if !project.chars().all(plain) {
            env.problem(format!("FIREBASE_PROJECT_ID must be the id of a project, not {project:?}"));
        }
        let access = match (emulator, email, key, file) {
            (Some(host), ..) => from_emulator(&host),
            (None, Some(email), Some(key), _) => from_key(&project, &email, &key),
            (None, Some(_), None, _) => Err("FIREBASE_CLIENT_EMAIL needs FIREBASE_PRIVATE_KEY".into()),
            (None, None, Some(_), _) => Err("FIREBASE_PRIVATE_KEY needs FIREBASE_CLIENT_EMAIL".into()),
            (None, None, None, Some(file)) => from_file(&file),
            (None, None, None, None) => Err("FIREBASE_PROJECT_ID needs FIREBASE_CLIENT_EMAIL and \
                FIREBASE_PRIVATE_KEY, or GOOGLE_APPLICATION_CREDENTIALS, or FIRESTORE_EMULATOR_HOST"
                .into()),
        };
        match access {
            Ok(access) => Some(Self { project, access }),
            Err(problem) => {
                env.problem(problem);
                None
            }
        }
    }

    /// The project whose Firestore it is.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    pub(super) fn url(&self) -> &str {
        match &self.access {
            Access::Emulator(url) => url,
            Access::Account(_) => FIRESTORE,
        }
    }

    /// What requests show; it renews itself on the runtime that this is called on.
    pub(super) fn credentials(&self) -> Result<Credentials, BuildError> {
        let Access::Account(account) = &self.access else {
            return Ok(Credentials::from(Owner(EntityTag::new())));
        };
        let scopes = GCP_DEFAULT_SCOPES.clone();
        let account = account.clone();
        match kind(&account) {
            Some("authorized_user") => user_account::Builder::new(account).with_scopes(scopes).build(),
            Some("external_account") => external_account::Builder::new(account).with_scopes(scopes).build(),
            Some("impersonated_service_account") => {
                impersonated::Builder::new(account).with_scopes(scopes).build()
            }
            _ => service_account::Builder::new(account)
                .with_access_specifier(service_account::AccessSpecifier::from_scopes(scopes))
                .build(),
        }
    }
}

fn kind(account: &Value) -> Option<&str> {
    account.get("type")?.as_str()
}

fn from_emulator(host: &str) -> Result<Access, String> {
    let host = host.strip_prefix("http://").unwrap_or(host);
    let url: Option<Uri> = format!("http://{host}").parse().ok();
    let fits = url.is_some_and(|url| url.port().is_some() && url.path() == "/" && url.query().is_none());
    if fits {
        Ok(Access::Emulator(format!("http://{host}")))
    } else {
        Err(format!("FIRESTORE_EMULATOR_HOST must be host:port, not {host:?}"))
    }
}

fn from_key(project: &str, email: &str, key: &SecretString) -> Result<Access, String> {
    // Dashboards give the key in quotes and with its line breaks written out.
    let key = key.expose_secret().trim_matches('"').replace("\\n", "\n");
    let account = json!({
        "type": "service_account",
        "project_id": project,
        "client_email": email,
        "private_key_id": "",
        "private_key": key,
    });
    if signs(&account) {
        Ok(Access::Account(account))
    } else {
        Err("FIREBASE_PRIVATE_KEY must be an RSA key that begins with -----BEGIN PRIVATE KEY-----; \
             line breaks may be written as \\n"
            .into())
    }
}

fn from_file(path: &str) -> Result<Access, String> {
    let text = fs::read_to_string(path).map_err(|error| {
        format!("GOOGLE_APPLICATION_CREDENTIALS names {path}, which can't be read: {error}")
    })?;
    // The text is secret, so what the parser says of it is not told.
    let account: Value = serde_json::from_str(&text)
        .map_err(|_| format!("GOOGLE_APPLICATION_CREDENTIALS names {path}, which holds no JSON"))?;
    match kind(&account) {
        Some("service_account") if signs(&account) => Ok(Access::Account(account)),
        Some("authorized_user" | "external_account" | "impersonated_service_account") => {
            Ok(Access::Account(account))
        }
        _ => Err(format!(
            "GOOGLE_APPLICATION_CREDENTIALS names {path}, which holds no credentials of Google Cloud"
        )),
    }
}

/// Whether the account's key can sign something.
fn signs(account: &Value) -> bool {
    let Ok(signer) = service_account::Builder::new(account.clone()).build_signer() else {
        return false;
    };
    // It signs here and now, without waiting for anything.
    signer.sign("plenum").now_or_never().is_some_and(|signed| signed.is_ok())
}

/// What emulators take for somebody who may do everything.
#[derive(Debug)]
struct Owner(EntityTag);

impl CredentialsProvider for Owner {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        if extensions.get::<EntityTag>() == Some(&self.0) {
            return Ok(CacheableResource::NotModified);
        }
        let data = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer owner"))]);
        Ok(CacheableResource::New { entity_tag: self.0.clone(), data })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_lc_rs::{
        encoding::{AsDer as _, Pkcs8V1Der},
        rsa::{KeyPair, KeySize},
    };
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use plenum_contract::MeetingId;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Result<Option<FirestoreConfig>, Vec<String>> {
        let pairs: HashMap<_, _> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut env = Env::lookup(move |name| pairs.get(name).cloned());
        let config = FirestoreConfig::read(&mut env);
        env.finish().map(|()| config).map_err(|problems| problems.0)
    }

    fn problem(pairs: &[(&'static str, &str)]) -> String {
        read(pairs).unwrap_err().join("\n")
    }

    fn key() -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let text = BASE64_STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    #[test]
    fn without_a_project_there_is_no_firestore() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080")]).unwrap().is_none());
        for name in ["FIREBASE_CLIENT_EMAIL", "FIREBASE_PRIVATE_KEY"] {
            assert!(problem(&[(name, "x")]).contains("FIREBASE_PROJECT_ID"));
        }
    }

    #[test]
    fn the_emulator_needs_nothing_but_a_project() {
        let emulated = [("FIREBASE_PROJECT_ID", "demo"), ("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080")];
        let config = read(&emulated).unwrap().unwrap();
        assert_eq!((config.project(), config.url()), ("demo", "http://127.0.0.1:8080"));
        for host in ["nowhere", "127.0.0.1:8080/path", "a b:1", "https://127.0.0.1:8080"] {
            let bad = [("FIREBASE_PROJECT_ID", "demo"), ("FIRESTORE_EMULATOR_HOST", host)];
            assert!(problem(&bad).contains("FIRESTORE_EMULATOR_HOST"), "{host}");
        }
        let bad = [("FIREBASE_PROJECT_ID", "demo/../x"), ("FIRESTORE_EMULATOR_HOST", "127.0.0.1:8080")];
        assert!(problem(&bad).contains("FIREBASE_PROJECT_ID"));
    }

    #[tokio::test]
    async fn a_key_is_taken_with_its_line_breaks_written_out_or_not() {
        let key = key();
        for key in [key.clone(), key.replace('\n', "\\n"), format!("\"{}\"", key.replace('\n', "\\n"))] {
            let config = read(&[
                ("FIREBASE_PROJECT_ID", "demo"),
                ("FIREBASE_CLIENT_EMAIL", "plenum@demo.iam.gserviceaccount.com"),
                ("FIREBASE_PRIVATE_KEY", &key),
            ]);
            let config = config.unwrap().unwrap();
            assert_eq!(config.url(), FIRESTORE);
            config.credentials().unwrap();
            assert!(!format!("{config:?}").contains("PRIVATE KEY"));
        }
    }

    #[test]
    fn a_broken_key_is_told_at_the_start_and_not_shown() {
        let cut = key().replace('\n', "\\n").split_at(400).0.to_owned();
        for key in ["hush", &cut, "-----BEGIN PRIVATE KEY-----\\nhush\\n-----END PRIVATE KEY-----\\n"] {
            let problem = problem(&[
                ("FIREBASE_PROJECT_ID", "demo"),
                ("FIREBASE_CLIENT_EMAIL", "plenum@demo.iam.gserviceaccount.com"),
                ("FIREBASE_PRIVATE_KEY", key),
            ]);
            assert!(problem.contains("FIREBASE_PRIVATE_KEY") && !problem.contains("hush"), "{problem}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let project = ("FIREBASE_PROJECT_ID", "demo");
        assert!(problem(&[project]).contains("GOOGLE_APPLICATION_CREDENTIALS"));
        assert!(problem(&[project, ("FIREBASE_CLIENT_EMAIL", "x@y")]).contains("FIREBASE_PRIVATE_KEY"));
        assert!(problem(&[project, ("FIREBASE_PRIVATE_KEY", "x")]).contains("FIREBASE_CLIENT_EMAIL"));
    }

    #[tokio::test]
    async fn a_file_of_credentials_is_looked_into() {
        let path = std::env::temp_dir().join(format!("plenum-credentials-{}.json", MeetingId::random()));
        let with = |text: &str| {
            fs::write(&path, text).unwrap();
            let path = path.to_str().unwrap();
            read(&[("FIREBASE_PROJECT_ID", "demo"), ("GOOGLE_APPLICATION_CREDENTIALS", path)])
        };
        let account = |key: &str| {
            json!({
                "type": "service_account",
                "project_id": "demo",
                "private_key_id": "1",
                "private_key": key,
                "client_email": "plenum@demo.iam.gserviceaccount.com",
            })
        };
        with(&account(&key()).to_string()).unwrap().unwrap().credentials().unwrap();
        for bad in ["", "hush", "{}", r#"{"type":"other"}"#, &account("hush").to_string()] {
            let problem = with(bad).unwrap_err().join("\n");
            assert!(
                problem.contains("GOOGLE_APPLICATION_CREDENTIALS") && !problem.contains("hush"),
                "{problem}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert!(
            read(&[("FIREBASE_PROJECT_ID", "demo"), ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")]).is_err()
        );
    }
}
