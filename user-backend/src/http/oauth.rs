//! `/api/auth/oauth/*` and `/api/auth/identities`: signing in elsewhere, and who one is there.
//!
//! Where people are sent afterwards is for the operator to say and for nobody else: no address is taken from a request.

use axum::{
    extract::{
        Path, Query as UrlQuery, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plenum_contract::{
    ErrorBody, ErrorCode, Locale,
    axum::{Json, JsonObject},
    http::{Answered, Envelope, Said, Told},
    text::said,
    user::{IdentityBody, ProviderAddress, Providers},
};
use plenum_service::clock;

use super::{
    auth,
    client::Client,
    error::Failure,
    session::{self, InBrowser, SignedIn},
};
use crate::{
    AppState,
    config::Config,
    error::Error,
    identities::{ISSUER, Linked},
    oauth::{Back, Purpose},
    proof::{By, Proof},
    rules::{Input, WayInBody, given_current_password},
    sessions::Kind,
};

/// GET `/api/auth/oauth`: the names of those providers that there are.
#[utoipa::path(
    get,
    path = "/api/auth/oauth",
    tag = "Signing in elsewhere",
    operation_id = "listProviders",
    responses((status = 200, body = Answered<Providers>)),
)]
pub async fn providers(State(state): State<AppState>) -> Json<Envelope<Providers>> {
    let providers = state.oauth().names().map(str::to_owned).collect();
    Json(Envelope::data(Providers { providers }))
}

/// A provider's name in a path.
fn name(path: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    path.map(|Path(name)| name).map_err(|_| ErrorCode::NotFound.into())
}

/// GET `/api/auth/oauth/:name`: sends somebody to a provider, which sends them back here; and from here to the web app, signed
/// in or told why not.
#[utoipa::path(
    get,
    path = "/api/auth/oauth/{name}",
    tag = "Signing in elsewhere",
    operation_id = "signInElsewhere",
    params(
        ("name" = String, Path, description = "A provider's name: `google`, `github`, or one of the operator's"),
        ("code" = Option<String>, Query, description = "What the provider sends somebody back with"),
        ("state" = Option<String>, Query, description = "What they were sent there with"),
        ("error" = Option<String>, Query, description = "Why the provider sends them back without a code"),
    ),
    responses((
        status = 302,
        description = "To the provider; or, from there, to `FRONTEND_URL/login` with `oauth_success=true`, or with \
                       `oauth_error`, a text, and `oauth_error_code`",
        headers(("Location" = String, description = "Where to"), ("Set-Cookie" = String, description = "The session's, once signed in")),
    )),
    extensions(("x-error-codes" = json!([ErrorCode::OauthNotConfigured]))),
)]
pub async fn go(
    State(state): State<AppState>,
    locale: Locale,
    request: Parts,
    path: Result<Path<String>, PathRejection>,
    back: Result<UrlQuery<Back>, QueryRejection>,
) -> Result<Response, Failure> {
    let (name, headers) = (name(path)?, &request.headers);
    state.oauth().knows(&name)?;
    // What can't be read is nobody's state.
    let nobodys = |_| Back { state: Some(String::new()), ..Back::default() };
    let back = back.map_or_else(nobodys, |UrlQuery(back)| back);
    if back.code.is_none() && back.state.is_none() && back.error.is_none() {
        return Ok(match state.oauth().send(&name, Purpose::SignIn, clock::now()).await {
            Ok(sent) => leave(&sent.url, state.cookies().set_at_provider(&sent.browser, headers)),
            Err(error) => told(&state, error, locale, None),
        });
    }
    let done = state.cookies().clear_at_provider(headers);
    Ok(match came_back(&state, &name, back, locale, &request).await {
        Ok((mut cookies, query)) => {
            cookies.extend(done);
            leave(&format!("{}?oauth_success=true{query}", login(state.config())), cookies)
        }
        Err(error) => told(&state, error, locale, done),
    })
}

