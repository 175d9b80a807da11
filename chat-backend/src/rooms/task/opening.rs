//! How a room opens, and what those who ask are told when it can't.

use std::{collections::VecDeque, sync::Arc};

use plenum_contract::{MeetingId, error::ErrorCode, limits::LOG_PAUSE, meeting::MeetingStatus};
use tokio::sync::mpsc;

use super::{
    super::{
        Shared,
        inbox::{Inbound, Queued},
        log::Opened,
    },
    LiveRoom,
};
use crate::meetings::Meeting;

/// Runs a room from its first join until it has been empty for a while.
pub async fn run(shared: Arc<Shared>, meeting: MeetingId, mut queue: mpsc::UnboundedReceiver<Queued>) {
    let mut asked = VecDeque::new();
    loop {
        asked.extend(std::iter::from_fn(|| queue.try_recv().ok()));
        let problem = match open(&shared, &meeting, Why::of(&asked)).await {
            Ok((found, opened)) => {
                match LiveRoom::begin(shared.clone(), found, opened, queue).run(asked).await {
                    None => return,
                    // Its log was lost: who was in is cut and comes back, to a room whose log has another epoch.
                    Some(left) => (asked, queue) = left,
                }
                continue;
            }
            Err(problem) => problem,
        };
        // The store's word is not forgotten because something is away just now.
        let (words, people): (VecDeque<_>, VecDeque<_>) =
            asked.into_iter().partition(|queued| queued.inbound.from().is_none());
        for queued in people {
            queued.inbound.answer(Err(problem.into()));
        }
        asked = if problem == ErrorCode::StoreUnavailable { words } else { VecDeque::new() };
        if !asked.is_empty() && !shared.life.is_stopping() {
            refuse_until_back(&shared, &mut queue, &mut asked, problem).await;
        } else if shared.close(&meeting, &queue) {
            return;
        } else {
            let Some(queued) = queue.recv().await else { return };
            asked.push_back(queued);
        }
    }
}

/// Refuses what people ask until it is worth trying again.
async fn refuse_until_back(
    shared: &Shared,
    queue: &mut mpsc::UnboundedReceiver<Queued>,
    asked: &mut VecDeque<Queued>,
    problem: ErrorCode,
) {
    let mut back = std::pin::pin!(async {
        tokio::time::sleep(LOG_PAUSE).await;
        shared.logs.reachable().await;
    });
    loop {
        tokio::select! {
            () = &mut back => return,
            () = shared.life.stopping() => return,
            Some(queued) = queue.recv() => match queued.inbound.from() {
                Some(_) => queued.inbound.answer(Err(problem.into())),
                None => asked.push_back(queued),
            },
        }
    }
}

/// What a room is opened for.
#[derive(Clone, Copy)]
struct Why {
    /// Somebody wants in.
    joins: bool,
    /// The store has said something. A meeting that has ended may have people in it on other nodes, who are to hear it.
    tells: bool,
}

impl Why {
    fn of(asked: &VecDeque<Queued>) -> Self {
        Self {
            joins: asked.iter().any(|queued| queued.inbound.wants_in()),
            tells: asked
                .iter()
                .any(|queued| queued.inbound.is_stores() || matches!(queued.inbound, Inbound::Bury { .. })),
        }
    }
}

/// The meeting and its room's log, or what those who ask are told.
async fn open(
    shared: &Shared,
    meeting: &MeetingId,
    why: Why,
) -> Result<(Option<Meeting>, Opened), ErrorCode> {
    let found = shared.store.get(meeting).await.map_err(|error| {
        tracing::warn!(%meeting, %error, "a room can't be opened");
        ErrorCode::StoreUnavailable
    })?;
    let is_active = found.as_ref().is_some_and(|found| found.status == MeetingStatus::Active);
    let refusal = if found.is_some() { ErrorCode::MeetingEnded } else { ErrorCode::MeetingNotFound };
    if !is_active && !why.tells {
        return Err(refusal);
    }
    match shared.logs.open(meeting, is_active && why.joins).await {
        Ok(Some(opened)) => Ok((found.filter(|_| is_active), opened)),
        Ok(None) => Err(if is_active { ErrorCode::NotInMeeting } else { refusal }),
        Err(error) => {
            tracing::warn!(%meeting, %error, "a room can't be opened");
            Err(ErrorCode::StoreUnavailable)
        }
    }
}
