import { randomUUID } from "node:crypto";

import { Refusal } from "./answer.js";

const HISTORY = 200;
// A room that everybody left keeps its history this long.
const GRACE_MS = 60_000;
// The whole list at each join is quadratic: past this size it is gathered instead of sent at once.
const ROSTER_AT_ONCE_MAX = 32;
const ROSTER_GATHER_MS = 250;

/** The live rooms. */
export class Rooms {
  #live = new Map();
  #io;

  constructor(io) {
    this.#io = io;
  }

  get(meetingId) {
    return this.#live.get(meetingId);
  }

  open(meetingId) {
    let room = this.#live.get(meetingId);
    if (!room) {
      room = new Room(this.#io, meetingId, () => this.#live.delete(meetingId));
      this.#live.set(meetingId, room);
    }
    return room;
  }

  /** Users online now in one meeting. */
  count(meetingId) {
    return this.#live.get(meetingId)?.users.size ?? 0;
  }
}

/** Who is in a meeting now, and what was said lately. Presence is by user, delivery by socket. */
class Room {
  users = new Map();
  #messages = [];
  #seq = 0;
  #epoch = randomUUID();
  #gathering = null;
  #grace = null;
  #io;
  #end;

  constructor(io, meetingId, end) {
    this.meetingId = meetingId;
    this.#io = io;
    this.#end = end;
  }

  enter(socket, capacity) {
    const { userId, username } = socket.data.caller;
    const present = this.users.get(userId);
    if (present) {
      present.sockets.add(socket.id);
      this.#welcome(socket);
      socket.emit("users:online", this.#roster());
      return;
    }
    if (this.users.size >= capacity) {
      throw new Refusal(409, "meeting_full", `Meeting is full (maximum ${capacity} participants)`);
    }
    clearTimeout(this.#grace);
    const joinedAt = new Date().toISOString();
    this.users.set(userId, { shown: { userId, username, joinedAt }, sockets: new Set([socket.id]) });
    this.#welcome(socket);
    socket.to(this.meetingId).emit("user:joined", this.#moved(userId, username, joinedAt));
    this.#announce();
  }

  leave(socket) {
    socket.data.rooms.delete(this);
    socket.leave(this.meetingId);
    const { userId, username } = socket.data.caller;
    const present = this.users.get(userId);
    if (!present?.sockets.delete(socket.id) || present.sockets.size > 0) return;

    this.users.delete(userId);
    if (this.users.size === 0) {
      this.#grace = setTimeout(this.#end, GRACE_MS).unref();
      return;
    }
    const timestamp = new Date().toISOString();
    this.#everyone.emit("user:left", this.#moved(userId, username, timestamp));
    this.#announce();
  }

  say({ userId, username }, message, clientMessageId) {
    const said = {
      messageId: randomUUID(),
      meetingId: this.meetingId,
      userId,
      username,
      message,
      timestamp: new Date().toISOString(),
      seq: ++this.#seq,
      clientMessageId,
    };
    this.#messages.push(said);
    if (this.#messages.length > HISTORY) this.#messages.shift();
    this.#everyone.emit("chat:message", said);
    return said;
  }

  /** What the ack of a join answers: the latest messages, since nothing is resumed here. */
  snapshot({ first }) {
    return {
      ...this.#roster(),
      epoch: this.#epoch,
      seq: this.#seq,
      messages: this.#messages,
      events: [],
      state: {},
      recovered: false,
      first,
    };
  }

  get #everyone() {
    return this.#io.to(this.meetingId);
  }

  #welcome(socket) {
    socket.data.rooms.add(this);
    socket.join(this.meetingId);
  }

  #roster() {
    const participants = Array.from(this.users.values(), ({ shown }) => shown);
    return { meetingId: this.meetingId, participants, count: participants.length };
  }

  #moved(userId, username, timestamp) {
    return { meetingId: this.meetingId, userId, username, timestamp, seq: ++this.#seq };
  }

  #announce() {
    if (this.users.size <= ROSTER_AT_ONCE_MAX) {
      this.#everyone.emit("users:online", this.#roster());
      return;
    }
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      this.#everyone.emit("users:online", this.#roster());
    }, ROSTER_GATHER_MS);
  }
}