/// The cookies of who has come back, and what else the web app is told.
async fn came_back(
    state: &AppState,
    name: &str,
    back: Back,
    locale: Locale,
    request: &Parts,
) -> Result<(Vec<HeaderValue>, String), Error> {
    let (now, headers) = (clock::now(), &request.headers);
    let browser = state.cookies().at_provider(headers);
    let (purpose, person) = state.oauth().receive(name, back, browser.as_deref(), now).await?;
    match purpose {
        Purpose::SignIn => {
            let user = state.identities().sign_in(name, &person, locale, now).await?;
            let by = By::Identity { provider: name.to_owned(), subject: person.subject };
            let proof = Proof { user: user.id, by, factor: None };
            // Always another session than one that the browser had.
            let (token, _) = state.sessions().begin(&proof, auth::device(headers), now).await?;
            Ok((state.cookies().set(&token, headers), String::new()))
        }
        Purpose::Link { user, session } => {
            let signed_in = session::check(
                state,
                Client::of(&request.extensions),
                &request.method,
                request.uri.path(),
                headers,
            )
            .await?;
            let caller = &signed_in.caller;
            if signed_in.kind != Kind::Cookie || caller.user != user || caller.session != session {
                return Err(Error::Refused(ErrorCode::OauthExpired));
            }
            state.identities().link(&user, name, &person, locale, now).await?;
            let token = state.sessions().change_token(&signed_in.token, &session, now).await?;
            Ok((state.cookies().set(&token, headers), format!("&linked={name}")))
        }
    }
}

/// The web app's page for signing in.
fn login(config: &Config) -> String {
    let frontend = config.frontend.as_ref().map(|uri| {
        let (scheme, host) =
            (uri.scheme_str().unwrap_or("https"), uri.authority().map_or("", |it| it.as_str()));
        format!("{scheme}://{host}{}", uri.path().trim_end_matches('/'))
    });
    format!("{}/login", frontend.unwrap_or_default())
}

/// To the web app, with the reason for people.
fn told(state: &AppState, error: Error, locale: Locale, cookies: Option<HeaderValue>) -> Response {
    let body = ErrorBody::all(&error.problems(), locale);
    let text = utf8_percent_encode(&body.message, NON_ALPHANUMERIC).to_string();
    drop(Failure::from(error).into_response()); // which logs its cause, if there is one to log
    let code = body.code.as_str();
    leave(&format!("{}?oauth_error={text}&oauth_error_code={code}", login(state.config())), cookies)
}

fn leave(url: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let Ok(to) = HeaderValue::try_from(url) else {
        return Failure::because(ErrorCode::Internal, "an address can't be sent").into_response();
    };
    // Where they come from holds a code and a state.
    let quiet = [(header::LOCATION, to), (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))];
    (StatusCode::FOUND, quiet, auth::set(cookies)).into_response()
}

/// How who is about to change the ways into their account may be refused.
const CONFIRMATION: &[ErrorCode] = &[
    ErrorCode::CurrentPasswordRequired,
    ErrorCode::WrongPassword,
    ErrorCode::RecentLoginRequired,
    ErrorCode::ConfirmSecondFactor,
    ErrorCode::UserNotFound,
    ErrorCode::Busy,
];

/// Before the ways into an account change: who asks shows the password once more, and the second factor where there is one.
/// Who has no password, and so no second factor, must have signed in a short while ago.
async fn confirm(
    state: &AppState,
    InBrowser { caller, token }: &InBrowser,
    input: &Input,
    now: Timestamp,
) -> Result<(), Error> {
    state.second_factors().before_change(&caller.user, &caller.session, now).await?;
    if state.accounts().has_password(&caller.user).await? {
        let password = given_current_password(input).map_err(|problem| Error::Invalid(vec![problem]))?;
        state.limits().guess_own(&caller.user)?;
        state.accounts().knows_password(&caller.user, password).await
    } else if state.sessions().is_recent(token, now).await? {
        Ok(())
    } else {
        Err(Error::Refused(ErrorCode::RecentLoginRequired))
    }
}

