//! What each event of a client asks. One table for all sockets; a handler hands over to a room's queue and
//! returns, so that one socket's events keep their order.

use std::sync::Arc;

use plenum_contract::{
    MeetingId,
    error::{ErrorBody, ErrorCode, Problem},
    events::{self, Ack, Done, InMeeting, JoinMeeting, LeaveMeeting, SendMessage, client, server},
    limits::{CLIENT_MESSAGE_ID_MAX, EVENT_NAME_MAX},
};
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
use crate::rooms::{
    Rooms,
    delivery::Recipient as _,
    inbox::{Answer, Answered, Inbound, Resume, Sender},
};

/// The handler of every event.
pub struct Dispatch {
    rooms: Rooms,
}

/// How a refusal is told when no ack was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    /// By an `error` event.
    Error,
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
];

/// One event, with what is needed to do and answer it.
struct Asked {
    rooms: Rooms,
    from: Sender,
    socket: Arc<Socket>,
    payload: Value,
    reply: Reply,
}

impl Dispatch {
    pub const fn new(rooms: Rooms) -> Self {
        Self { rooms }
    }
}

impl MessageHandler<LocalAdapter, Dispatch> for Dispatch {
    fn call(&self, socket: Arc<Socket>, mut payload: Value, ack_id: Option<i64>) {
        let Ok(Event(name)) = Event::from_message_parts(&socket, &mut payload, &ack_id) else { return };
        if name.len() > EVENT_NAME_MAX {
            return;
        }
        let Some((_, without, handler)) = EVENTS.iter().find(|(event, ..)| *event == name) else { return };
        let Some(session) = socket.req_parts().extensions.get::<Arc<Session>>().cloned() else { return };
        let parts = (
            SocketRef::from_message_parts(&socket, &mut payload, &ack_id),
            AckSender::from_message_parts(&socket, &mut payload, &ack_id),
        );
        let (Ok(socket_ref), Ok(ack)) = parts;
        let peer = Arc::new(Peer::new(socket_ref, session.clone()));
        let from = Sender { who: session.who.clone(), socket: socket_id(socket.id), recipient: peer.clone() };
        let ack = ack_id.map(|id| peer::Ack { id, sender: ack });
        let reply = Reply { ack, peer, without: *without };
        // A leaving is never refused for its rate: it is bounded by the joins.
        if name != client::LEAVE_MEETING && !session.may_send() {
            return reply.refuse(ErrorCode::RateLimited);
        }
        handler(Asked { rooms: self.rooms.clone(), from, socket, payload, reply });
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
}

fn join(mut asked: Asked) {
    let Some(join) = asked.payload::<JoinMeeting>() else { return asked.refuse(ErrorCode::InvalidPayload) };
    let Ok(meeting) = MeetingId::parse(&join.meeting_id) else {
        return asked.refuse(ErrorCode::MeetingNotFound);
    };
    match asked.reply.peer.session().asks_in(&meeting) {
        Ok(()) => {}
        Err(NoEntry::Gone) => return asked.refuse(ErrorCode::UnknownSid),
        Err(NoEntry::TooMany) => return asked.refuse(ErrorCode::TooManyRooms),
    }
    let resume = join.epoch.zip(join.since).map(|(epoch, since)| Resume { epoch, since });
    let Asked { rooms, from, reply, .. } = asked;
    let session = reply.peer.session().clone();
    let answer: Answer = Box::new(move |outcome| {
        session.is_answered();
        reply.send(outcome);
    });
    rooms.ask(&meeting, Inbound::Join { from, resume, answer });
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
    asked.rooms.ask(&meeting, Inbound::Leave { from: asked.from, answer });
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
    let answer = asked.reply.answer();
    let (text, client_message_id) = (said.message.into(), own_id.map(Into::into));
    asked.rooms.ask(&meeting, Inbound::Say { from: asked.from, text, client_message_id, answer });
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

    fn send(self, outcome: Result<Answered, Problem>) {
        let locale = self.peer.session().locale;
        match (self.ack, outcome) {
            (Some(ack), Ok(Answered::Joined(joined))) => self.peer.acknowledge(ack, &Ack::ok(joined)),
            (Some(ack), Ok(Answered::Said(taken))) => self.peer.acknowledge(ack, &Ack::ok(taken)),
            (Some(ack), Ok(Answered::Done)) => self.peer.acknowledge(ack, &Ack::ok(Done {})),
            (Some(ack), Err(problem)) => {
                self.peer.acknowledge(ack, &Ack::<Done>::refused(ErrorBody::one(&problem, locale)));
            }
            (None, Err(problem))
                if self.without == Without::Error && problem.code != ErrorCode::EmptyMessage =>
            {
                let error = events::SocketError { code: problem.code, message: problem.text(locale) };
                self.peer.send(server::ERROR, &error);
            }
            (None, _) => {}
        }
    }
}
