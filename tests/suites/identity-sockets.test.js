import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { openPolling, RawPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { aWorld } from "../harness/world.mjs";

const APP = "https://app.example.com";
const FOREIGN = ["https://evil.com", "null", `${APP}.evil.com`, "http://app.example.com", `${APP}:8443`, "https://evil.com/https://app.example.com", "file://"];

describe("a socket's handshake", () => {
  const world = aWorld({ user: { CORS_ORIGIN: APP } });
  const polling = (options, url = world.url) => openPolling(url, options);
  const websocket = async (options, url = world.url) => {
    const socket = await RawWebSocket.ask(url, options);
    socket.close();
    return socket.answer;
  };

  test("needs a session, on both transports", async () => {
    for (const cookie of [undefined, "session=", "session=never-was", "other=1"]) {
      const byPolling = await polling({ headers: cookie ? { cookie } : {} });
      assert.equal(byPolling.status, 401, `polling with ${cookie}`);
      assert.match(byPolling.body.error.code, /^(no|invalid)_session$/);
      assert.equal((await websocket({ cookie })).status, 401, `websocket with ${cookie}`);
    }
  });

  test("is refused for a foreign Origin, look-alikes and null included, with and without a session", async () => {
    const ana = await world.user();
    for (const origin of FOREIGN) {
      const byPolling = await polling({ headers: { cookie: ana.cookie, origin } });
      assert.deepEqual([byPolling.status, byPolling.body.error.code], [403, "foreign_origin"], origin);
      assert.equal((await websocket({ cookie: ana.cookie, origin })).status, 403, origin);
    }
  });

  test("is welcome without Origin, from a listed one, and from the own one", async () => {
    const ana = await world.user();
    const { url } = world; // one gateway: another's origin is not its own
    for (const origin of [undefined, APP, url]) {
      const headers = { cookie: ana.cookie, ...(origin ? { origin } : {}) };
      assert.equal((await polling({ headers }, url)).status, 200, `${origin}`);
      assert.equal((await websocket({ cookie: ana.cookie, origin }, url)).status, 101, `${origin}`);
    }
  });

  test("two Origin headers are none to be believed", async () => {
    const ana = await world.user();
    const { status } = await websocket({ cookie: ana.cookie, lines: [`Origin: ${APP}`, "Origin: https://evil.com"] });
    assert.equal(status, 403);
  });

  test("every later request and the upgrade are checked for Origin and session as the first was", async () => {
    const ana = await world.user();
    const { sid } = await polling({ headers: { cookie: ana.cookie } });
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    for (const [headers, status] of [[{ cookie: ana.cookie, origin: "https://evil.com" }, 403], [{}, 401], [{ cookie: "session=x" }, 401]]) {
      assert.equal((await request(world.url, { path, headers })).status, status);
      assert.equal((await request(world.url, { method: "POST", path, headers, body: "40" })).status, status);
      const upgrade = await websocket({ cookie: headers.cookie, origin: headers.origin, query: `EIO=4&transport=websocket&sid=${sid}` });
      assert.equal(upgrade.status, status);
    }
    const socket = new RawPolling(world.url, sid, { cookie: ana.cookie });
    assert.equal((await socket.post("40")).status, 200);
    await socket.until((packet) => packet.startsWith("40"));
  });

  test("another's polling sid serves nobody but the user who opened it: not for GET, POST or the upgrade", async () => {
    const [ana, mallory] = await world.users("ana", "mallory");
    const meeting = await ana.creates();
    const hers = await RawPolling.open(world.url, { cookie: ana.cookie });
    const stolen = new RawPolling(world.url, hers.sid, { cookie: mallory.cookie });
    for (const answer of [await stolen.poll(), await stolen.post("41"), await stolen.post(`42["join:meeting",{"meetingId":"${meeting.meetingId}"}]`)]) {
      assert.deepEqual([answer.status, answer.body?.error?.code], [400, "unknown_sid"]);
    }
    const upgrade = await websocket({ cookie: mallory.cookie, query: `EIO=4&transport=websocket&sid=${hers.sid}` });
    assert.equal(upgrade.status, 400);
    const ack = await hers.asks(1, "join:meeting", { meetingId: meeting.meetingId });
    assert.deepEqual(ack.data.participants.map((p) => p.userId), [ana.id]);
  });
});

describe("who speaks in a room is who signed in", () => {
  const world = aWorld();

  for (const transport of ["polling", "websocket"]) {
    test(`another's userId and username in every event are ignored (${transport})`, async () => {
      const [ana, mallory] = await world.users("ana", "mallory");
      const meeting = await ana.creates();
      const { meetingId } = meeting;
      const hers = await ana.joins(meeting);
      const theirs = await mallory.connects(transport);
      const lie = { meetingId, userId: ana.id, username: "Ana Prueba", fromUserId: ana.id, user: { id: ana.id } };
      const joined = await theirs.does("join:meeting", lie);
      assert.deepEqual(joined.participants.map((p) => [p.userId, p.username]), [[ana.id, ana.username], [mallory.id, mallory.username]]);
      const seen = await hers.hears("user:joined");
      assert.deepEqual([seen.userId, seen.username], [mallory.id, mallory.username]);
      theirs.sends("typing:start", lie);
      const typing = await hers.hears("typing:start");
      assert.deepEqual([typing.userId, typing.username], [mallory.id, mallory.username]);
      await theirs.does("chat:message", { ...lie, message: "it is me, Ana, honestly" });
      const said = await hers.hears("chat:message");
      assert.deepEqual([said.userId, said.username], [mallory.id, mallory.username]);
      await theirs.does("leave:meeting", lie);
      const left = await hers.hears("user:left");
      assert.equal(left.userId, mallory.id);
      const online = await hers.hears("users:online", (o) => o.count === 1, { from: hers.now - 2 });
      assert.deepEqual(online.participants.map((p) => p.userId), [ana.id]);
    });
  }

  test("the socket.io auth payload and query parameters name nobody", async () => {
    const [ana, mallory] = await world.users("ana", "mallory");
    const meeting = await ana.creates();
    const options = { auth: { userId: ana.id, token: "x" }, query: { userId: ana.id, username: "Ana" } };
    const client = await mallory.joins(meeting, "websocket", options);
    assert.deepEqual(client.joined.participants.map((p) => p.userId), [mallory.id]);
  });
});