/// POST `/api/auth/oauth/:name/link`: where to go so that this account is linked with who one is there.
#[utoipa::path(
    post,
    path = "/api/auth/oauth/{name}/link",
    tag = "Signing in elsewhere",
    operation_id = "linkProvider",
    params(("name" = String, Path, description = "A provider's name: `google`, `github`, or one of the operator's")),
    request_body = WayInBody,
    responses((status = 200, body = Said<ProviderAddress>, headers(("Set-Cookie" = String, description = "By which this browser is known when it comes back")))),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([
        [ErrorCode::OauthNotConfigured, ErrorCode::OauthUnavailable],
        CONFIRMATION,
    ]))),
)]
pub async fn link(
    State(state): State<AppState>,
    signed_in: InBrowser,
    locale: Locale,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let (name, now) = (name(path)?, clock::now());
    state.oauth().knows(&name)?;
    confirm(&state, &signed_in, &input, now).await?;
    let InBrowser { caller, .. } = signed_in;
    let purpose = Purpose::Link { user: caller.user, session: caller.session };
    let sent = state.oauth().send(&name, purpose, now).await?;
    let cookies = auth::set(state.cookies().set_at_provider(&sent.browser, &headers));
    Ok((cookies, Json(Envelope::said(said("link_begun", locale), ProviderAddress { url: sent.url }))))
}

/// GET `/api/auth/identities`: who one is elsewhere.
#[utoipa::path(
    get,
    path = "/api/auth/identities",
    tag = "Signing in elsewhere",
    operation_id = "listIdentities",
    responses((status = 200, body = Answered<Vec<IdentityBody>>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn identities(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
) -> Result<Json<Envelope<Vec<IdentityBody>>>, Failure> {
    let shown = |Linked { provider, email, created_at }| {
        let (provider, kind) = match provider.strip_prefix(ISSUER) {
            Some(issuer) => (issuer.to_owned(), "issuer"),
            None => (provider, "provider"),
        };
        IdentityBody { provider, kind, email, created_at: clock::iso(created_at) }
    };
    let linked = state.identities().of_user(&caller.user).await?;
    Ok(Json(Envelope::data(linked.into_iter().map(shown).collect())))
}

/// DELETE `/api/auth/identities/:provider`: one can't sign in by it any more.
#[utoipa::path(
    delete,
    path = "/api/auth/identities/{provider}",
    tag = "Signing in elsewhere",
    operation_id = "unlinkProvider",
    params(("provider" = String, Path, description = "The provider's name")),
    request_body = WayInBody,
    responses((status = 200, body = Told, headers(("Set-Cookie" = String, description = "The session's cookie")))),
    security(("session" = [])),
    extensions(("x-error-codes" = json!([[ErrorCode::IdentityNotFound, ErrorCode::LastWayIn], CONFIRMATION]))),
)]
pub async fn unlink(
    State(state): State<AppState>,
    signed_in: InBrowser,
    locale: Locale,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    JsonObject(input): JsonObject,
) -> Result<impl IntoResponse, Failure> {
    let provider = name(path).map_err(|_| Failure::from(ErrorCode::IdentityNotFound))?;
    if provider.starts_with(ISSUER) {
        return Err(ErrorCode::IdentityNotFound.into());
    }
    let now = clock::now();
    confirm(&state, &signed_in, &input, now).await?;
    let InBrowser { caller, token } = signed_in;
    state.identities().unlink(&caller.user, &provider, locale, now).await?;
    let signed_in = SignedIn { caller, token, kind: Kind::Cookie };
    let cookies = auth::set(auth::with_another_token(&state, &signed_in, &headers).await?);
    Ok((cookies, Json(Envelope::message(said("unlinked", locale)))))
}
