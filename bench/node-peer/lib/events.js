import { Refusal } from "./answer.js";

const MESSAGE_MAX = 4000;
const ROOMS_PER_SOCKET = 32;

/** What each event does: `(socket, payload) => the ack's data`. */
export function eventsOf(rooms, meetings) {
  function join(socket, { meetingId, epoch }) {
    const meeting = meetings.get(meetingId);
    if (meeting.status !== "active") throw new Refusal(409, "meeting_ended", "The meeting has ended");
    const joinedRooms = socket.data.rooms;
    if (joinedRooms.size >= ROOMS_PER_SOCKET && !joinedRooms.has(rooms.get(meetingId))) {
      throw new Refusal(409, "too_many_rooms", "This connection is in too many meetings");
    }
    const room = rooms.open(meetingId);
    room.enter(socket, meeting.maxParticipants);
    meetings.addParticipant(meeting, socket.data.caller.userId);
    return room.snapshot({ first: epoch === undefined });
  }

  function leave(socket, payload) {
    const meetingId = typeof payload === "string" ? payload : payload.meetingId;
    const room = rooms.get(meetingId);
    if (room && socket.data.rooms.has(room)) room.leave(socket);
    return {};
  }

  function say(socket, { meetingId, message, clientMessageId }) {
    if (typeof message !== "string") throw invalid();
    if (clientMessageId !== undefined && !isShortText(clientMessageId)) throw invalid();
    const text = message.trim();
    if (text === "") throw new Refusal(400, "empty_message", "The message is empty");
    if (text.length > MESSAGE_MAX) throw new Refusal(400, "message_too_long", "The message is too long");
    const room = joined(socket, meetingId);
    const { messageId, seq, timestamp } = room.say(socket.data.caller, text, clientMessageId);
    return { messageId, seq, timestamp, clientMessageId };
  }

  const typing = (event) => (socket, { meetingId }) => {
    joined(socket, meetingId);
    socket.to(meetingId).emit(event, { meetingId, ...socket.data.caller });
    return {};
  };

  function joined(socket, meetingId) {
    const room = rooms.get(meetingId);
    if (!room?.users.has(socket.data.caller.userId)) {
      throw new Refusal(403, "not_in_meeting", "You are not in this meeting");
    }
    return room;
  }

  return new Map([
    ["join:meeting", join],
    ["leave:meeting", leave],
    ["chat:message", say],
    ["typing:start", typing("typing:start")],
    ["typing:stop", typing("typing:stop")],
  ]);
}

/** Refusals of these are said by an `error` event when no ack was asked for. */
const SAID_ALOUD = new Set(["join:meeting", "chat:message"]);

/** One listener a socket for all events, which saves memory and a tick for each over one a name. */
export function dispatchTo(events, socket) {
  socket.onAny((event, ...args) => {
    const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
    const handle = events.get(event);
    if (!handle) return;
    try {
      if (!socket.data.bucket.take()) throw new Refusal(429, "rate_limited", "Too many events");
      const [payload] = args;
      if (!namesMeeting(payload, event)) throw invalid();
      const data = handle(socket, payload);
      ack?.({ ok: true, data });
    } catch (error) {
      refuse(socket, event, ack, error);
    }
  });
}

function refuse(socket, event, ack, error) {
  if (!(error instanceof Refusal)) {
    console.error(error);
    error = new Refusal(500, "internal", "Something went wrong");
  }
  if (ack) ack({ ok: false, error: error.body });
  else if (SAID_ALOUD.has(event) && error.code !== "empty_message") socket.emit("error", error.body);
}

function namesMeeting(payload, event) {
  if (event === "leave:meeting" && isShortText(payload)) return true;
  return isShortText(payload?.meetingId);
}

function isShortText(value) {
  return typeof value === "string" && value.length <= 128;
}

function invalid() {
  return new Refusal(400, "invalid_payload", "The event's payload is not valid");
}
