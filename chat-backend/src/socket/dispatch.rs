//! What each event of a client asks. One table for all sockets; a handler hands over to a room's queue and
//! returns, so that one socket's events keep their order.

mod acts;
mod call;
mod hosts;

use std::{sync::Arc, time::Duration};

use plenum_contract::{
    MeetingId, UserId,
    error::{ErrorBody, ErrorCode, Problem},
    events::{
        self, Ack, CallError, CallErrorCode, Done, InMeeting, JoinMeeting, LeaveMeeting, SendMessage, client,
        server,
    },
    limits::{CLIENT_MESSAGE_ID_MAX, EVENT_NAME_MAX},
};
use plenum_service::{Lifecycle, clock, traces::Span};
use serde::de::DeserializeOwned;
use socketioxide::{
    adapter::LocalAdapter,
    extract::{AckSender, Event, SocketRef, TryData},
    handler::{FromMessageParts, MessageHandler},
    socket::Socket,
};
use socketioxide_core::Value;

use super::{
    peer::{self, Peer},
    session::{NoEntry, Session},
    socket_id,
};
use crate::{
    meetings::Meetings,
    metrics,
    rooms::{
        Rooms,
        act::Act,
        delivery::Recipient as _,
        entry::Scope,
        inbox::{Answer, Answered, Inbound, Message, Resume, Sender},
    },
};

/// How long a thread that is about to take a socket for connected may be kept from it by a busy machine.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// The handler of every event.
pub struct Dispatch {
    rooms: Rooms,
    meetings: Meetings,
    life: Lifecycle,
}

/// How a refusal is told when no ack was asked for.
#[derive(Debug, Clone, Copy)]
enum Without {
    /// By an `error` event.
    Error,
    /// By a `call:error` event, in the words of calls.
    CallError(fn(ErrorCode) -> CallErrorCode),
    /// Not at all.
    Silence,
}

type Handler = fn(Asked);

/// The table: what a client may send, how its refusal is told, and what is done.
const EVENTS: &[(&str, Without, Handler)] = &[
    (client::JOIN_MEETING, Without::Error, join),
    (client::LEAVE_MEETING, Without::Silence, leave),
    (client::CHAT_MESSAGE, Without::Error, say),
    (client::TYPING_START, Without::Silence, |asked| typing(asked, server::TYPING_START)),
    (client::TYPING_STOP, Without::Silence, |asked| typing(asked, server::TYPING_STOP)),
    (client::CHAT_EDIT, Without::Silence, acts::edit),
    (client::CHAT_DELETE, Without::Silence, acts::delete),
    (client::CHAT_REACT, Without::Silence, acts::react_to),
    (client::CALL_JOIN, Without::CallError(CallErrorCode::of_join), call::join),
    (client::CALL_SIGNAL, Without::CallError(CallErrorCode::of_signal), call::signal),
    (client::CALL_MUTE, Without::Silence, |asked| acts::plain(asked, Act::Mute { on: true })),
    (client::CALL_UNMUTE, Without::Silence, |asked| acts::plain(asked, Act::Mute { on: false })),
    (client::CALL_VIDEO_ON, Without::Silence, |asked| acts::plain(asked, Act::Video { on: true })),
    (client::CALL_VIDEO_OFF, Without::Silence, |asked| acts::plain(asked, Act::Video { on: false })),
    (client::CALL_LEAVE, Without::Silence, call::leave),
    (client::SCREEN_START, Without::Silence, |asked| acts::plain(asked, Act::ShareScreen)),
    (client::SCREEN_STOP, Without::Silence, |asked| acts::of_anybody(asked, |user| Act::StopScreen { user })),
    (client::HAND_RAISE, Without::Silence, |asked| acts::plain(asked, Act::RaiseHand)),
    (client::HAND_LOWER, Without::Silence, |asked| acts::of_anybody(asked, |user| Act::LowerHand { user })),
    (client::REACTION_SEND, Without::Silence, acts::react),
    (client::LOBBY_ADMIT, Without::Silence, |asked| {
        acts::of_user(asked, |user| Act::Admit { user: Some(user) });
    }),
    (client::LOBBY_ADMIT_ALL, Without::Silence, |asked| acts::plain(asked, Act::Admit { user: None })),
    (client::LOBBY_DENY, Without::Silence, |asked| acts::of_user(asked, |user| Act::Deny { user })),
    (client::MEETING_LOCK, Without::Silence, |asked| acts::plain(asked, Act::Lock { on: true })),
    (client::MEETING_UNLOCK, Without::Silence, |asked| acts::plain(asked, Act::Lock { on: false })),
    (client::MEETING_MUTE, Without::Silence, |asked| acts::of_anybody(asked, |user| Act::MuteOther { user })),
    (client::MEETING_REMOVE, Without::Silence, hosts::remove),
    (client::MEETING_END, Without::Silence, hosts::end),
    (client::POLL_OPEN, Without::Silence, acts::open_poll),
    (client::POLL_VOTE, Without::Silence, acts::vote),
    (client::POLL_CLOSE, Without::Silence, acts::close_poll),
];

