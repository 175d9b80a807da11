//! Asking a service whether somebody without an account may come.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Limited};
use plenum_contract::{ApiError, Caller, ErrorCode, MeetingId, limits::BACKEND_RESPONSE_TIMEOUT};
use serde::Deserialize;

use super::{proxy::Gateway, route::Way};

/// The most letters that a code may have; how many it has is the service's to say.
const CODE_MAX: usize = 64;

/// Bytes of an answer: a meeting may name thousands who took part.
const SAID_MAX: usize = 4 * 1024 * 1024;

/// To what somebody is let in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Its code, as the service spells it.
    pub code: String,
}

#[derive(Deserialize)]
struct Answered {
    data: Invited,
}

impl Gateway {
    /// Asks the service that has invitations, in the name of a guest who is to be, about the code they came with. Its refusal is
    /// ours.
    pub async fn invited(&self, guest: &Caller) -> Result<Invited, ErrorCode> {
        let code = guest.guest.as_deref().filter(|code| is_a_code(code)).ok_or(ErrorCode::MeetingNotFound)?;
        let asked = self.mounts().iter().find_map(|mount| Some((mount, mount.invitations?)));
        let (mount, path) = asked.ok_or(ErrorCode::MeetingNotFound)?;
        let request = Request::builder().method(Method::GET).uri(format!("{path}{code}"));
        let request = request.body(Body::empty()).map_err(|_| ErrorCode::MeetingNotFound)?;
        let asking = async {
            let response = mount.nodes.ask(&Way::Any, Some(guest.clone()), request, |_| {}).await?;
            let (head, body) = response.into_parts();
            let read = Limited::new(body, SAID_MAX).collect().await;
            Ok((head.status, read.map_err(|_| ErrorCode::BackendUnavailable)?.to_bytes()))
        };
        let answered = tokio::time::timeout(BACKEND_RESPONSE_TIMEOUT, asking).await;
        let (status, body) = answered.map_err(|_| ErrorCode::BackendTimeout)??;
        if status.is_success() {
            let answered = serde_json::from_slice::<Answered>(&body);
            return answered.map(|answered| answered.data).map_err(|_| ErrorCode::BackendUnavailable);
        }
        let refused = serde_json::from_slice::<ApiError>(&body);
        Err(refused.map_or(ErrorCode::BackendUnavailable, |refused| refused.error.code))
    }
}

/// Whether a text can stand in a path as it is.
fn is_a_code(text: &str) -> bool {
    let fits = (1..=CODE_MAX).contains(&text.len());
    fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_change_the_path_is_no_code() {
        assert!(is_a_code("abcd-efgh-jkmn") && is_a_code("ABCDEFGHJKMN"));
        for text in ["", "..", "a/b", "a?b", "a%2fb", "a b", "ñandú", &"a".repeat(65)] {
            assert!(!is_a_code(text), "{text}");
        }
    }
}
