import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { highest } from "../harness/resources.mjs";
import { eventually, inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const WAVES = 18;
const WAVE = 500;
const USERS = 10;
/** What the allocator may keep beyond what the first waves left, in MiB. */
const SLACK = 24;

const rss = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

describe("memory", existsSync("/proc/self/status") ? {} : { skip: "needs /proc" }, () => {
  const world = aWorld();

  test("returns after 9,000 sockets have joined, talked and gone, half of them without a close", { timeout: 140_000 }, async () => {
    const people = await world.users(...Array.from({ length: USERS }, (_, i) => `person${i}`));
    const meetings = await Promise.all(people.map((person) => person.creates({ maxParticipants: 100 })));
    const stats = async () => (await people[0].get("/api/chat/stats")).body.data;

    const wave = async () => {
      const sockets = await inParallel(Array.from({ length: WAVE }), async (_, i) => {
        const socket = await RawWebSocket.open(world.url, { cookie: people[i % USERS].cookie });
        const { meetingId } = meetings[Math.floor(i / USERS) % USERS];
        const joined = await socket.asks(1, "join:meeting", { meetingId });
        assert.equal(joined.ok, true, JSON.stringify(joined));
        socket.emit("typing:start", { meetingId });
        return socket;
      }, 24);
      assert.equal((await stats()).totalUsers, USERS * USERS);
      sockets.forEach((socket, i) => (i % 2 ? socket.vanish() : socket.close()));
      await eventually("everybody to be gone", async () => (await stats()).totalUsers === 0, 20_000);
    };

    await wave();
    await wave();
    const before = world.servers.processes.map(rss);
    for (let n = 2; n < WAVES; n++) await wave();
    await eventually(`memory to be back within ${SLACK} MiB`, () =>
      world.servers.processes.every((process, i) => rss(process) - before[i] < SLACK), 15_000).catch((error) => {
      const after = world.servers.processes.map(rss);
      error.message += `: ${before.map((mib) => mib.toFixed(1))} MiB before, ${after.map((mib) => mib.toFixed(1))} after`;
      throw error;
    });
  });
});

describe("a thousand logins at once", existsSync("/proc/self/status") ? {} : { skip: "needs /proc" }, () => {
  const world = aWorld({ gateways: 1 });

  test("are answered or told to come again, in the memory of a few hashes", { timeout: 120_000 }, async () => {
    const ana = await world.user("ana");
    const before = highest(world.servers.gateway);
    const { email, password } = ana.fields;
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) =>
      request(world.url, { method: "POST", path: "/api/auth/login", body: { email, password: n % 2 ? password : "a guess at it" } })));
    const seen = {};
    for (const { status, headers, text } of answers) {
      seen[status] = (seen[status] ?? 0) + 1;
      if (status === 503) assert.ok(Number(headers["retry-after"]) >= 1, text);
    }
    assert.deepEqual(Object.keys(seen).filter((status) => !["200", "401", "503"].includes(status)), [], JSON.stringify(seen));
    assert.ok(seen[200] > 0 && seen[401] > 0 && seen[503] > 0, JSON.stringify(seen));
    // One hash takes 19 MiB; the rest is a thousand connections.
    const more = highest(world.servers.gateway) - before;
    assert.ok(more < 96, `${more.toFixed(1)} MiB more`);
    await ana.logsIn();
  });
});
