//! What people do in a room besides coming, going and talking.

use plenum_contract::{
    MeetingId, UserId,
    error::ErrorCode,
    events::{
        ClosePoll, DeleteMessage, EditMessage, InMeeting, OfUser, OfUserOrAll, OpenPoll, ReactToMessage,
        SendReaction, VoteInPoll,
    },
};

use super::Asked;
use crate::rooms::{act::Act, inbox::Inbound};

impl Asked {
    /// Asks it of a room; `epoch` is that of the message or poll which it names.
    fn act(self, meeting_id: &str, act: Act, epoch: Option<String>) {
        let Ok(meeting) = MeetingId::parse(meeting_id) else {
            let of_call = act.is_of_call();
            return self.refuse(if of_call { ErrorCode::NotInCall } else { ErrorCode::NotInMeeting });
        };
        let answer = self.reply.answer();
        self.rooms.ask(&meeting, Inbound::Act { from: self.from, act, epoch, answer });
    }

    /// The same to a message or poll with this id.
    fn act_on(self, meeting_id: &str, id: &str, unknown: ErrorCode, act: impl FnOnce(u64) -> Act) {
        let numbered = id.rsplit_once('-').and_then(|(epoch, number)| Some((epoch, number.parse().ok()?)));
        let Some((epoch, number)) = numbered else { return self.refuse(unknown) };
        let epoch = epoch.to_owned();
        self.act(meeting_id, act(number), Some(epoch));
    }
}

/// An event that names a meeting only.
pub(super) fn plain(mut asked: Asked, act: Act) {
    match asked.payload::<InMeeting>() {
        Some(InMeeting { meeting_id }) => asked.act(&meeting_id, act, None),
        None => asked.refuse(ErrorCode::InvalidPayload),
    }
}

/// An event about one user.
pub(super) fn of_user(mut asked: Asked, act: impl FnOnce(UserId) -> Act) {
    let Some(OfUser { meeting_id, user_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    match UserId::parse(&user_id) {
        Ok(user) => asked.act(&meeting_id, act(user), None),
        Err(_) => asked.refuse(ErrorCode::ParticipantNotFound),
    }
}

/// An event about one user, where one is named.
pub(super) fn of_anybody(mut asked: Asked, act: impl FnOnce(Option<UserId>) -> Act) {
    let Some(OfUserOrAll { meeting_id, user_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    match user_id.map(|id| UserId::parse(&id)).transpose() {
        Ok(user) => asked.act(&meeting_id, act(user), None),
        Err(_) => asked.refuse(ErrorCode::ParticipantNotFound),
    }
}

pub(super) fn edit(mut asked: Asked) {
    let Some(EditMessage { meeting_id, message_id, message: text }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act_on(&meeting_id, &message_id, ErrorCode::MessageNotFound, |message| Act::Edit { message, text });
}

pub(super) fn delete(mut asked: Asked) {
    let Some(DeleteMessage { meeting_id, message_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act_on(&meeting_id, &message_id, ErrorCode::MessageNotFound, |message| Act::Delete { message });
}

pub(super) fn react_to(mut asked: Asked) {
    let Some(ReactToMessage { meeting_id, message_id, reaction, on }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act_on(&meeting_id, &message_id, ErrorCode::MessageNotFound, |message| Act::React {
        message,
        reaction,
        on,
    });
}

/// A reaction of the moment.
pub(super) fn react(mut asked: Asked) {
    let Some(SendReaction { meeting_id, reaction }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::NotInMeeting) };
    let answer = asked.reply.answer();
    asked.rooms.ask(&meeting, Inbound::React { from: asked.from, reaction, answer });
}

pub(super) fn open_poll(mut asked: Asked) {
    let Some(OpenPoll { meeting_id, question, options, multiple }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act(&meeting_id, Act::OpenPoll { question, options, multiple }, None);
}

pub(super) fn vote(mut asked: Asked) {
    let Some(VoteInPoll { meeting_id, poll_id, choices }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act_on(&meeting_id, &poll_id, ErrorCode::PollNotFound, |poll| Act::Vote { poll, choices });
}

pub(super) fn close_poll(mut asked: Asked) {
    let Some(ClosePoll { meeting_id, poll_id }) = asked.payload() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    asked.act_on(&meeting_id, &poll_id, ErrorCode::PollNotFound, |poll| Act::ClosePoll { poll });
}
