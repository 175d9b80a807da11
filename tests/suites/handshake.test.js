import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { MODE } from "../harness/modes.mjs";
import { RawConnection, head, hostOf } from "../harness/raw.mjs";
import { openPolling, RawPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { eventually, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("the socket.io handshake", () => {
  const world = aWorld();

  test("tells the ping times, the bound of a body and the upgrade", async () => {
    const ana = await world.user();
    const { status, text } = await openPolling(world.url, { headers: { cookie: ana.cookie } });
    assert.equal(status, 200);
    const { sid, ...open } = JSON.parse(text.slice(1));
    assert.ok(sid.length >= 10);
    assert.deepEqual(open, { upgrades: ["websocket"], pingInterval: 25_000, pingTimeout: 60_000, maxPayload: 131_072 });
    const socket = await RawWebSocket.open(world.url, { cookie: ana.cookie });
    assert.deepEqual({ ...socket.opened, sid: 0 }, { ...open, sid: 0, upgrades: [] });
    socket.close();
  });

  test("speaks the current protocol only: another version, an unknown transport or sid is 400", async () => {
    const ana = await world.user();
    const headers = { cookie: ana.cookie };
    for (const query of ["EIO=3&transport=polling", "EIO=5&transport=polling", "transport=polling", "EIO=x&transport=polling", "EIO=4",
      "EIO=4&transport=carrier-pigeon", "EIO=4&transport=", "", "EIO=4&transport=polling&sid=nobody", `EIO=4&transport=polling&sid=${"x".repeat(3000)}`,
      "EIO=4&transport=polling&sid=%00", "EIO=3&transport=websocket"]) {
      const { status } = await openPolling(world.url, { query, headers });
      assert.equal(status, 400, query.slice(0, 80));
    }
    for (const query of ["EIO=3&transport=websocket", "EIO=4&transport=websocket&sid=nobody", "EIO=4&transport=pigeon"]) {
      const { answer } = await RawWebSocket.ask(world.url, { query, cookie: ana.cookie });
      assert.equal(answer.status, 400, query);
    }
    const posted = await request(world.url, { method: "POST", path: "/socket.io/?EIO=4&transport=polling&sid=nobody", headers, body: "40" });
    assert.equal(posted.status, 400);
  });

  test("without a session is 401 even when the rest is wrong too, and a wrong method is not taken", async () => {
    const { status } = await openPolling(world.url, { query: "EIO=3&transport=polling" });
    assert.ok([400, 401].includes(status), `${status}`);
    const ana = await world.user();
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      const { status } = await request(world.url, { method, path: "/socket.io/?EIO=4&transport=polling", headers: { cookie: ana.cookie } });
      assert.ok([400, 404, 405].includes(status), `${method} ${status}`);
    }
  });

  test("a namespace that is not there is refused, and the connection to / lives on", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const socket = await RawWebSocket.open(world.url, { cookie: ana.cookie });
    socket.text("40/admin,");
    assert.match(await socket.packet((text) => text.startsWith("44")), /^44\/admin,/);
    assert.equal((await socket.asks(1, "join:meeting", { meetingId: meeting.meetingId })).ok, true);
    socket.close();
  });

  test("a polling POST of 128 kB is taken; one past it closes the connection, and nobody else's", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const his = await ben.joins(meeting);
    const socket = await RawPolling.open(world.url, { cookie: ana.cookie });
    assert.equal((await socket.post(`42${JSON.stringify(["x", "y".repeat(131_072 - 10)])}`)).status, 200);
    const poll = socket.poll().catch((error) => error);
    const answer = await socket.post(`42${JSON.stringify(["x", "y".repeat(140_000)])}`).catch((error) => error);
    assert.ok(answer instanceof Error || [400, 413].includes(answer.status), `${answer.status}`);
    await poll;
    assert.equal((await socket.poll()).status, 400, "the sid is gone");
    await his.says(meeting, "untouched by that");
    await his.hears("chat:message");
  });

  test("a WebSocket message of 128 kB is taken; one past it closes the connection, and nobody else's", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const his = await ben.joins(meeting);
    const hers = await RawWebSocket.open(world.url, { cookie: ana.cookie });
    hers.text(`42${JSON.stringify(["x", "y".repeat(131_072 - 10)])}`);
    assert.equal((await hers.asks(1, "join:meeting", { meetingId: meeting.meetingId })).ok, true);
    hers.text(`42${JSON.stringify(["x", "y".repeat(131_072)])}`);
    await within("the connection with the huge message to close", hers.closed, 5000);
    await his.hears("user:left", { userId: ana.id });
    await his.says(meeting, "untouched by that");
    await his.hears("chat:message");
  });

  test("a frame that only declares to be enormous closes the connection before it is sent", async () => {
    const ana = await world.user();
    for (const length of [200_000, 64 * 1024 * 1024, Number.MAX_SAFE_INTEGER]) {
      const socket = await RawWebSocket.open(world.url, { cookie: ana.cookie });
      socket.frame(1, "42", { length });
      await within(`a frame of ${length} bytes to be refused`, socket.closed, 5000);
    }
  });

  test("one message in many fragments is bounded as a whole", async () => {
    const ana = await world.user();
    const socket = await RawWebSocket.open(world.url, { cookie: ana.cookie });
    socket.frame(1, `42["x","`, { fin: false });
    for (let i = 0; i < 20 && !socket.connection.isClosed; i++) socket.frame(0, "y".repeat(10_000), { fin: false });
    await within("the endless message to be refused", socket.closed, 5000);
  });

  test("many polling requests on one kept connection work as well", async () => {
    const ana = await world.user();
    const connection = await RawConnection.open(world.url);
    const lines = [hostOf(world.url), `Cookie: ${ana.cookie}`];
    const open = await connection.write(head("GET", "/socket.io/?EIO=4&transport=polling", lines)).answer();
    const path = `/socket.io/?EIO=4&transport=polling&sid=${JSON.parse(open.body.slice(1)).sid}`;
    const post = await connection.write(head("POST", path, [...lines, "Content-Type: text/plain", "Content-Length: 2"]) + "40").answer();
    assert.deepEqual([post.status, post.body.toLowerCase()], [200, "ok"]);
    // The first ping may fill an answer of its own.
    let heard = "";
    while (!/(^|\x1e)40\{"sid":/.test(heard)) {
      const poll = await connection.write(head("GET", path, lines)).answer();
      assert.equal(poll.status, 200);
      heard += `${poll.body}\x1e`;
    }
    connection.close();
  });
});

