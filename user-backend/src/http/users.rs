//! `/api/me` and `/api/users/*`: profiles.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use plenum_contract::{UserId, axum::Json, http::Envelope, user::Profile};

use super::{error::Failure, session::SignedIn};
use crate::{AppState, error::Error};

/// GET `/api/me` and `/api/users/profile`: one's own profile.
pub async fn me(
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

/// GET `/api/users/:id`: the public part of an account, or one's own profile.
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
