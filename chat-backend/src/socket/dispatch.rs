//! What each event of a client asks. One table for all sockets; a handler hands over to a room's queue and
//! returns, so that one socket's events keep their order.

mod call;

use std::{sync::Arc, time::Duration};

use plenum_contract::{
    MeetingId,
    error::{ErrorBody, ErrorCode, Problem},
    events::{self, Ack, CallError, CallErrorCode, Done, JoinMeeting, LeaveMeeting, client, server},
    limits::EVENT_NAME_MAX,
};
use plenum_service::{clock, incidents, traces::Span};
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
    acts::{self, Acts, Payload as _},
    metrics,
    rooms::{
        Rooms,
        delivery::Recipient as _,
        entry::Scope,
        inbox::{Answer, Answered, Inbound, Resume, Sender},
    },
};

/// How long a thread that is about to take a socket for connected may be kept from it by a busy machine.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// The handler of every event.
pub struct Dispatch(Acts);

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
    (client::CHAT_MESSAGE, Without::Error, act),
    (client::TYPING_START, Without::Silence, act),
    (client::TYPING_STOP, Without::Silence, act),
    (client::CHAT_EDIT, Without::Silence, act),
    (client::CHAT_DELETE, Without::Silence, act),
    (client::CHAT_REACT, Without::Silence, act),
    (client::CALL_JOIN, Without::CallError(CallErrorCode::of_join), call::join),
    (client::CALL_SIGNAL, Without::CallError(CallErrorCode::of_signal), call::signal),
    (client::CALL_MUTE, Without::Silence, act),
    (client::CALL_UNMUTE, Without::Silence, act),
    (client::CALL_VIDEO_ON, Without::Silence, act),
    (client::CALL_VIDEO_OFF, Without::Silence, act),
    (client::CALL_LEAVE, Without::Silence, call::leave),
    (client::SCREEN_START, Without::Silence, act),
    (client::SCREEN_STOP, Without::Silence, act),
    (client::HAND_RAISE, Without::Silence, act),
    (client::HAND_LOWER, Without::Silence, act),
    (client::REACTION_SEND, Without::Silence, act),
    (client::LOBBY_ADMIT, Without::Silence, act),
    (client::LOBBY_ADMIT_ALL, Without::Silence, act),
    (client::LOBBY_DENY, Without::Silence, act),
    (client::MEETING_LOCK, Without::Silence, act),
    (client::MEETING_UNLOCK, Without::Silence, act),
    (client::MEETING_MUTE, Without::Silence, act),
    (client::MEETING_REMOVE, Without::Silence, act),
    (client::MEETING_END, Without::Silence, act),
    (client::POLL_OPEN, Without::Silence, act),
    (client::POLL_VOTE, Without::Silence, act),
    (client::POLL_CLOSE, Without::Silence, act),
];

/// The names of what a client may send, and whether a refusal is told by an event when no ack was asked for.
pub fn taken() -> Vec<(&'static str, bool)> {
    EVENTS.iter().map(|(name, without, _)| (*name, !matches!(without, Without::Silence))).collect()
}

/// One event, with what is needed to do and answer it.
struct Asked {
    name: &'static str,
    acts: Acts,
    from: Sender,
    socket: Arc<Socket>,
    payload: Value,
    reply: Reply,
}

impl Dispatch {
    pub const fn new(acts: Acts) -> Self {
        Self(acts)
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
        handler(Asked { name: known, acts: self.0.clone(), from, socket, payload, reply });
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

impl acts::Payload for Asked {
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        match TryData::<T>::from_message_parts(&self.socket, &mut self.payload, &None) {
            Ok(TryData(data)) => data.ok(),
            Err(never) => match never {},
        }
    }
}

impl Asked {
    /// Hands what concerns a room over to it.
    fn ask(self, meeting: &MeetingId, inbound: impl FnOnce(Sender, Answer) -> Inbound) {
        let answer = self.reply.answer();
        self.acts.rooms().ask(meeting, inbound(self.from, answer));
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
        let Self { acts, from, reply, .. } = self;
        let session = reply.peer.session().clone();
        let answer: Answer = Box::new(move |outcome| {
            session.is_answered();
            reply.send(outcome);
        });
        Some((acts.rooms().clone(), from, answer))
    }
}

fn join(mut asked: Asked) {
    let Some(join) = asked.read::<JoinMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
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
    let Some(leave) = asked.read::<LeaveMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
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
    asked.ask(&meeting, |from, answer| Inbound::Leave { from, scope: Scope::Room, answer });
}

/// What people may do over HTTP as well.
fn act(mut asked: Asked) {
    match acts::read(asked.name, &mut asked) {
        Ok(wanted) => {
            let answer = asked.reply.answer();
            asked.acts.ask(asked.from, wanted, answer);
        }
        Err(code) => asked.refuse(code),
    }
}

/// What an operator may be asked about afterwards.
const fn is_an_incident(code: ErrorCode) -> Option<incidents::Kind> {
    match code {
        ErrorCode::RateLimited | ErrorCode::TooManyRooms => Some(incidents::Kind::Refused),
        ErrorCode::Busy | ErrorCode::StoreUnavailable | ErrorCode::Internal => Some(incidents::Kind::Failed),
        _ => None,
    }
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
            if let Some(kind) = is_an_incident(problem.code) {
                let user = self.peer.session().who.user.shared();
                incidents::note(kind, problem.code.as_str(), Some(user), "an event of a socket");
            }
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
