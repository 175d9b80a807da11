// Meetings and live rooms, behind the gateway, whose word on who calls is trusted.
import { integer, port, text } from "./lib/environment.js";

import express from "express";
import { Server } from "socket.io";

import { Refusal, endWith, success } from "./lib/answer.js";
import { Bucket } from "./lib/bucket.js";
import * as caller from "./lib/caller.js";
import { dispatchTo, eventsOf } from "./lib/events.js";
import { health, listen, plain, serverOf } from "./lib/listen.js";
import { Meetings, shown } from "./lib/meetings.js";
import { Rooms } from "./lib/rooms.js";

const EVENTS_PER_SECOND = integer("RATE_LIMIT_EVENTS_PER_SECOND", 50);
const ICE_SERVERS = [{ urls: text("STUN_SERVER_1", "stun:stun.l.google.com:19302") }];

const app = express();
plain(app);
const server = serverOf(app);

const io = new Server(server, {
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  pingInterval: 25_000,
  pingTimeout: 60_000,
  connectTimeout: 10_000,
  maxHttpBufferSize: 128 * 1024,
  allowRequest: (request, answer) => answer(null, caller.read(request.headers) !== undefined),
  connectionStateRecovery: integer("STATE_RECOVERY", 0) ? { maxDisconnectionDuration: 120_000 } : undefined,
});

const meetings = new Meetings();
const rooms = new Rooms(io);
const events = eventsOf(rooms, meetings);

// Only the caller is needed of the handshake's request, which socket.io would keep as long as the connection.
io.engine.on("connection", (connection) => {
  connection.caller = caller.read(connection.request.headers);
  connection.request = null;
});

io.on("connection", (socket) => {
  const recovered = socket.recovered ? [...socket.rooms].filter((room) => room !== socket.id) : [];
  const { caller } = socket.conn;
  // A recovered socket's rooms are those of whoever opened it.
  if (socket.recovered && socket.data.caller?.userId !== caller.userId) return socket.disconnect(true);
  socket.data = { caller, rooms: new Set(), bucket: new Bucket(EVENTS_PER_SECOND) };
  dispatchTo(events, socket);
  socket.on("disconnect", () => {
    for (const room of socket.data.rooms) room.leave(socket);
  });
  socket.emit("call:ice-servers", ICE_SERVERS);
  for (const meetingId of recovered) rejoin(socket, meetingId);
});

/** Socket.io has put a recovered socket back into its own rooms, not into ours. */
function rejoin(socket, meetingId) {
  try {
    events.get("join:meeting")(socket, { meetingId });
  } catch (error) {
    socket.leave(meetingId);
    socket.emit("error", error instanceof Refusal ? error.body : { code: "internal", message: "Something went wrong" });
  }
}

app.get("/health", health("chat"));

const api = express.Router();
api.use((request, response, next) => {
  request.caller = caller.read(request.headers);
  next(request.caller ? undefined : new Refusal(401, "no_session", "No active session"));
});

const body = (meeting) => shown(meeting, rooms.count(meeting.id));

api.post("/", express.json({ limit: 100_000 }), (request, response) => {
  const meeting = meetings.create(request.caller.userId, request.body);
  success(response, body(meeting), { status: 201, message: "The meeting was created" });
});

api.get("/", (request, response) => {
  success(response, meetings.of(request.caller.userId).map(body));
});

api.get("/:id", (request, response) => {
  success(response, body(meetings.get(request.params.id)));
});

api.post("/:id/join", (request, response) => {
  const meeting = meetings.get(request.params.id);
  meetings.addParticipant(meeting, request.caller.userId);
  success(response, body(meeting), { message: "You joined the meeting" });
});

api.post("/:id/leave", (request, response) => {
  success(response, body(meetings.get(request.params.id)), { message: "You left the meeting" });
});

app.use("/api/meetings", api);
endWith(app);

listen(server, { name: "chat", host: text("HOST", "127.0.0.1"), port: port(4000) });
