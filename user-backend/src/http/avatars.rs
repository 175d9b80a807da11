//! `/api/users/*/avatar`: pictures of users.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use multer::{Constraints, Multipart, SizeLimit};
use plenum_contract::{
    ErrorCode, Locale, UserId,
    axum::{
        Json,
        body::{Takes, media_type},
    },
    error::Problem,
    http::{Envelope, Said},
    limits,
    text::said,
    user::Profile,
};
use plenum_service::clock;
use utoipa::ToSchema;

use super::{error::Failure, session::SignedIn};
use crate::{
    AppState,
    avatars::{PictureName, Shown, picture},
    error::Error,
};

/// How long a picture may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);
/// Bytes of a form beside the picture in it.
const FORM: usize = 64 * 1024;
/// The one route that takes no JSON.
const UPLOAD: &str = "/api/users/profile/avatar";
const FORM_TYPE: &str = "multipart/form-data";
/// A picture as it is, or as the file of a form.
const PICTURE: Takes = Takes {
    most: limits::PICTURE_MAX + FORM,
    is_type: |media_type| {
        matches!(media_type, "image/png" | "image/jpeg" | "image/webp") || media_type == FORM_TYPE
    },
    otherwise: "unsupported_media_type.picture",
    arrival: ARRIVAL,
    broken: ErrorCode::InvalidImage,
};

/// What the route of a request takes for a body: JSON, but for a picture that is put.
#[must_use]
pub fn taken(request: &Request) -> Takes {
    let uploads = *request.method() == Method::PUT && request.uri().path() == UPLOAD;
    if uploads { PICTURE } else { Takes::JSON }
}

/// A picture in a form.
#[derive(Debug, ToSchema)]
pub struct PictureForm {
    /// The picture; the field's name does not matter.
    #[schema(value_type = String, format = Binary)]
    pub avatar: Vec<u8>,
}

/// PUT `/api/users/profile/avatar`: makes one's avatar of a picture.
#[utoipa::path(
    put,
    path = "/api/users/profile/avatar",
    tag = "Profiles",
    operation_id = "changeAvatar",
    request_body(content(
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/webp"),
        (PictureForm = "multipart/form-data"),
    )),
    responses((status = 200, body = Said<Profile>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidImage, ErrorCode::UserNotFound, ErrorCode::Busy]))),
)]
pub async fn change(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
    request: Request,
) -> Result<Json<Envelope<Profile>>, Failure> {
    PICTURE.check(request.headers())?;
    let place = state.avatars().place(&caller.user)?;
    let file = file(request).await?;
    let user = state.avatars().change(&caller.user, file, place, clock::now()).await?;
    Ok(Json(Envelope::said(said("avatar_changed", locale), user.profile())))
}

/// DELETE `/api/users/profile/avatar`: takes one's picture away.
#[utoipa::path(
    delete,
    path = "/api/users/profile/avatar",
    tag = "Profiles",
    operation_id = "removeAvatar",
    responses((status = 200, body = Said<Profile>)),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound]))),
)]
pub async fn remove(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    locale: Locale,
) -> Result<Json<Envelope<Profile>>, Failure> {
    let user = state.avatars().remove(&caller.user, clock::now()).await?;
    Ok(Json(Envelope::said(said("avatar_removed", locale), user.profile())))
}

/// GET `/api/users/profile/avatar`: one's own.
#[utoipa::path(
    get,
    path = "/api/users/profile/avatar",
    tag = "Profiles",
    operation_id = "getOwnAvatar",
    responses(
        (status = 200, description = "The picture", headers(("ETag" = String, description = "Which one it is")),
            content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
        (status = 304, description = "It is the one that `If-None-Match` names"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::AvatarNotFound]))),
)]
pub async fn own(
    State(state): State<AppState>,
    SignedIn { caller, .. }: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    show(&state, &caller.user, &headers).await
}

/// GET `/api/users/:id/avatar`: anybody's.
#[utoipa::path(
    get,
    path = "/api/users/{id}/avatar",
    tag = "Profiles",
    operation_id = "getAvatar",
    params(("id" = UserId, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The picture", headers(("ETag" = String, description = "Which one it is")),
            content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
        (status = 304, description = "It is the one that `If-None-Match` names"),
    ),
    security(("session" = []), ("bearer" = [])),
    extensions(("x-error-codes" = json!([ErrorCode::UserNotFound, ErrorCode::AvatarNotFound]))),
)]
pub async fn of_user(
    State(state): State<AppState>,
    _: SignedIn,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = id.ok().and_then(|Path(id)| UserId::parse(&id).ok()).ok_or(Error::UserNotFound)?;
    show(&state, &id, &headers).await
}

async fn show(state: &AppState, user: &UserId, headers: &HeaderMap) -> Result<Response, Failure> {
    let known = headers.typed_get::<IfNoneMatch>();
    let is_known = |name: &PictureName| {
        let tag = tag(name);
        known.as_ref().zip(tag.as_ref()).is_some_and(|(known, tag)| !known.precondition_passes(tag))
    };
    let (name, mut response) = match state.avatars().show(user, is_known).await? {
        Shown::Same(name) => (name, StatusCode::NOT_MODIFIED.into_response()),
        Shown::Picture(name, bytes) => {
            let Some(media_type) = picture::media_type(&bytes) else {
                return Err(Failure::because(
                    ErrorCode::Internal,
                    format!("the picture {name} is none of ours"),
                ));
            };
            let about = [
                (header::CONTENT_TYPE, media_type),
                (header::CONTENT_DISPOSITION, "inline"),
                // It is a picture and nothing else, whoever opens it by itself.
                (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            ];
            (name, (about, bytes).into_response())
        }
    };
    let headers = response.headers_mut();
    // It is for who has a session: kept by their browser, and asked for again each time.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Some(tag) = tag(&name) {
        headers.typed_insert(tag);
    }
    Ok(response)
}

fn tag(name: &PictureName) -> Option<ETag> {
    format!("\"{}\"", name.content()).parse().ok()
}

/// The picture that was sent.
async fn file(request: Request) -> Result<Bytes, Failure> {
    let (parts, body) = request.into_parts();
    let bytes = if media_type(&parts.headers).as_deref() == Some(FORM_TYPE) {
        let reading = tokio::time::timeout(ARRIVAL, file_in_form(&parts.headers, body));
        reading.await.unwrap_or_else(|_| Err(PICTURE.broken.into()))?
    } else {
        Takes { most: limits::PICTURE_MAX, ..PICTURE }.read(body).await?
    };
    if bytes.is_empty() { Err(one_picture()) } else { Ok(bytes) }
}

/// The one file of a form.
async fn file_in_form(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary =
        multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| PICTURE.other_type())?;
    let sizes = SizeLimit::new().whole_stream(PICTURE.most as u64).per_field(limits::PICTURE_MAX as u64);
    let constraints = Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|error| refused(&error))? {
        if field.file_name().is_none() {
            continue;
        }
        let bytes = field.bytes().await.map_err(|error| refused(&error))?;
        if file.replace(bytes).is_some() {
            return Err(one_picture());
        }
    }
    Ok(file.unwrap_or_default())
}

fn refused(error: &multer::Error) -> Failure {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            ErrorCode::BodyTooLarge.into()
        }
        _ => PICTURE.broken.into(),
    }
}

fn one_picture() -> Failure {
    Problem::said(ErrorCode::InvalidImage, "invalid_image.missing").into()
}
