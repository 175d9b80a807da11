//! What the chat backend counts.

use plenum_service::metrics::Metric;

/// Sockets here.
pub const SOCKETS: Metric = Metric::gauge("plenum_sockets", "socket.io connections on this node");
/// Events taken.
pub const EVENTS: Metric = Metric::counter(
    "plenum_events_total",
    "Events that clients sent, by name; `unknown` for what is none of ours",
)
.by(&["event"]);
/// Refusals.
pub const REFUSED: Metric = Metric::counter(
    "plenum_events_refused_total",
    "Events that were refused, by the code that their sender was told",
)
.by(&["code"]);
/// Sockets that were told to go or cut.
pub const SOCKETS_CUT: Metric = Metric::counter(
    "plenum_sockets_cut_total",
    "socket.io connections that this node cut, by reason, whatever their transport",
)
.by(&["reason"]);
/// Deliveries.
pub const DELIVERIES: Metric = Metric::counter(
    "plenum_deliveries_total",
    "Events put on their way to a socket by a room: a message to ten people is ten",
);
/// Rooms here.
pub const ROOMS: Metric = Metric::gauge("plenum_rooms", "Rooms that are live on this node");
/// People, by where.
pub const PEOPLE: Metric = Metric::gauge(
    "plenum_people",
    "People in meetings and in calls, of the rooms that this node counts: each room is counted by one node",
)
.by(&["in"]);
/// Rooms with people.
pub const MEETINGS: Metric = Metric::gauge(
    "plenum_meetings_live",
    "Meetings with people in them, and with a call, of the rooms that this node counts",
)
.by(&["with"]);
/// What waits for rooms.
pub const WAITING: Metric =
    Metric::gauge("plenum_room_queue_waiting", "Events that wait for their rooms, of all rooms of this node");
/// What waits for one room.
pub const LONGEST: Metric =
    Metric::gauge("plenum_room_queue_longest", "Events that wait for the room for which most wait");
/// Appends.
pub const APPENDED: Metric =
    Metric::counter("plenum_log_entries_total", "Entries that this node appended to rooms' logs");
/// How long appends take.
pub const APPENDING: Metric = Metric::seconds(
    "plenum_log_append_seconds",
    "Appends to rooms' logs, each of up to 64 entries, by outcome: ok, guard_lost or failed",
)
.by(&["outcome"]);
/// Redis answers.
pub const REDIS: Metric =
    Metric::seconds("plenum_redis_seconds", "Questions to Redis, by outcome: ok or failed").by(&["outcome"]);
/// Whether there is a connection.
pub const REDIS_UP: Metric = Metric::gauge(
    "plenum_redis_up",
    "1 while rooms can use Redis, 0 while they stand still; missing where there is no REDIS_URL",
);
/// The meetings' store.
pub const STORE: Metric = Metric::seconds(
    "plenum_store_seconds",
    "Questions to the store of meetings, tries together, by what was asked",
)
.by(&["question"]);
/// ... that could not be answered.
pub const STORE_FAILED: Metric = Metric::counter(
    "plenum_store_failed_total",
    "Questions that the store of meetings did not answer in time or at all, by what was asked",
)
.by(&["question"]);

/// All of them.
pub const ALL: &[Metric] = &[
    SOCKETS,
    EVENTS,
    REFUSED,
    SOCKETS_CUT,
    DELIVERIES,
    ROOMS,
    PEOPLE,
    MEETINGS,
    WAITING,
    LONGEST,
    APPENDED,
    APPENDING,
    REDIS,
    REDIS_UP,
    STORE,
    STORE_FAILED,
];
