//! `/api/me` and `/api/users/*`: profiles.

use axum::{
    extract::{
        Path, Query as UrlQuery, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use plenum_contract::{
    Caller, ErrorCode, Locale, UserId,
    axum::{Json, JsonObject},
    http::{Answered, Envelope, Said, Told},
    text::said,
    user::{GuestProfile, Profile, PublicProfile},
};
use plenum_service::clock;
use serde::Deserialize;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AnyOfBuilder, Ref},
    },
};

use super::{auth, error::Failure, session::SignedIn};
use crate::{
    AppState,
    accounts::{User, UserChange},
    error::Error,
    rules::{ProfileChange, ProfileChangeBody, Query},
    verification::AddressChange,
};

/// GET `/api/users/profile`: one's own profile.
#[utoipa::path(
    get,
    path = "/api/users/profile",
    tag = "Profiles",
    operation_id = "getProfile",
    responses((status = 200, body = Answered<Profile>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn own(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
) -> Result<Json<Envelope<Profile>>, Failure> {
    let user = match state.accounts().user(&caller.user).await {
        // The account went after the session was looked up.
        Err(Error::UserNotFound) => Err(Error::InvalidSession),
        found => found,
    };
    Ok(Json(Envelope::data(user?.profile())))
}

/// GET `/api/me`: one's own profile; a guest's name and the code of their meeting.
#[utoipa::path(
    get,
    path = "/api/me",
    tag = "Profiles",
    operation_id = "getMe",
    responses((status = 200, body = Answered<Oneself>)),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn me(state: State<AppState>, signed_in: SignedIn) -> Result<Response, Failure> {
    let Caller { user, name, guest, .. } = &signed_in.caller;
    let Some(code) = guest else { return Ok(own(state, signed_in).await?.into_response()) };
    let profile = GuestProfile::new(user.clone(), name.clone(), code.clone());
    Ok(Json(Envelope::data(profile)).into_response())
}

/// PUT `/api/users/profile`: changes one's own account.
#[utoipa::path(
    put,
    path = "/api/users/profile",
    tag = "Profiles",
    operation_id = "changeProfile",
    request_body = ProfileChangeBody,
    responses((status = 200, body = Said<Profile>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ProfileChangeBody::REFUSALS, [ErrorCode::EmailTaken, ErrorCode::EmailDomainNotAllowed, ErrorCode::ConfirmSecondFactor, ErrorCode::UserNotFound, ErrorCode::Busy]]))),
)]
pub async fn change(
    State(state): State<AppState>,
    SignedIn { caller, token, kind }: SignedIn,
    locale: Locale,
    JsonObject(input): JsonObject,
) -> Result<Json<Envelope<Profile>>, Failure> {
    let ProfileChange { name, last_name, age, email } = ProfileChange::read(&input)?;
    if email.is_some() {
        state.second_factors().before_change(&caller.user, &caller.session, clock::now()).await?;
    }
    let now = clock::now();
    let address = match &email {
        Some(email) => state.verification().change_address(&caller.user, email, locale, now).await?,
        None => AddressChange::None,
    };
    let at_once = email.filter(|_| address == AddressChange::AtOnce);
    let change = UserChange { name, last_name, age, email: at_once.map(|email| (email, false)) };
    let user = state.accounts().change(&caller.user, change, now).await?;
    // Whoever asks next is shown by the new name.
    state.sessions().look_again(kind, &token).await;
    let what = if address == AddressChange::Waits { "email_waits" } else { "profile_changed" };
    Ok(Json(Envelope::said(said(what, locale), user.profile())))
}

/// DELETE `/api/users/profile`: deletes one's own account. Its sessions and sockets end, and its meetings are called off.
#[utoipa::path(
    delete,
    path = "/api/users/profile",
    tag = "Profiles",
    operation_id = "deleteProfile",
    responses((status = 200, body = Told, headers(("Set-Cookie" = String, description = "The session's cookie, cleared")))),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::ConfirmSecondFactor, ErrorCode::UserNotFound]))),
)]
pub async fn delete(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    state.second_factors().before_change(&caller.user, &caller.session, clock::now()).await?;
    let ended = state.accounts().delete(&caller.user, clock::now()).await?;
    state.account_ends().look();
    state.avatars().look();
    state.sessions().have_ended(&ended).await;
    Ok((auth::set(state.cookies().clear(&headers)), Json(Envelope::message(said("account_deleted", locale)))))
}

/// Declares what is either of two; not one of both, since one may hold all that the other does.
macro_rules! either {
    ($(#[$about:meta])* $name:ident: $one:ident, $other:ident) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let either = [$one::name(), $other::name()].map(Ref::from_schema_name);
                either.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push(($one::name().into_owned(), <$one as utoipa::PartialSchema>::schema()));
                schemas.push(($other::name().into_owned(), <$other as utoipa::PartialSchema>::schema()));
                $one::schemas(schemas);
                $other::schemas(schemas);
            }
        }
    };
}

either! {
    /// Somebody, as they may be seen: one's own profile, or the public part of another's.
    Person: Profile, PublicProfile
}
either! {
    /// Oneself: with an account, or as a guest.
    Oneself: Profile, GuestProfile
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub struct Looked {
    query: Option<String>,
}

/// GET `/api/users/search?query=`: the public part of those whose names hold each word, or whose address it is; 20 at
/// most.
#[utoipa::path(
    get,
    path = "/api/users/search",
    tag = "Profiles",
    operation_id = "searchUsers",
    params(("query" = String, Query, min_length = 2, max_length = 254, description = "2 characters or more: words of a name, or a whole address")),
    responses((status = 200, body = Answered<Vec<PublicProfile>>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidQuery]))),
)]
pub async fn search(
    State(state): State<AppState>,
    _: SignedIn,
    looked: Result<UrlQuery<Looked>, QueryRejection>,
) -> Result<Json<Envelope<Vec<PublicProfile>>>, Failure> {
    let typed = looked.ok().and_then(|UrlQuery(looked)| looked.query).unwrap_or_default();
    let found = state.accounts().search(&Query::parse(&typed)?).await?;
    Ok(Json(Envelope::data(found.into_iter().map(User::public_profile).collect())))
}

/// GET `/api/users/:id`: the public part of an account, or one's own profile.
#[utoipa::path(
    get,
    path = "/api/users/{id}",
    tag = "Profiles",
    operation_id = "getUser",
    params(("id" = UserId, Path, description = "The user's id")),
    responses((status = 200, body = Answered<Person>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound]))),
)]
pub async fn user(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let id = id.ok().and_then(|Path(id)| UserId::parse(&id).ok()).ok_or(Error::UserNotFound)?;
    let user = state.accounts().user(&id).await?;
    Ok(if id == caller.user {
        Json(Envelope::data(user.profile())).into_response()
    } else {
        Json(Envelope::data(user.public_profile())).into_response()
    })
}