describe("bounds on sockets", () => {
  const world = aWorld();

  test("past 50 events a second a socket's events are rate_limited; others are not, and it recovers", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const { meetingId } = await ana.creates();
    const hers = await ana.joins(meetingId);
    const his = await ben.joins(meetingId);
    const acks = await Promise.all(Array.from({ length: 150 }, (_, n) => hers.asks("chat:message", { meetingId, message: `burst ${n} of words` })));
    const taken = acks.filter((ack) => ack.ok).length;
    const codes = new Set(acks.filter((ack) => !ack.ok).map((ack) => ack.error.code));
    assert.deepEqual([...codes], ["rate_limited"]);
    assert.ok(taken >= 45 && taken <= 110, `${taken} of 150 taken`);
    await his.says(meetingId, "I may still speak");
    await hers.hears("chat:message", { message: "I may still speak" });
    assert.deepEqual(hers.losses, []);
    await eventually("the limited socket to be heard again", async () =>
      (await hers.asks("chat:message", { meetingId, message: "slowly, one by one" })).ok);
    await his.hears("chat:message", { message: "slowly, one by one" });
  });

  test("a limited join or message without an ack gets the error event; the others are dropped", async () => {
    const ana = await world.user();
    const { meetingId } = await ana.creates();
    const hers = await ana.joins(meetingId);
    for (let n = 0; n < 200; n++) hers.sends("chat:message", { meetingId, message: "flooding the room" });
    await hers.hears("error", { code: "rate_limited" });
  });

  test("one user holds 64 sockets; the next handshake is 429 too_many_sockets, another user's is fine, and one gone makes a place", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    // By one way in: several nodes count their own.
    const { url } = world.servers.gateway;
    const open = () => RawWebSocket.open(url, { cookie: ana.cookie });
    const sockets = await Promise.all(Array.from({ length: 64 }, open));
    const next = await RawWebSocket.ask(url, { cookie: ana.cookie });
    assert.equal(next.answer.status, 429);
    assert.equal(JSON.parse(next.answer.body).error.code, "too_many_sockets");
    // Who polls is sent to the session's own node; of several `plenum`s that may be another.
    if (MODE !== "plenums") assert.equal((await openPolling(url, { headers: { cookie: ana.cookie } })).status, 429);
    (await RawWebSocket.open(url, { cookie: ben.cookie })).close();
    sockets[0].close();
    await eventually("a place for one more socket", async () => {
      const again = await RawWebSocket.ask(url, { cookie: ana.cookie });
      again.close();
      return again.answer.status === 101;
    });
    for (const socket of sockets) socket.close();
  });

  test("a socket may be in 32 rooms; the next is too_many_rooms", async () => {
    const ana = await world.user();
    const meetings = await Promise.all(Array.from({ length: 33 }, () => ana.creates()));
    const hers = await ana.connects();
    for (const meeting of meetings.slice(0, 32)) await hers.joins(meeting);
    assert.equal(await hers.isRefused("join:meeting", { meetingId: meetings[32].meetingId }), "too_many_rooms");
    await hers.leaves(meetings[0]);
    await hers.joins(meetings[32]);
  });
});