/// The names of what a client may send, and whether a refusal is told by an event when no ack was asked for.
pub fn taken() -> Vec<(&'static str, bool)> {
    EVENTS.iter().map(|(name, without, _)| (*name, !matches!(without, Without::Silence))).collect()
}

/// One event, with what is needed to do and answer it.
struct Asked {
    rooms: Rooms,
    meetings: Meetings,
    life: Lifecycle,
    from: Sender,
    socket: Arc<Socket>,
    payload: Value,
    reply: Reply,
}

impl Dispatch {
    pub const fn new(rooms: Rooms, meetings: Meetings, life: Lifecycle) -> Self {
        Self { rooms, meetings, life }
    }
}

impl MessageHandler<LocalAdapter, Dispatch> for Dispatch {
    fn call(&self, socket: Arc<Socket>, mut payload: Value, ack_id: Option<i64>) {
        let Ok(Event(name)) = Event::from_message_parts(&socket, &mut payload, &ack_id) else { return };
        if name.len() > EVENT_NAME_MAX {
            return;
        }
        let Some((known, without, handler)) = EVENTS.iter().find(|(event, ..)| *event == name) else {
            metrics::EVENTS.count_of("unknown");
            return;
        };
        metrics::EVENTS.count_of(known);
        let Some(session) = socket.req_parts().extensions.get::<Arc<Session>>().cloned() else { return };
        until_it_counts_as_connected(&socket, &session);
        let parts = (
            SocketRef::from_message_parts(&socket, &mut payload, &ack_id),
            AckSender::from_message_parts(&socket, &mut payload, &ack_id),
        );
        let (Ok(socket_ref), Ok(ack)) = parts;
        let peer = Arc::new(Peer::new(socket_ref, session.clone()));
        let span = Span::of_client(known);
        let from = Sender {
            who: session.who.clone(),
            socket: socket_id(socket.id),
            recipient: peer.clone(),
            trace: span.trace(),
        };
        let ack = ack_id.map(|id| peer::Ack { id, sender: ack });
        let reply = Reply { ack, peer, without: *without, span };
        // A leaving is never refused for its rate: it is bounded by the joins.
        if name != client::LEAVE_MEETING && !session.may_send() {
            return reply.refuse(ErrorCode::RateLimited);
        }
        let (rooms, meetings, life) = (self.rooms.clone(), self.meetings.clone(), self.life.clone());
        handler(Asked { rooms, meetings, life, from, socket, payload, reply });
    }
}

/// The library tells a client that it is connected a moment before it takes the socket for connected, and drops what is
/// emitted to it in between; acks it would send. The other thread is at it, but may not be running just now.
fn until_it_counts_as_connected(socket: &Socket, session: &Session) {
    let begun = clock::instant();
    while !socket.connected() && !session.is_gone() && begun.elapsed() < CONNECTED_WITHIN {
        std::thread::yield_now();
    }
}

impl Asked {
    fn payload<T: DeserializeOwned>(&mut self) -> Option<T> {
        match TryData::<T>::from_message_parts(&self.socket, &mut self.payload, &None) {
            Ok(TryData(data)) => data.ok(),
            Err(never) => match never {},
        }
    }

    fn refuse(self, code: ErrorCode) {
        self.reply.refuse(code);
    }

    /// Notes that the socket asks to be let in, and gives what answers it; none when it may not ask.
    fn asks_in(self, meeting: &MeetingId) -> Option<(Rooms, Sender, Answer)> {
        match self.reply.peer.session().asks_in(meeting) {
            Ok(()) => {}
            Err(NoEntry::Gone) => {
                self.refuse(ErrorCode::UnknownSid);
                return None;
            }
            Err(NoEntry::TooMany) => {
                self.refuse(ErrorCode::TooManyRooms);
                return None;
            }
        }
        let Self { rooms, from, reply, .. } = self;
        let session = reply.peer.session().clone();
        let answer: Answer = Box::new(move |outcome| {
            session.is_answered();
            reply.send(outcome);
        });
        Some((rooms, from, answer))
    }
}

