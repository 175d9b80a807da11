import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { describeApart } from "../harness/modes.mjs";
import { Process } from "../harness/process.mjs";
import { openPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { aWorld } from "../harness/world.mjs";

const MEETING = { title: "Weekly", date: "2030-01-15", time: "10:30" };

describeApart("the chat backend reached past the gateway, with a secret", () => {
  const world = aWorld();
  const direct = (path, options = {}) => request(world.servers.chat.url, { path, ...options });
  const stamp = (secret, user = "someone") => ({
    ...(secret ? { "x-plenum-secret": secret } : {}), "x-plenum-user": user, "x-plenum-session": "session-1", "x-plenum-name": "Some%20One",
  });

  test("answers health to anyone", async () => {
    assert.equal((await direct("/health")).body.status, "ok");
    assert.equal((await direct("/api/call/health")).status, 200);
  });

  test("answers 401 to a caller who is not named, with every kind of request", async () => {
    for (const [method, path] of [["GET", "/api/meetings"], ["POST", "/api/meetings"], ["GET", "/api/chat/stats"], ["GET", "/api/meetings/user/someone"],
      ["DELETE", "/api/meetings/x"]]) {
      const { status } = await direct(path, { method, body: method === "POST" ? { ...MEETING, userId: "someone" } : undefined });
      assert.equal(status, 401, `${method} ${path}`);
    }
    assert.equal((await openPolling(world.servers.chat.url)).status, 401);
    const upgrade = await RawWebSocket.ask(world.servers.chat.url);
    assert.equal(upgrade.answer.status, 401);
    upgrade.close();
  });

  test("answers 403 to a named caller with no secret or a wrong one", async () => {
    const right = world.servers.secret;
    for (const secret of [undefined, "", "wrong", right.slice(0, -1), `${right}x`, right.toUpperCase() === right ? "x" : right.toUpperCase()]) {
      const headers = stamp(secret);
      const { status, body } = await direct("/api/meetings", { headers });
      assert.deepEqual([status, body.error.code], [403, "bad_secret"], `a secret of ${secret?.length} characters`);
      assert.equal((await openPolling(world.servers.chat.url, { headers })).status, 403);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const upgrade = await RawWebSocket.ask(world.servers.chat.url, { lines });
      assert.equal(upgrade.answer.status, 403);
      upgrade.close();
    }
  });

  test("believes a named caller with the secret", async () => {
    const { status, body } = await direct("/api/meetings", { method: "POST", body: MEETING, headers: stamp(world.servers.secret, "user-7") });
    assert.deepEqual([status, body.data?.hostId], [201, "user-7"]);
  });
});

describe("a chat backend on loopback without a secret, for callers that predate the header", () => {
  const headers = {};
  let folder, backend;
  const ask = (method, path, body) => request(backend.url, { method, path, body, headers });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "plenum-"));
    backend = await new Process("chat-backend", { env: { DATABASE_URL: `sqlite://${folder}/chat.db` }, cwd: folder }).start();
  });
  after(async () => {
    const { code } = await backend.terminate();
    await rm(folder, { recursive: true, force: true });
    assert.equal(code, 0);
  });

  test("takes the user from userId in the body", async () => {
    const created = await ask("POST", "/api/meetings", { ...MEETING, userId: "old-user" });
    assert.deepEqual([created.status, created.body.data.hostId], [201, "old-user"]);
    const path = `/api/meetings/${created.body.data.meetingId}`;
    assert.deepEqual((await ask("POST", `${path}/join`, { userId: "guest" })).body.data.participants, ["old-user", "guest"]);
    assert.equal((await ask("PUT", path, { userId: "guest", title: "x" })).status, 403);
    assert.equal((await ask("PUT", path, { userId: "old-user", title: "x" })).body.data.title, "x");
    assert.equal((await ask("DELETE", path, { userId: "guest" })).status, 403);
    assert.equal((await ask("DELETE", path, { userId: "old-user" })).status, 200);
  });

  test("takes the user from the path of the lists, and shows a meeting and the stats to anyone", async () => {
    const { body } = await ask("POST", "/api/meetings", { ...MEETING, userId: "lister" });
    assert.deepEqual((await ask("GET", "/api/meetings/user/lister")).body.data.map((m) => m.meetingId), [body.data.meetingId]);
    assert.equal((await ask("GET", "/api/meetings/today/lister")).body.data.count, 0);
    for (const path of [`/api/meetings/${body.data.meetingId}`, `/api/chat/meeting/${body.data.meetingId}`, "/api/chat/stats"]) {
      assert.equal((await ask("GET", path)).status, 200, path);
    }
  });

  test("still needs somebody: no user, no answer; and sockets need the header", async () => {
    assert.equal((await ask("POST", "/api/meetings", MEETING)).status, 401);
    assert.equal((await ask("GET", "/api/meetings")).status, 401);
    for (const userId of ["", 7, null, "a b", "../x"]) {
      const { status } = await ask("POST", "/api/meetings", { ...MEETING, userId });
      assert.ok(status === 401 || status === 400, `${userId} ${status}`);
    }
    assert.equal((await openPolling(backend.url)).status, 401);
  });

  test("believes a gateway's word that nobody is signed in, whatever the body says", async () => {
    const nobody = { "x-plenum-user": "(nobody)" };
    const { status } = await request(backend.url, { method: "POST", path: "/api/meetings", body: { ...MEETING, userId: "victim" }, headers: nobody });
    assert.equal(status, 401);
    assert.equal((await request(backend.url, { path: "/api/meetings/user/victim", headers: nobody })).status, 401);
    assert.equal((await request(backend.url, { path: "/api/chat/stats", headers: nobody })).status, 401);
  });
});

describeApart("both services without a secret", () => {
  const world = aWorld({ secret: null });

  test("work together, and a body's userId is still not believed through the gateway", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ userId: ben.id });
    assert.equal(meeting.hostId, ana.id);
    const visitor = world.visitor();
    assert.equal((await visitor.post("/api/meetings", { ...MEETING, userId: ben.id })).status, 401);
    assert.equal((await visitor.get(`/api/meetings/user/${ben.id}`)).status, 401);
    assert.equal((await visitor.get("/api/chat/stats")).status, 401);
    assert.equal((await visitor.get(`/api/meetings/${meeting.meetingId}`)).status, 401);
    const client = await ana.joins(meeting);
    await client.says(meeting, "no secret between us");
  });
});
