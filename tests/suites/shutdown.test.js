import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { APART, MANY } from "../harness/modes.mjs";
import { RawConnection, head, hostOf } from "../harness/raw.mjs";
import { RawPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { PATIENCE, eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** In a mode of many nodes one of each, which is what all these look at; tests/faults has them leave one after the other. */
const FREE = { chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" }, gateways: 1, chats: 1 };
/** A node that was killed is taken for gone when its lease has been over for a few seconds. */
const DECLARED_GONE = 25_000;

for (const which of APART ? ["gateway", "chat"] : ["gateway"]) {
  describe(`SIGTERM to ${which === "chat" ? "the chat backend" : "the process clients reach"}`, () => {
    const world = aWorld(FREE);

    test("clients are cut so that they come back by themselves to the next start, told why where the node drains", async () => {
      const people = await world.users("ana", "ben", "cleo");
      const meeting = await people[0].creates();
      const clients = await Promise.all(people.map((person, i) => person.joins(meeting, ["websocket", "polling", "upgrade"][i])));
      await clients[0].says(meeting, "before the restart");
      const target = world.servers[which];
      const ended = target.terminate();
      if (which === "chat" || !APART) {
        // A client between two polls can't be told: nothing new is accepted any more.
        for (const client of [clients[0], clients[2]]) await client.hears("server:notice", { code: "draining" });
      }
      const { code, ms } = await ended;
      assert.equal(code, 0);
      assert.ok(ms < 10_000, `${ms} ms`);
      await target.start();
      for (const client of clients) {
        await client.comesBack({ ms: 10_000 });
        assert.notEqual(client.losses[0], "io server disconnect");
        const back = await client.joins(meeting, { epoch: client.joined.epoch, since: client.joined.seq });
        assert.equal(back.first, false);
      }
      await clients[1].says(meeting, "after the restart");
      for (const client of clients) await client.hears("chat:message", { message: "after the restart" });
    });
  });
}

describe("SIGTERM", () => {
  const world = aWorld(FREE);

  test("ends in time with clients that stall, dawdle and idle, and exits with 0", async () => {
    const [ana, slow] = await world.users("ana", "slow");
    const meeting = await ana.creates();
    const stalled = await RawWebSocket.open(world.url, { cookie: slow.cookie });
    await stalled.asks(1, "join:meeting", { meetingId: meeting.meetingId });
    stalled.connection.socket.pause();
    const talker = await ana.joins(meeting, "websocket", { reconnection: false });
    await Promise.all(Array.from({ length: 30 }, () => talker.says(meeting, "w".repeat(4000))));
    const polling = await RawPolling.open(world.url, { cookie: ana.cookie });
    const pending = polling.poll().catch(() => {});
    const idle = await RawConnection.open(world.url);
    const half = await RawConnection.open(world.url);
    half.write(`POST /api/auth/login HTTP/1.1\r\n${hostOf(world.url)}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"email":`);
    const headless = await RawConnection.open(world.url);
    headless.write("GET /health HT");
    const ends = await Promise.all(world.servers.processes.map((process) => process.terminate()));
    for (const { code, ms } of ends) {
      assert.equal(code, 0);
      assert.ok(ms < 10_000, `${ms} ms`);
    }
    await pending;
    for (const connection of [stalled.connection, idle, half, headless]) connection.close();
    for (const process of [...world.servers.processes].reverse()) await process.start();
  });

  test("stops being ready: /ready is 503 to a connection that is open, or nobody answers; never 200 again", async () => {
    const { gateway } = world.servers;
    assert.equal((await request(world.url, { path: "/ready" })).status, 200);
    // A request that is under way keeps the process for a moment, so that the drain can be looked at.
    const under = await RawConnection.open(world.url);
    under.write(`POST /api/auth/login HTTP/1.1\r\n${hostOf(world.url)}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"email":`);
    const open = await RawConnection.open(world.url);
    await open.write(head("GET", "/health", [hostOf(world.url)])).answer();
    const ended = gateway.terminate();
    const kept = open.write(head("GET", "/ready", [hostOf(world.url)])).answer().then((a) => a.status, () => "closed");
    const seen = [];
    await eventually("/ready to stop saying 200", async () => {
      const status = await request(world.url, { path: "/ready" }).then((a) => a.status, () => "refused");
      seen.push(status);
      return seen.slice(-3).length === 3 && seen.slice(-3).every((s) => s !== 200);
    });
    const turned = seen.findIndex((s) => s !== 200);
    assert.ok(seen.slice(turned).every((s) => s === 503 || s === "refused"), `${seen}`);
    assert.ok([503, "closed", 200].includes(await kept));
    under.close();
    assert.equal((await ended).code, 0);
    await gateway.start();
    assert.equal((await request(world.url, { path: "/ready" })).status, 200);
  });

  test("leaves the counts of live people right: nobody is online after, also when the process was killed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    for (const end of ["terminate", "kill"]) {
      const meeting = await ana.creates();
      for (const person of [ana, ben]) await person.joins(meeting, "websocket", { reconnection: false });
      await eventually("two to be counted", async () => (await ana.sees(meeting)).activeParticipants === 2);
      await world.servers.chat[end]();
      await world.servers.chat.start();
      const seen = await eventually("meetings to be back", async () => {
        const { status, body } = await ana.get(`/api/meetings/${meeting.meetingId}`);
        return status === 200 && body.data.activeParticipants === 0 && body.data;
      }, MANY ? DECLARED_GONE : PATIENCE);
      assert.deepEqual([seen.activeParticipants, seen.participants], [0, [ana.id, ben.id]], end);
    }
  });

  test("sessions and meetings are there after a restart", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    for (const process of world.servers.processes) await process.terminate();
    for (const process of [...world.servers.processes].reverse()) await process.start();
    assert.equal((await ana.get("/api/me")).body.data.id, ana.id);
    assert.deepEqual(await ana.sees(meeting), meeting);
  });

  test("SIGINT ends it as well", async () => {
    const { gateway } = world.servers;
    gateway.signal("SIGINT");
    assert.equal((await gateway.ended).code, 0);
    await gateway.start();
  });
});
