//! Somebody with a browser: a client that keeps cookies, and an account.

use std::{error::Error as _, time::Duration};

use plenum_service::process::StartError;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header, redirect};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Finding;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 256 * 1024;

/// A visitor of one Plenum.
pub struct Visitor {
    /// Where it is, without a path.
    pub url: Url,
    client: Client,
    /// What the login set, as it came.
    pub set_cookies: Vec<String>,
    throw_away: bool,
}

/// An answer that was read.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: header::HeaderMap,
    /// Its body, as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer in a few words.
    pub fn brief(&self) -> String {
        let code = self.code();
        let code = if code.is_empty() { self.text.chars().take(80).collect() } else { code };
        format!("{} {}", self.status.as_u16(), code.replace(char::is_control, " "))
    }
}

impl Visitor {
    /// A visitor of the Plenum at this address.
    pub fn new(url: &Url) -> Result<Self, StartError> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("{url} is no address that begins with http:// or https://").into());
        }
        let mut url = url.clone();
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        let client = Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .connect_timeout(PATIENCE)
            .user_agent(concat!("plenum-doctor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { url, client, set_cookies: Vec::new(), throw_away: false })
    }

    /// A request with the cookies that were set.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        // What is joined is a path of ours.
        let url = self.url.join(path).unwrap_or_else(|_| self.url.clone());
        let pairs: Vec<&str> = self.set_cookies.iter().filter_map(|text| text.split(';').next()).collect();
        let request = self.client.request(method, url);
        if pairs.is_empty() { request } else { request.header(header::COOKIE, pairs.join("; ")) }
    }

    /// Sends a request and reads the answer, within some seconds more than it may wait there.
    pub async fn read(request: RequestBuilder, waits: Duration) -> Result<Answer, String> {
        let reading = async {
            let response = request.send().await.map_err(|error| in_words(&error))?;
            body(response).await
        };
        let late = |_| format!("no answer within {} s", (waits + PATIENCE).as_secs());
        tokio::time::timeout(waits + PATIENCE, reading).await.map_err(late)?
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        Self::read(self.ask(Method::GET, path), Duration::ZERO).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer, Finding> {
        let request = self
            .ask(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        Self::read(request, Duration::ZERO).await.map_err(|seen| {
            Finding::wrong(seen, "let the proxy pass POST requests to Plenum, with their bodies")
        })
    }

    /// Makes a throw-away account and signs in with it.
    pub async fn registers(&mut self) -> Result<(), Finding> {
        let mark = Uuid::new_v4().simple().to_string();
        let (email, password) = (format!("doctor-{mark}@example.com"), Uuid::new_v4().to_string());
        let account = json!({
            "email": email, "password": password, "name": "Plenum", "last_name": "Doctor", "age": 30,
        });
        let answer = self.post("/api/auth/register", &account).await?;
        if answer.status != StatusCode::CREATED {
            return Err(Finding::wrong(format!("registering was answered {}", answer.brief()), OWN_ACCOUNT));
        }
        self.logs_in(&email, &password).await?;
        self.throw_away = true;
        Ok(())
    }

    /// Signs in, and keeps the cookies.
    pub async fn logs_in(&mut self, email: &str, password: &str) -> Result<(), Finding> {
        let answer = self.post("/api/auth/login", &json!({ "email": email, "password": password })).await?;
        if answer.status != StatusCode::OK {
            return Err(Finding::wrong(format!("the login was answered {}", answer.brief()), OWN_ACCOUNT));
        }
        let set = answer.headers.get_all(header::SET_COOKIE).iter();
        self.set_cookies = set.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
        Ok(())
    }

    /// Deletes the throw-away account. What went wrong, if something did.
    pub async fn leaves(&self) -> Option<Finding> {
        if !self.throw_away {
            return None;
        }
        let seen = match Self::read(self.ask(Method::DELETE, "/api/users/profile"), Duration::ZERO).await {
            Ok(answer) if answer.status == StatusCode::OK => return None,
            Ok(answer) => answer.brief(),
            Err(error) => error,
        };
        let seen = format!("the throw-away account could not be deleted: {seen}");
        Some(Finding::wrong(
            seen,
            "let the proxy pass DELETE requests; plenum user list doctor- shows what is left",
        ))
    }
}

const OWN_ACCOUNT: &str = "give an account that may sign in: --login ADDRESS --password-file FILE";

async fn body(mut response: Response) -> Result<Answer, String> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| in_words(&error))? {
        if bytes.len() + chunk.len() > ANSWER_MAX {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// An error with what caused it, which says more.
fn in_words(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    if error.source().is_some() { format!("{last}") } else { error.to_string() }
}
