//! What a host does with the meeting itself, which the store has to know before the room.

use plenum_contract::{
    MeetingId, UserId,
    error::{ErrorCode, Problem},
    events::{InMeeting, OfUser},
};
use plenum_service::clock;

use super::Asked;
use crate::{
    meetings::{MeetingError, Meetings},
    rooms::{delivery::Recipient as _, inbox::Answered},
};

impl Asked {
    /// Does what takes the store, and answers then.
    fn does<F, T>(self, work: impl FnOnce(Meetings, UserId) -> F)
    where
        F: Future<Output = Result<T, MeetingError>> + Send + 'static,
        T: Send + 'static,
    {
        let work = work(self.meetings, self.from.who.user.clone());
        let reply = self.reply;
        self.life.spawn(async move {
            let outcome = work.await.map(|_| Answered::Done).map_err(|error| {
                let problems = error.problems();
                problems.into_iter().next().unwrap_or_else(|| Problem::new(ErrorCode::Internal))
            });
            let peer = reply.peer.clone();
            reply.send(outcome);
            peer.flush();
        });
    }
}

/// `meeting:remove`.
pub(super) fn remove(mut asked: Asked) {
    let Some(OfUser { meeting_id, user_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::MeetingNotFound) };
    let Ok(user) = UserId::parse(&user_id) else { return asked.refuse(ErrorCode::ParticipantNotFound) };
    asked.does(|meetings, by| async move { meetings.remove(&meeting, &by, &user, clock::now()).await });
}

/// `meeting:end`.
pub(super) fn end(mut asked: Asked) {
    let Some(InMeeting { meeting_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::MeetingNotFound) };
    asked.does(|meetings, by| async move { meetings.end(&meeting, &by, clock::now()).await });
}
