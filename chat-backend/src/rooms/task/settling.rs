//! Seats that belong to nobody any more: of nodes that died, and of our own sockets that the log did not hear of.

use std::collections::BTreeSet;

use plenum_service::traces::Trace;

use super::{
    super::{
        Rooms,
        delivery::Places,
        entry::{Incarnation, SocketId},
        inbox::{Answer, Inbound, Queued, Sender},
        log::Standing,
    },
    LiveRoom,
};

impl LiveRoom {
    /// Seats of nodes that are known to be gone become free; those of nodes that nobody has heard of a little later,
    /// unless such a node has only just come.
    pub(super) fn bury_the_dead(&mut self) {
        let logs = self.shared.logs.clone();
        self.bury(|by| logs.standing(by) == Standing::Gone);
        let by: BTreeSet<&Incarnation> = self.room.seats().map(|(_, seat)| &seat.by).collect();
        let unheard = by.into_iter().filter(|by| logs.standing(by) == Standing::Unheard);
        let suspects: Vec<_> = unheard.map(|by| (self.room.meeting().clone(), by.clone())).collect();
        if !suspects.is_empty() {
            self.shared.life.spawn(Rooms(self.shared.clone()).bury_if_still_gone(suspects));
        }
    }

    /// Asks that the seats of these incarnations become free.
    pub(super) fn bury(&mut self, is_gone: impl Fn(&Incarnation) -> bool) {
        let by: BTreeSet<&Incarnation> = self.room.seats().map(|(_, seat)| &seat.by).collect();
        let gone = by.into_iter().filter(|by| *by != self.log.by() && is_gone(by)).cloned();
        let asked: Vec<_> =
            gone.map(|node| Queued { inbound: Inbound::Bury { node }, place: None }).collect();
        self.asked.extend(asked);
    }

    /// Gives back seats that the log holds for sockets which are not here: their leaving, or the refusal of their
    /// joining, was never written down.
    pub(super) async fn settle_seats(&mut self) {
        if !std::mem::take(&mut self.unsettled) || self.lost {
            return;
        }
        let ours = self.room.seats().filter(|(_, seat)| seat.by == *self.log.by());
        let stray: Vec<_> = ours
            .filter(|(_, seat)| !self.members.contains_key(&seat.socket))
            .map(|(user, seat)| (user.clone(), seat.socket.clone()))
            .collect();
        for (user, socket) in stray {
            self.asked.push_back(Queued { inbound: Inbound::Unseat { user, socket }, place: None });
        }
        self.carry_out().await;
    }

    /// This node was declared gone in this room, and is not.
    pub(super) async fn begin_again(&mut self) {
        let was = self.log.by().clone();
        match self.log.catch_up().await {
            Ok(missed) => self.follow_all(&missed),
            Err(super::LogError::Declared) => {}
            Err(super::LogError::Away) => self.unsettled = true,
            Err(_) => self.lost = true,
        }
        if *self.log.by() == was {
            self.rejoin(); // it was declared before this log was opened
        }
    }

    /// Goes on as the next life of this node: whoever is here takes a seat again, before anything else is done.
    pub(super) fn rejoin(&mut self) {
        tracing::warn!(meeting = %self.room.meeting(), "this node was declared gone in a room; its people join again");
        self.log.begin_again();
        for (socket, member) in &self.members {
            if member.at != Places::ROOM {
                member.recipient.cut(); // it comes back by itself, and then to all that it was in
                continue;
            }
            let recipient = member.recipient.clone();
            let from = Sender {
                who: member.who.clone(),
                socket: SocketId(socket.0.clone()),
                recipient: recipient.clone(),
                trace: Trace::default(),
            };
            // Somebody else may have the place now.
            let answer: Answer = Box::new(move |outcome| {
                if outcome.is_err() {
                    recipient.cut();
                }
            });
            let join = Inbound::Join { from, resume: None, passcode: None, answer };
            self.asked.push_front(Queued { inbound: join, place: None });
        }
    }
}
