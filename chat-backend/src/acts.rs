//! What people do in a meeting besides coming and going, by the names of the wire: the same over a socket and over HTTP.

mod read;

use plenum_contract::error::{ErrorCode, Problem};
use plenum_service::{Lifecycle, clock};

pub use self::read::{Payload, Wanted, What, read};
use crate::{
    meetings::{MeetingError, Meetings},
    rooms::{
        Rooms,
        inbox::{Answer, Answered, Inbound, Sender},
    },
};

/// Where such things are done. Clones are the same.
#[derive(Clone)]
pub struct Acts {
    rooms: Rooms,
    meetings: Meetings,
    life: Lifecycle,
}

impl Acts {
    /// In these rooms and meetings.
    #[must_use]
    pub const fn new(rooms: Rooms, meetings: Meetings, life: Lifecycle) -> Self {
        Self { rooms, meetings, life }
    }

    /// The rooms in which they are done.
    #[must_use]
    pub const fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Has it done: by the room, or where the store has to know before the room, by the meeting.
    pub fn ask(&self, from: Sender, wanted: Wanted, answer: Answer) {
        let Wanted { meeting, what } = wanted;
        let inbound = match what {
            What::Say(message) => Inbound::Say { from, message, answer },
            What::Typing(event) => Inbound::Typing { from, event, answer },
            What::React(reaction) => Inbound::React { from, reaction, answer },
            What::Act { act, epoch } => Inbound::Act { from, act, epoch, answer },
            What::Remove(user) => {
                return self.by_the_meeting(from, answer, move |meetings, by| async move {
                    meetings.remove(&meeting, &by.who.user, &user, clock::now()).await
                });
            }
            What::End => {
                return self.by_the_meeting(from, answer, move |meetings, by| async move {
                    meetings.end(&meeting, &by.who.user, clock::now()).await
                });
            }
        };
        self.rooms.ask(&meeting, inbound);
    }

    fn by_the_meeting<F, T>(&self, from: Sender, answer: Answer, work: impl FnOnce(Meetings, Sender) -> F)
    where
        F: Future<Output = Result<T, MeetingError>> + Send + 'static,
        T: Send + 'static,
    {
        let recipient = from.recipient.clone();
        let work = work(self.meetings.clone(), from);
        self.life.spawn(async move {
            answer(work.await.map(|_| Answered::Done).map_err(first_problem));
            recipient.flush();
        });
    }
}

fn first_problem(error: MeetingError) -> Problem {
    error.problems().into_iter().next().unwrap_or_else(|| Problem::new(ErrorCode::Internal))
}
