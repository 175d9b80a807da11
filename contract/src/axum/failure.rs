//! Failures as HTTP answers: the one place that logs internal causes.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Duration};

use super::{Json, locale};
use crate::{ApiError, ErrorBody, ErrorCode, Locale, error::Problem, status};
use ::axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use ::http::{HeaderValue, StatusCode, header};
use futures_util::FutureExt as _;

/// After how long a client may try again what failed for a passing reason.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// ... and what counts tries of a quarter of an hour.
const RETRY_AFTER_TRIES: Duration = Duration::from_secs(900);

/// A failed request. As a response it is in English until [`speak`] says it in the caller's language.
#[derive(Debug, Clone)]
pub struct Failure {
    problems: Vec<Problem>,
    /// For the log, never sent.
    cause: Option<String>,
    /// After how long it is worth trying again, where that is known.
    after: Option<Duration>,
}

impl Failure {
    /// A failure with its cause, which goes to the log when it is answered.
    pub fn because(code: ErrorCode, cause: impl std::fmt::Display) -> Self {
        Self { problems: vec![code.into()], cause: Some(cause.to_string()), after: None }
    }

    /// All of these, one at least, with the cause for the log if there is one to log.
    #[must_use]
    pub const fn all(problems: Vec<Problem>, cause: Option<String>) -> Self {
        Self { problems, cause, after: None }
    }

    /// The same, which is worth trying again after this long.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.after = Some(wait);
        self
    }

    /// What `Retry-After` says, in whole seconds.
    fn retry_after(&self) -> Option<Duration> {
        let usual = match (self.code(), status::of(self.code())) {
            (ErrorCode::TooManyTries, _) => Some(RETRY_AFTER_TRIES),
            (_, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) => Some(RETRY_AFTER),
            _ => None,
        };
        self.after.or(usual)
    }

    /// The first problem's code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.problems.first().map_or(ErrorCode::Internal, |first| first.code)
    }

    /// The first problem's code, for who answers in another way; the cause goes to the log.
    #[must_use]
    pub fn logged(mut self) -> ErrorCode {
        self.log();
        self.code()
    }

    fn log(&mut self) {
        if let Some(cause) = self.cause.take() {
            tracing::error!(code = self.code().as_str(), cause, "a request failed");
        }
    }

    fn in_words(&self, locale: Locale) -> Response {
        let body = ApiError::from(ErrorBody::all(&self.problems, locale));
        let mut response = (status::of(self.code()), Json(body)).into_response();
        if let Some(wait) = self.retry_after() {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self { problems: vec![code.into()], cause: None, after: None }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], cause: None, after: None }
    }
}

impl IntoResponse for Failure {
    fn into_response(mut self) -> Response {
        self.log();
        let mut response = self.in_words(Locale::default());
        response.extensions_mut().insert(self);
        response
    }
}

/// The failure of a handler that panicked.
fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text");
    Failure::because(ErrorCode::Internal, format!("a handler panicked: {text}"))
}

/// The code of a failed answer that was made in this process.
#[must_use]
pub fn code_of(answer: &Response) -> Option<ErrorCode> {
    answer.extensions().get::<Failure>().map(Failure::code)
}

/// Says failures in the caller's language, which handlers may take as a [`Locale`]. A panic is a failure too.
pub async fn speak<F>(default: Locale, mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Result<Response, Failure>>,
{
    let locale = locale::asked(request.headers(), default);
    request.extensions_mut().insert(locale);
    let answering = AssertUnwindSafe(answer(request)).catch_unwind();
    let answered = answering.await.unwrap_or_else(|panic| Err(panicked(&*panic)));
    let response = answered.unwrap_or_else(Failure::into_response);
    let Some(failure) = response.extensions().get::<Failure>().filter(|_| locale != Locale::default()) else {
        return response;
    };
    let said = failure.in_words(locale);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, said.into_body())
}
