//! JSON answers.

use ::axum::response::{IntoResponse, Response};
use ::http::{HeaderValue, header};
use serde::Serialize;

use super::Failure;
use crate::ErrorCode;

/// A JSON answer. Axum's own writes it piece by piece through `io::Write` into `BytesMut`, which takes twice the
/// instructions.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], bytes).into_response()
            }
            Err(error) => Failure::because(ErrorCode::Internal, error).into_response(),
        }
    }
}
