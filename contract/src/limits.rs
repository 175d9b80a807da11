//! Every bound of the wire in one place, with the code a client gets past it.

use std::{num::NonZeroU32, time::Duration};

/// Bytes of an id. Past it: the id can't be one, so `not_found` or `invalid_payload`.
pub const ID_MAX: usize = 128;
/// Bytes of a JSON body on `/api`. Past it: 413 `body_too_large`.
pub const JSON_BODY_MAX: usize = 100_000;
/// Bytes of a picture that becomes an avatar. Past it: 413 `body_too_large`.
pub const PICTURE_MAX: usize = 5 * 1024 * 1024;
/// Bytes of one WebSocket frame or message, or of one polling body. Past it the connection closes.
pub const FRAME_MAX: usize = 128 * 1024;
/// Bytes of a request's URL. Past it: 414 `uri_too_long`.
pub const URI_MAX: usize = 8 * 1024;
/// Bytes of all headers of one request, near enough: they are read in steps. Past it: 431.
pub const HEADERS_MAX: usize = 32 * 1024;

/// Characters of one chat message, after trimming. Past it: `message_too_long`.
pub const MESSAGE_MAX: usize = 4_000;
/// Bytes of a `clientMessageId`. Past it: `invalid_payload`.
pub const CLIENT_MESSAGE_ID_MAX: usize = 128;
/// `clientMessageId`s remembered for each user of a room; an older one may appear again.
pub const CLIENT_MESSAGE_IDS_KEPT: usize = 256;
/// Characters of a meeting's title. Past it: `invalid_title`.
pub const TITLE_MAX: usize = 200;
/// Characters of a meeting's description. Past it: `invalid_description`.
pub const DESCRIPTION_MAX: usize = 5_000;
/// Minutes of a meeting. Outside 1 to this: `invalid_duration`.
pub const DURATION_MAX_MINUTES: u32 = 1_440;
/// Minutes of a meeting that names no duration.
pub const DURATION_DEFAULT_MINUTES: u32 = 60;
/// Meetings one list holds, newest first.
pub const MEETINGS_LISTED_MAX: usize = 1_000;
/// Users in a meeting's stored `participants`. Past it: `meeting_full`.
pub const PARTICIPANTS_STORED_MAX: usize = 10_000;

/// Characters of a name or last name, 2 at least. Outside: `invalid_name`, `invalid_last_name`.
pub const NAME_MAX: usize = 50;
/// Characters of a mail address. Past it: `invalid_email`.
pub const EMAIL_MAX: usize = 254;
/// Bytes of a password; Argon2 reads no more. Past it: `weak_password`.
pub const PASSWORD_MAX: usize = 1_024;

/// Sockets one user may hold on one node. Past it the handshake gets 429 `too_many_sockets`.
pub const SOCKETS_PER_USER: usize = 64;
/// Rooms one socket may be in. Past it: `too_many_rooms`.
pub const ROOMS_PER_SOCKET: usize = 32;
/// Rooms live on one node. Past it: `busy`.
pub const ROOMS_MAX: usize = 20_000;
/// Commands waiting for one room, leavings apart (they are bounded by the seats). Past it: `busy`.
pub const ROOM_QUEUE: usize = 1_024;
/// Events waiting in one socket before its connection is cut, whatever their size.
pub const SOCKET_QUEUE: usize = 4_096;
/// Characters of an event's name; a longer one is ignored.
pub const EVENT_NAME_MAX: usize = 64;

/// Log entries of a room kept for resuming.
pub const ROOM_LOG_ENTRIES: usize = 1_000;
/// Bytes of log entries of a room kept for resuming.
pub const ROOM_LOG_BYTES: usize = 1024 * 1024;
/// The latest messages that stay in the log behind a snapshot, and that a join without resume returns.
pub const RECENT_MESSAGES: usize = 200;
/// Entries after which a room's snapshot is renewed.
pub const SNAPSHOT_EVERY: usize = 256;
/// Bytes of `messages` and `events` in one join's answer. Past it `recovered` is false.
pub const RESUME_MAX_BYTES: usize = 256 * 1024;
/// Users whose admission a room remembers after they left; the earliest to leave are forgotten first.
pub const ADMISSIONS_KEPT: usize = 10_000;
/// How long a room without participants keeps its log.
pub const ROOM_GRACE: Duration = Duration::from_secs(60);
/// Participants past which `users:online` is gathered rather than sent at each change.
pub const ROSTER_AT_ONCE_MAX: usize = 32;
/// How long `users:online` is gathered in larger rooms.
pub const ROSTER_GATHER: Duration = Duration::from_millis(250);

