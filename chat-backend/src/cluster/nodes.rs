//! Which nodes there are: each renews a lease, and whoever does not is gone.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use plenum_contract::limits::NODE_LEASE;
use serde::{Deserialize, Serialize};

use crate::rooms::{
    entry::Incarnation,
    log::{Counts, Standing},
};

/// How often a lease is renewed, and everybody's looked at.
pub const TICK: Duration = Duration::from_secs(1);
/// How many ticks in a row a node's lease must be over before it counts as gone: when Redis itself stood still, all
/// leases are over at once, and everybody gets the chance to renew.
const SILENT_TICKS: u32 = 4;
/// For how many ticks it is told to rooms that a node is gone.
const SAID_TICKS: u32 = 3;
/// How many ticks, one of them at once, a node that has come lets others to learn of it.
const KNOWN_TICKS: u32 = 4;
/// How long a node that is gone is remembered.
pub const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// What a node says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Says {
    /// Where other nodes reach it, if they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Rooms with somebody in them that are its to count.
    #[serde(default)]
    pub rooms: usize,
    /// Users in these.
    #[serde(default)]
    pub users: usize,
    /// Calls with somebody in them that are its to count.
    #[serde(default)]
    pub calls: usize,
    /// Users in these.
    #[serde(default)]
    pub callers: usize,
}

#[derive(Debug, Default)]
struct Seen {
    says: Says,
    silent: u32,
    gone: bool,
}

/// A node that is gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Death {
    /// Which.
    pub node: String,
    /// Whether it was found so just now.
    pub is_new: bool,
}

/// The nodes, as this one sees them.
pub struct Nodes {
    /// This node's name: another for each run of a process.
    pub own: String,
    address: Option<String>,
    counts: Mutex<Counts>,
    ticks: AtomicU32,
    seen: Mutex<Option<HashMap<String, Seen>>>,
}

