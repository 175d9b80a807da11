use std::collections::HashSet;

use async_trait::async_trait;
use plenum_contract::{MeetingId, UserId, error::ErrorCode, events::EndReason, meeting::CallUser};

use super::Meeting;

/// The live rooms, as meetings see them. What is asked of them does not wait for long; what they are told, not at all.
#[async_trait]
pub trait LiveRooms: Send + Sync + 'static {
    /// The store has a meeting with other rules.
    fn changed(&self, meeting: &Meeting);

    /// The store has a meeting as ended, or has it no more.
    fn ended(&self, meeting: &MeetingId, reason: EndReason);

    /// The store has a user as [removed](Meeting::has_removed).
    fn removed(&self, meeting: &Meeting, user: &UserId);

    /// Whether the room lets a user in whom the meeting [admits](Meeting::admits).
    async fn admits(&self, meeting: &Meeting, user: &UserId) -> Result<(), ErrorCode>;

    /// The meetings whose rooms are live, here or elsewhere; none when that can't be said now.
    async fn live_meetings(&self) -> Option<HashSet<MeetingId>>;

    /// How many rooms have somebody in them, and how many users these are, each room counted by itself.
    async fn stats(&self) -> (usize, usize);

    /// How many calls have somebody in them, and how many users these are, each call counted by itself.
    async fn call_stats(&self) -> (usize, usize);

    /// Who is in a meeting's call, in the order they came; none without a call.
    async fn call(&self, meeting: &MeetingId) -> Option<Vec<CallUser>>;
}
