//! What the user backend counts.

use plenum_service::metrics::Metric;

/// Lookups of sessions.
pub const SESSIONS: Metric = Metric::counter(
    "plenum_session_lookups_total",
    "Sessions that requests named, by how they were found: known (in memory) or asked (of the database)",
)
.by(&["found"]);
/// Sessions of which nobody knows.
pub const SESSIONS_AWAY: Metric = Metric::counter(
    "plenum_session_lookups_failed_total",
    "Lookups of sessions for which the database did not answer",
);
/// What waits for a thread.
pub const TURNS_TAKEN: Metric = Metric::gauge(
    "plenum_heavy_work_taken",
    "Hashes of passwords and changes of pictures that are under way or wait for their turn",
)
.by(&["work"]);
/// What found no place.
pub const TURNS_BUSY: Metric = Metric::counter(
    "plenum_heavy_work_refused_total",
    "Hashes of passwords and changes of pictures that were refused as busy, since too many waited",
)
.by(&["work"]);
/// How long it takes.
pub const TURNS: Metric = Metric::seconds(
    "plenum_heavy_work_seconds",
    "Hashes of passwords and changes of pictures, their waiting included",
)
.by(&["work"]);
/// Limits.
pub const LIMITED: Metric = Metric::counter(
    "plenum_limits_hit_total",
    "Requests that were refused since somebody asked too often, by limit: auth, elsewhere, stranger, session or guess",
)
.by(&["limit"]);
/// The nodes behind.
pub const NODES: Metric = Metric::gauge(
    "plenum_backend_nodes",
    "Nodes behind this gateway, by whether they are ready or away; where there is one and never another, it counts as ready",
)
.by(&["state"]);
/// What a service behind did not answer.
pub const BACKEND_FAILED: Metric = Metric::counter(
    "plenum_backend_failures_total",
    "Requests that no node behind the gateway answered, by the code that the client was told",
)
.by(&["code"]);
/// Mails.
pub const MAILS: Metric =
    Metric::counter("plenum_mails_total", "Mails, by outcome: sent, tried_again or given_up")
        .by(&["outcome"]);

/// All of them.
pub const ALL: &[Metric] =
    &[SESSIONS, SESSIONS_AWAY, TURNS_TAKEN, TURNS_BUSY, TURNS, LIMITED, NODES, BACKEND_FAILED, MAILS];
