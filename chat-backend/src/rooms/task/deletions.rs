//! How often messages of one room are deleted: each is taken out of the whole log.

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota};
use plenum_contract::{UserId, limits::DELETIONS_PER_MINUTE};

/// Counts them. Who deletes none costs nothing.
#[derive(Default)]
pub(super) struct Deletions(Option<Box<Counted>>);

struct Counted {
    by_user: DefaultKeyedRateLimiter<UserId>,
    of_room: DefaultDirectRateLimiter,
}

impl Deletions {
    /// Whether this user may delete one more now.
    pub fn may(&mut self, user: &UserId) -> bool {
        let counted = self.0.get_or_insert_with(|| {
            let (by_user, of_room) = DELETIONS_PER_MINUTE;
            Box::new(Counted {
                by_user: DefaultKeyedRateLimiter::dashmap(Quota::per_minute(by_user)),
                of_room: DefaultDirectRateLimiter::direct(Quota::per_minute(of_room)),
            })
        });
        // Only who was let in is counted, so the map is as bounded as the room; those who have not deleted lately go.
        if counted.by_user.len() >= usize::from(u8::MAX) {
            counted.by_user.retain_recent();
        }
        counted.by_user.check_key(user).is_ok() && counted.of_room.check().is_ok()
    }
}