fn join(mut asked: Asked) {
    let Some(join) = asked.payload::<JoinMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
    let Ok(meeting) = MeetingId::parse(&join.meeting_id) else {
        return asked.refuse(ErrorCode::MeetingNotFound);
    };
    let resume = join.epoch.zip(join.since).map(|(epoch, since)| Resume { epoch, since });
    let passcode = join.passcode.map(Into::into);
    if let Some((rooms, from, answer)) = asked.asks_in(&meeting) {
        rooms.ask(&meeting, Inbound::Join { from, resume, passcode, answer });
    }
}

fn leave(mut asked: Asked) {
    let Some(leave) = asked.payload::<LeaveMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
    let Ok(meeting) = MeetingId::parse(&leave.meeting_id()) else {
        return asked.refuse(ErrorCode::NotInMeeting);
    };
    let session = asked.reply.peer.session();
    // A leaving has its place in the room's queue by the seat it gives back; one that overtakes its own join
    // has none, and counts as an event like others.
    let may_leave = session.exit(&meeting) || (session.is_joining() && session.may_send());
    if !may_leave {
        return asked.refuse(ErrorCode::NotInMeeting);
    }
    let answer = asked.reply.answer();
    asked.rooms.ask(&meeting, Inbound::Leave { from: asked.from, scope: Scope::Room, answer });
}

fn say(mut asked: Asked) {
    let Some(said) = asked.payload::<SendMessage>() else { return asked.refuse(ErrorCode::InvalidPayload) };
    let own_id = said.client_message_id.filter(|id| !id.is_empty());
    if own_id.as_ref().is_some_and(|id| id.len() > CLIENT_MESSAGE_ID_MAX) {
        return asked.refuse(ErrorCode::InvalidPayload);
    }
    let Ok(meeting) = MeetingId::parse(&said.meeting_id) else {
        return asked.refuse(ErrorCode::NotInMeeting);
    };
    let Ok(to) = said.to_user_id.map(|id| UserId::parse(&id)).transpose() else {
        return asked.refuse(ErrorCode::ParticipantNotFound);
    };
    let answer = asked.reply.answer();
    let message = Message {
        text: said.message.into(),
        client_message_id: own_id.map(Into::into),
        reply_to: said.reply_to,
        to,
    };
    asked.rooms.ask(&meeting, Inbound::Say { from: asked.from, message, answer });
}

fn typing(mut asked: Asked, event: &'static str) {
    let Some(typing) = asked.payload::<InMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
    let Ok(meeting) = MeetingId::parse(&typing.meeting_id) else {
        return asked.refuse(ErrorCode::NotInMeeting);
    };
    let answer = asked.reply.answer();
    asked.rooms.ask(&meeting, Inbound::Typing { from: asked.from, event, answer });
}

/// Takes an outcome back to the socket that asked.
struct Reply {
    ack: Option<peer::Ack>,
    peer: Arc<Peer>,
    without: Without,
    /// It ends with the answer.
    span: Span,
}

impl Reply {
    fn answer(self) -> Answer {
        Box::new(move |outcome| self.send(outcome))
    }

    /// Refuses at once.
    fn refuse(self, code: ErrorCode) {
        let peer = self.peer.clone();
        self.send(Err(code.into()));
        peer.flush();
    }

    fn send(mut self, outcome: Result<Answered, Problem>) {
        let locale = self.peer.session().locale;
        if let Err(problem) = &outcome {
            metrics::REFUSED.count_of(problem.code.as_str());
            self.span.failed(problem.code.as_str());
        }
        match (self.ack, outcome) {
            (Some(ack), Ok(Answered::Joined(joined))) => self.peer.acknowledge(ack, &Ack::ok(joined)),
            (Some(ack), Ok(Answered::Said(taken))) => self.peer.acknowledge(ack, &Ack::ok(taken)),
            (Some(ack), Ok(Answered::PollOpened(opened))) => self.peer.acknowledge(ack, &Ack::ok(opened)),
            (Some(ack), Ok(Answered::Done)) => self.peer.acknowledge(ack, &Ack::ok(Done {})),
            (Some(ack), Err(problem)) => {
                self.peer.acknowledge(ack, &Ack::<Done>::refused(ErrorBody::one(&problem, locale)));
            }
            (None, Err(problem)) => match self.without {
                Without::Error if problem.code != ErrorCode::EmptyMessage => {
                    let error = events::SocketError { code: problem.code, message: problem.text(locale) };
                    self.peer.send(server::ERROR, &error);
                }
                Without::CallError(code_of) => {
                    let error = CallError { code: code_of(problem.code), message: problem.text(locale) };
                    self.peer.send(server::CALL_ERROR, &error);
                }
                Without::Error | Without::Silence => {}
            },
            (None, Ok(_)) => {}
        }
    }
}
