import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
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
