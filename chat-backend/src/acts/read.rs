//! Reads what is to be done.

use plenum_contract::{
    MeetingId, UserId,
    error::ErrorCode,
    events::{
        ClosePoll, DeleteMessage, EditMessage, InMeeting, OfUser, OfUserOrAll, OpenPoll, ReactToMessage,
        SendMessage, SendReaction, VoteInPoll, client, server,
    },
    limits::CLIENT_MESSAGE_ID_MAX,
};
use serde::de::DeserializeOwned;

use crate::rooms::{act::Act, inbox::Message};

/// What comes with a name.
pub trait Payload {
    /// Reads it; none when it is something else.
    fn read<T: DeserializeOwned>(&mut self) -> Option<T>;
}

/// One thing that somebody wants to do in a meeting.
#[derive(Debug)]
pub struct Wanted {
    /// Where.
    pub meeting: MeetingId,
    /// What.
    pub what: What,
}

/// What may be done in a meeting.
#[derive(Debug)]
pub enum What {
    /// A message.
    Say(Message),
    /// The event that others get while one types.
    Typing(&'static str),
    /// A reaction of the moment.
    React(String),
    /// What goes into the room's log as it is.
    Act {
        /// What.
        act: Act,
        /// The epoch of the message or poll that it names by number.
        epoch: Option<String>,
    },
    /// By a host: a user out, and not back.
    Remove(UserId),
    /// By a host: the meeting over, for all.
    End,
}

impl What {
    /// Whether it is of a seat in the call, which a socket has.
    #[must_use]
    pub const fn is_of_call(&self) -> bool {
        matches!(self, Self::Act { act, .. } if act.is_of_call())
    }
}

type Read<T> = Result<T, ErrorCode>;

/// What this name asks. [`ErrorCode::NeedsSocket`] for what only a socket can ask, [`ErrorCode::NotFound`] for a name
/// that nobody knows, [`ErrorCode::InvalidPayload`] for what does not belong to the name.
pub fn read(name: &str, payload: &mut impl Payload) -> Read<Wanted> {
    match name {
        client::CHAT_MESSAGE => say(payload),
        client::TYPING_START => typing(payload, server::TYPING_START),
        client::TYPING_STOP => typing(payload, server::TYPING_STOP),
        client::CHAT_EDIT => {
            let EditMessage { meeting_id, message_id, message: text } = get(payload)?;
            of_message(&meeting_id, &message_id, |message| Act::Edit { message, text })
        }
        client::CHAT_DELETE => {
            let DeleteMessage { meeting_id, message_id } = get(payload)?;
            of_message(&meeting_id, &message_id, |message| Act::Delete { message })
        }
        client::CHAT_REACT => {
            let ReactToMessage { meeting_id, message_id, reaction, on } = get(payload)?;
            of_message(&meeting_id, &message_id, |message| Act::React { message, reaction, on })
        }
        client::CALL_MUTE => plain(payload, Act::Mute { on: true }),
        client::CALL_UNMUTE => plain(payload, Act::Mute { on: false }),
        client::CALL_VIDEO_ON => plain(payload, Act::Video { on: true }),
        client::CALL_VIDEO_OFF => plain(payload, Act::Video { on: false }),
        client::SCREEN_START => plain(payload, Act::ShareScreen),
        client::SCREEN_STOP => of_anybody(payload, |user| Act::StopScreen { user }),
        client::HAND_RAISE => plain(payload, Act::RaiseHand),
        client::HAND_LOWER => of_anybody(payload, |user| Act::LowerHand { user }),
        client::REACTION_SEND => {
            let SendReaction { meeting_id, reaction } = get(payload)?;
            Ok(Wanted { meeting: in_meeting(&meeting_id)?, what: What::React(reaction) })
        }
        client::LOBBY_ADMIT => of_user(payload, |user| Act::Admit { user: Some(user) }),
        client::LOBBY_ADMIT_ALL => plain(payload, Act::Admit { user: None }),
        client::LOBBY_DENY => of_user(payload, |user| Act::Deny { user }),
        client::MEETING_LOCK => plain(payload, Act::Lock { on: true }),
        client::MEETING_UNLOCK => plain(payload, Act::Lock { on: false }),
        client::MEETING_MUTE => of_anybody(payload, |user| Act::MuteOther { user }),
        client::MEETING_REMOVE => {
            let OfUser { meeting_id, user_id } = get(payload)?;
            Ok(Wanted { meeting: existing(&meeting_id)?, what: What::Remove(participant(&user_id)?) })
        }
        client::MEETING_END => {
            let InMeeting { meeting_id } = get(payload)?;
            Ok(Wanted { meeting: existing(&meeting_id)?, what: What::End })
        }
        client::POLL_OPEN => {
            let OpenPoll { meeting_id, question, options, multiple } = get(payload)?;
            act(&meeting_id, Act::OpenPoll { question, options, multiple }, None)
        }
        client::POLL_VOTE => {
            let VoteInPoll { meeting_id, poll_id, choices } = get(payload)?;
            of_poll(&meeting_id, &poll_id, |poll| Act::Vote { poll, choices })
        }
        client::POLL_CLOSE => {
            let ClosePoll { meeting_id, poll_id } = get(payload)?;
            of_poll(&meeting_id, &poll_id, |poll| Act::ClosePoll { poll })
        }
        client::JOIN_MEETING
        | client::LEAVE_MEETING
        | client::CALL_JOIN
        | client::CALL_SIGNAL
        | client::CALL_LEAVE => Err(ErrorCode::NeedsSocket),
        _ => Err(ErrorCode::NotFound),
    }
}

fn get<T: DeserializeOwned>(payload: &mut impl Payload) -> Read<T> {
    payload.read().ok_or(ErrorCode::InvalidPayload)
}

/// Nobody is in a meeting whose id can't be one.
fn in_meeting(id: &str) -> Read<MeetingId> {
    MeetingId::parse(id).map_err(|_| ErrorCode::NotInMeeting)
}

fn existing(id: &str) -> Read<MeetingId> {
    MeetingId::parse(id).map_err(|_| ErrorCode::MeetingNotFound)
}

fn participant(id: &str) -> Read<UserId> {
    UserId::parse(id).map_err(|_| ErrorCode::ParticipantNotFound)
}

fn act(meeting_id: &str, act: Act, epoch: Option<String>) -> Read<Wanted> {
    let nobody = if act.is_of_call() { ErrorCode::NotInCall } else { ErrorCode::NotInMeeting };
    let meeting = MeetingId::parse(meeting_id).map_err(|_| nobody)?;
    Ok(Wanted { meeting, what: What::Act { act, epoch } })
}

fn of_message(meeting_id: &str, id: &str, of: impl FnOnce(u64) -> Act) -> Read<Wanted> {
    numbered(meeting_id, id, ErrorCode::MessageNotFound, of)
}

fn of_poll(meeting_id: &str, id: &str, of: impl FnOnce(u64) -> Act) -> Read<Wanted> {
    numbered(meeting_id, id, ErrorCode::PollNotFound, of)
}

/// An id is an epoch, and a number in it.
fn numbered(meeting_id: &str, id: &str, unknown: ErrorCode, of: impl FnOnce(u64) -> Act) -> Read<Wanted> {
    let numbered = id.rsplit_once('-').and_then(|(epoch, number)| Some((epoch, number.parse().ok()?)));
    let (epoch, number) = numbered.ok_or(unknown)?;
    act(meeting_id, of(number), Some(epoch.to_owned()))
}

/// What names a meeting only.
fn plain(payload: &mut impl Payload, plain: Act) -> Read<Wanted> {
    let InMeeting { meeting_id } = get(payload)?;
    act(&meeting_id, plain, None)
}

/// What is about one user.
fn of_user(payload: &mut impl Payload, of: impl FnOnce(UserId) -> Act) -> Read<Wanted> {
    let OfUser { meeting_id, user_id } = get(payload)?;
    act(&meeting_id, of(participant(&user_id)?), None)
}

/// What is about one user, where one is named.
fn of_anybody(payload: &mut impl Payload, of: impl FnOnce(Option<UserId>) -> Act) -> Read<Wanted> {
    let OfUserOrAll { meeting_id, user_id } = get(payload)?;
    let user = user_id.as_deref().map(participant).transpose()?;
    act(&meeting_id, of(user), None)
}

fn typing(payload: &mut impl Payload, event: &'static str) -> Read<Wanted> {
    let InMeeting { meeting_id } = get(payload)?;
    Ok(Wanted { meeting: in_meeting(&meeting_id)?, what: What::Typing(event) })
}

fn say(payload: &mut impl Payload) -> Read<Wanted> {
    let said: SendMessage = get(payload)?;
    let own_id = said.client_message_id.filter(|id| !id.is_empty());
    if own_id.as_ref().is_some_and(|id| id.len() > CLIENT_MESSAGE_ID_MAX) {
        return Err(ErrorCode::InvalidPayload);
    }
    let meeting = in_meeting(&said.meeting_id)?;
    let message = Message {
        text: said.message.into(),
        client_message_id: own_id.map(Into::into),
        reply_to: said.reply_to,
        to: said.to_user_id.as_deref().map(participant).transpose()?,
    };
    Ok(Wanted { meeting, what: What::Say(message) })
}
