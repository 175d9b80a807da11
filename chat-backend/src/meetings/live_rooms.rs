use async_trait::async_trait;
use plenum_contract::{MeetingId, events::EndReason};

use super::Meeting;

/// The live rooms, as meetings see them. Only [`stats`](Self::stats) waits, and not for long.
#[async_trait]
pub trait LiveRooms: Send + Sync + 'static {
    /// The store has a meeting with other rules.
    fn changed(&self, meeting: &Meeting);

    /// The store has a meeting as ended, or has it no more.
    fn ended(&self, meeting: &MeetingId, reason: EndReason);

    /// How many rooms have somebody in them, and how many users these are, each room counted by itself.
    async fn stats(&self) -> (usize, usize);
}
