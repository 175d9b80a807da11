//! Into the call, out of it, and what its peers tell each other.

use plenum_contract::{
    MeetingId, UserId,
    error::ErrorCode,
    events::{InMeeting, JoinCall, SendSignal},
    limits::{PEER_ID_MAX, SIGNAL_MAX},
};

use super::Asked;
use crate::acts::Payload as _;
use crate::rooms::{
    entry::Scope,
    inbox::{Inbound, Signal},
};

pub(super) fn join(mut asked: Asked) {
    let Some(JoinCall { meeting_id, peer_id, passcode }) = asked.read() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    if peer_id.is_empty() || peer_id.len() > PEER_ID_MAX {
        return asked.refuse(ErrorCode::InvalidPayload);
    }
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::MeetingNotFound) };
    if let Some((rooms, from, answer)) = asked.asks_in(&meeting) {
        let (peer, passcode) = (peer_id.into(), passcode.map(Into::into));
        rooms.ask(&meeting, Inbound::Call { from, peer, passcode, answer });
    }
}

pub(super) fn signal(mut asked: Asked) {
    let Some(SendSignal { meeting_id, to_user_id, to_peer_id, signal, signal_type }) = asked.read() else {
        return asked.refuse(ErrorCode::InvalidSignal);
    };
    if signal.get() == "null" || signal.get().len() > SIGNAL_MAX {
        return asked.refuse(ErrorCode::InvalidSignal);
    }
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::NotInCall) };
    let Ok(to) = UserId::parse(&to_user_id) else { return asked.refuse(ErrorCode::PeerNotFound) };
    let signal = Signal { to, to_peer: to_peer_id, signal, kind: signal_type };
    asked.ask(&meeting, |from, answer| Inbound::Signal { from, signal, answer });
}

pub(super) fn leave(mut asked: Asked) {
    let Some(InMeeting { meeting_id }) = asked.read() else {
        return asked.refuse(ErrorCode::InvalidPayload);
    };
    let Ok(meeting) = MeetingId::parse(&meeting_id) else { return asked.refuse(ErrorCode::NotInCall) };
    asked.ask(&meeting, |from, answer| Inbound::Leave { from, scope: Scope::Call, answer });
}
