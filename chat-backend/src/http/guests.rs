//! What guests may ask: of the one meeting to which they were asked, and nothing else.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use plenum_contract::{Caller, ErrorCode, MeetingId, axum::Failure};

use super::ApiState;
use crate::meetings::Code;

/// What a guest's route is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// No meeting. Rooms ask the meeting itself whom it admits.
    None,
    /// The meeting of the code in the path.
    Code,
    /// The meeting of the id in the path.
    Meeting,
}

/// Refuses guests whatever is not named here.
pub async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Result<Response, Failure> {
    let code = request.extensions().get::<Caller>().and_then(|caller| caller.guest.clone());
    if let Some(code) = code {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let about = about(request.method(), route).ok_or(ErrorCode::Forbidden)?;
        if !is_own(&state, &code, about, request.uri().path()).await? {
            return Err(ErrorCode::Forbidden.into());
        }
    }
    Ok(next.run(request).await)
}

fn about(method: &Method, route: &str) -> Option<About> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match route {
        "/socket.io/" => Some(About::None),
        "/api/call/ice-servers" if reads => Some(About::None),
        "/api/meetings/code/{code}" if reads => Some(About::Code),
        "/api/meetings/{id}" | "/api/meetings/{id}/calendar.ics" if reads => Some(About::Meeting),
        "/api/meetings/{id}/join" | "/api/meetings/{id}/leave" | "/api/meetings/{id}/acts/{event}"
            if *method == Method::POST =>
        {
            Some(About::Meeting)
        }
        _ => None,
    }
}

/// Whether what is asked is about the guest's own meeting. That there is another one, they don't hear.
async fn is_own(state: &ApiState, code: &str, about: About, path: &str) -> Result<bool, Failure> {
    let segment = |at: usize| path.split('/').nth(at).unwrap_or_default();
    match about {
        About::None => Ok(true),
        About::Code => Ok(Code::parse(segment(4)) == Code::parse(code)),
        About::Meeting => {
            let Ok(id) = MeetingId::parse(segment(3)) else { return Ok(false) };
            Ok(state.0.meetings.find(&id).await?.is_some_and(|meeting| meeting.is_of(code)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_closed() {
        for (method, route) in [
            (Method::GET, "/api/meetings"),
            (Method::POST, "/api/meetings"),
            (Method::PUT, "/api/meetings/{id}"),
            (Method::DELETE, "/api/meetings/{id}"),
            (Method::POST, "/api/meetings/{id}/end"),
            (Method::POST, "/api/meetings/{id}/remove/{user}"),
            (Method::GET, "/api/meetings/{id}/report"),
            (Method::GET, "/api/meetings/user/{id}"),
            (Method::GET, "/api/chat/meeting/{id}"),
            (Method::GET, "/api/chat/stats"),
            (Method::GET, "/api/call/stats"),
            (Method::GET, "/api/call/room/{id}"),
            (Method::POST, "/internal/sessions/{id}/end"),
            (Method::GET, ""),
        ] {
            assert!(about(&method, route).is_none(), "{method} {route}");
        }
    }
}