impl Nodes {
    /// None but this one is known.
    pub fn new(own: String, address: Option<String>) -> Self {
        Self { own, address, counts: Mutex::default(), ticks: AtomicU32::new(0), seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Option<HashMap<String, Seen>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is this node's to count.
    pub fn count(&self, counts: Counts) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }

    /// What this node says of itself.
    pub fn says(&self) -> Says {
        let Counts { rooms, users, calls, callers } =
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Says { address: self.address.clone(), rooms, users, calls, callers }
    }

    /// Takes everybody's leases, each with its age in milliseconds, and says which nodes are gone since a moment ago. One whose
    /// lease was over before this node began is watched like any other: Redis may have stood still for all.
    pub fn look(&self, leases: &[(String, u64, String)]) -> Vec<Death> {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        let lease = u64::try_from(NODE_LEASE.as_millis()).unwrap_or(u64::MAX);
        let mut guard = self.seen();
        let mut before = guard.take().unwrap_or_default();
        let mut now: HashMap<String, Seen> = HashMap::new();
        for (node, age, says) in leases {
            let known = before.remove(node);
            let says = serde_json::from_str(says).unwrap_or_default();
            let silent = if *age <= lease { 0 } else { known.map_or(0, |seen| seen.silent) + 1 };
            now.insert(node.clone(), Seen { says, silent, gone: silent >= SILENT_TICKS });
        }
        // Who was there and is in no list any more: Redis has begun anew, or forgot it.
        for (node, seen) in before {
            let silent = seen.silent + 1;
            if silent <= 2 * SILENT_TICKS {
                now.insert(node, Seen { silent, gone: silent >= SILENT_TICKS, ..seen });
            }
        }
        let news = |seen: &Seen| seen.gone && seen.silent < SILENT_TICKS + SAID_TICKS;
        let gone = now.iter().filter(|(node, seen)| news(seen) && **node != self.own);
        let deaths = gone
            .map(|(node, seen)| Death { node: node.clone(), is_new: seen.silent == SILENT_TICKS })
            .collect();
        *guard = Some(now);
        deaths
    }

    /// Redis was away: nobody is silent until it has been there for a while.
    pub fn forgive(&self) {
        if let Some(seen) = &mut *self.seen() {
            for seen in seen.values_mut() {
                seen.silent = 0;
            }
        }
    }

    /// What is known of a node.
    pub fn standing(&self, by: &Incarnation) -> Standing {
        if by.node() == self.own {
            return Standing::There;
        }
        match self.seen().as_ref().map(|seen| seen.get(by.node()).map(|seen| seen.gone)) {
            None | Some(Some(false)) => Standing::There,
            Some(None) => Standing::Unheard,
            Some(Some(true)) => Standing::Gone,
        }
    }

    /// Whether a node is not there, as far as is known.
    pub fn is_gone(&self, by: &Incarnation) -> bool {
        self.standing(by) != Standing::There
    }

    /// Whether the others know by now where this one is reached: a connection that it opened before could not be found by
    /// them.
    pub fn is_known(&self) -> bool {
        let alone = || {
            let guard = self.seen();
            guard.as_ref().is_some_and(|seen| seen.iter().all(|(node, seen)| *node == self.own || seen.gone))
        };
        self.address.is_none() || self.ticks.load(Ordering::Relaxed) >= KNOWN_TICKS || alone()
    }

    /// What the others count, as they said.
    pub fn counted_elsewhere(&self, fresh: Option<&HashMap<String, String>>) -> Counts {
        let guard = self.seen();
        let others = guard.iter().flatten().filter(|(node, seen)| **node != self.own && !seen.gone);
        let says = others.map(|(node, seen)| {
            let fresh = fresh.and_then(|fresh| serde_json::from_str(fresh.get(node)?).ok());
            fresh.unwrap_or_else(|| seen.says.clone())
        });
        says.map(|Says { rooms, users, calls, callers, .. }| Counts { rooms, users, calls, callers })
            .fold(Counts::default(), |sum, counts| sum + counts)
    }

    /// The names of the others that are there.
    pub fn others(&self) -> Vec<String> {
        let guard = self.seen();
        let others = guard.iter().flatten().filter(|(node, seen)| **node != self.own && !seen.gone);
        others.map(|(node, _)| node.clone()).collect()
    }

    /// Where the other nodes are reached, in order.
    pub fn addresses(&self) -> Vec<String> {
        let guard = self.seen();
        let others = guard.iter().flatten().filter(|(node, seen)| **node != self.own && !seen.gone);
        let mut all: Vec<String> = others.filter_map(|(_, seen)| seen.says.address.clone()).collect();
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(node: &str, age: u64) -> (String, u64, String) {
        (node.into(), age, serde_json::to_string(&Says::default()).unwrap())
    }

    fn by(node: &str) -> Incarnation {
        Incarnation::new(node, 0)
    }

    #[test]
    fn a_node_that_renews_is_there_and_one_that_does_not_is_gone_after_a_while() {
        let nodes = Nodes::new("here".into(), None);
        assert!(!nodes.is_gone(&by("there")), "nothing is known yet");
        assert!(nodes.look(&[lease("here", 0), lease("there", 10)]).is_empty());
        for _ in 1..SILENT_TICKS {
            assert!(nodes.look(&[lease("here", 0), lease("there", 60_000)]).is_empty());
        }
        let death = |is_new| [Death { node: "there".into(), is_new }];
        assert_eq!(nodes.look(&[lease("here", 0), lease("there", 60_000)]), death(true));
        assert_eq!(nodes.look(&[lease("here", 0), lease("there", 60_000)]), death(false), "it is said again");
        assert_eq!(nodes.standing(&by("there")), Standing::Gone);
        assert_eq!(nodes.standing(&by("never heard of")), Standing::Unheard);
        assert!(nodes.look(&[lease("here", 0), lease("there", 5)]).is_empty(), "it is back");
        assert!(!nodes.is_gone(&by("there")));
    }

    #[test]
    fn one_whose_lease_was_over_before_this_node_began_gets_the_same_time() {
        let nodes = Nodes::new("here".into(), None);
        for _ in 1..SILENT_TICKS {
            assert!(nodes.look(&[lease("here", 0), lease("dead", 60_000)]).is_empty());
            assert!(!nodes.is_gone(&by("dead")));
        }
        assert_eq!(nodes.look(&[lease("here", 0), lease("dead", 60_000)]).len(), 1);
    }

    #[test]
    fn one_that_comes_to_others_is_known_after_they_had_time_to_look() {
        let leases = [lease("here", 0), lease("there", 10)];
        let nodes = Nodes::new("here".into(), Some("http://here:4001".into()));
        assert!(!nodes.is_known());
        for _ in 1..KNOWN_TICKS {
            nodes.look(&leases);
            assert!(!nodes.is_known());
        }
        nodes.look(&leases);
        assert!(nodes.is_known());

        let alone = Nodes::new("here".into(), Some("http://here:4001".into()));
        alone.look(&leases[..1]);
        assert!(alone.is_known(), "there is nobody who could not find it");
        assert!(Nodes::new("here".into(), None).is_known(), "its gateways have a list");
    }

    #[test]
    fn when_redis_stood_still_nobody_is_gone_for_that() {
        let nodes = Nodes::new("here".into(), None);
        nodes.look(&[lease("here", 0), lease("there", 10)]);
        nodes.look(&[lease("here", 0), lease("there", 20_000)]);
        nodes.forgive();
        for _ in 1..SILENT_TICKS {
            assert!(nodes.look(&[lease("here", 0), lease("there", 20_000)]).is_empty());
        }
    }
}