/// Bytes of a `peerId`. Past it: `invalid_payload`.
pub const PEER_ID_MAX: usize = 128;
/// Bytes of a signal between peers. Past it: `invalid_signal`.
pub const SIGNAL_MAX: usize = 64 * 1024;
/// Bytes of a reaction: what one emoji takes, with its modifiers. Past it: `invalid_reaction`.
pub const REACTION_MAX: usize = 32;
/// Different reactions to one message. Past it: `too_many_reactions`.
pub const REACTIONS_PER_MESSAGE: usize = 20;
/// Reactions to the latest messages of a room together. Past it: `too_many_reactions`.
pub const REACTIONS_KEPT: usize = 5_000;
/// The latest messages that can be edited, deleted and reacted to. Past it: `message_not_found`.
pub const MESSAGES_CHANGEABLE: usize = 500;
/// Messages of a room that one user may delete in a minute, and all together: each is taken out of a log that may hold a
/// megabyte. On each node. Past it: `rate_limited`.
pub const DELETIONS_PER_MINUTE: (NonZeroU32, NonZeroU32) =
    (NonZeroU32::new(30).unwrap(), NonZeroU32::new(120).unwrap());
/// Users waiting to be let into a meeting. Past it: `waiting_room_full`.
pub const WAITING_MAX: usize = 200;
/// Polls of a meeting while it meets. Past it: `too_many_polls`.
pub const POLLS_MAX: usize = 20;
/// Characters of a poll's question. Past it: `invalid_poll`.
pub const POLL_QUESTION_MAX: usize = 300;
/// Options of a poll, 2 at least. Past it: `invalid_poll`.
pub const POLL_OPTIONS_MAX: usize = 10;
/// Characters of a poll's option. Past it: `invalid_poll`.
pub const POLL_OPTION_MAX: usize = 100;
/// Characters of a meeting's passcode, 4 at least. Outside: `invalid_passcode`.
pub const PASSCODE_MAX: usize = 32;
/// Co-hosts of a meeting. Past it: `invalid_co_hosts`.
pub const CO_HOSTS_MAX: usize = 50;
/// How long a meeting may be empty after its planned end before it is over.
pub const EMPTY_AFTER_END: Duration = Duration::from_mins(30);
/// How long a TURN credential can be used to allocate; a call that goes on keeps its allocation.
pub const TURN_CREDENTIAL_LIFE: Duration = Duration::from_hours(12);

/// Unsent bytes at which a connection is behind and is cut.
pub const BEHIND_BYTES: usize = 256 * 1024;
/// Bytes of the largest event or answer: the join of a full room with all that was missed. Where frames are not
/// told apart, a connection may have this much waiting beside [`BEHIND_BYTES`].
pub const ANSWER_MAX: usize = 512 * 1024;
/// Age of the oldest unsent byte at which a connection is behind and is cut.
pub const BEHIND_AGE: Duration = Duration::from_secs(10);

/// Bytes of messages and bodies that clients have begun to send to one process and not finished, those under 8 kB apart.
/// Past it the connection of whoever began first is cut.
pub const UNFINISHED_BYTES: usize = 8 * 1024 * 1024;

/// Engine.IO's ping interval.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Engine.IO's ping timeout.
pub const PING_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a store may take, retries included, before `store_unavailable`.
pub const STORE_TIMEOUT: Duration = Duration::from_millis(2_500);
/// How long a room's log may take before `store_unavailable`: a client hears it within two seconds.
pub const LOG_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long to wait before a room that could not be opened is opened again for what the store said.
pub const LOG_PAUSE: Duration = Duration::from_secs(1);
/// How long after its node's last word a room's seats are still held for it.
pub const NODE_LEASE: Duration = Duration::from_secs(6);
/// How long a room's log is kept while no node renews it.
pub const ROOM_LOG_TTL: Duration = Duration::from_mins(10);
/// The least time between two writes of one meeting's live count.
pub const LIVE_COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// How long the gateway waits for a backend's connection. Past it: 502 `backend_unavailable`.
pub const BACKEND_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the gateway waits for a backend's response head, polling apart. Past it: 504 `backend_timeout`.
pub const BACKEND_RESPONSE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the gateway waits for a polling response: a ping's interval and timeout, and some.
pub const BACKEND_POLL_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a chat node remembers ended sessions, to refuse a handshake that slipped past.
pub const ENDED_SESSIONS_KEPT: Duration = Duration::from_secs(120);
/// How long an Engine.IO session may be open without a socket.io CONNECT before it is closed.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a socket that is told to stay away may take to read its DISCONNECT before it is cut.
pub const FAREWELL: Duration = Duration::from_secs(1);
