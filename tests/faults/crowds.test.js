// Thousands of clients of whom some mean harm, in one process that has both services.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { fault, many, ms } from "../harness/figures.mjs";
import { percentile, whileItLasts } from "../harness/lasts.mjs";
import { Light } from "../harness/light.mjs";
import { endsWithTests } from "../harness/process.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { backTo, held } from "../harness/resources.mjs";
import { deferred, inParallel, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const SOCKETS_PER_USER = 50;
const range = (n) => Array.from({ length: n }, (_, i) => i);

/** `rooms` rooms; in each a socket of every user, as many as it takes for `clients` in all. */
async function lightCrowd(world, { rooms, clients }) {
  const users = await inParallel(range(Math.ceil(clients / Math.min(rooms, SOCKETS_PER_USER))), (n) => world.user(`user${n}`), 4);
  const meetings = await inParallel(range(rooms), () => users[0].creates({ maxParticipants: 1000 }), 4);
  const places = users.flatMap((user) => meetings.map((meeting) => ({ user, meeting }))).slice(0, clients);
  const sockets = await inParallel(places, async ({ user, meeting }) => {
    const light = await Light.open(world.url, { cookie: user.cookie, meetingId: meeting.meetingId });
    assert.equal(light.joined.ok, true, JSON.stringify(light.joined));
    light.room = meeting.meetingId;
    return light;
  }, 24);
  return { users, meetings, sockets };
}

/** In each room one says something in turn, and all who listen note how long it took. Resolves to the times, sorted. */
async function talk({ meetings, sockets }, { length, every, text = "" }) {
  const times = [];
  const rooms = meetings.map(({ meetingId }) => sockets.filter(({ room, isClosed }) => room === meetingId && !isClosed));
  const waiting = new Map();
  for (const socket of sockets) {
    socket.heard = (event, data) => {
      const said = event === "chat:message" && waiting.get(data.message.split(" ")[0]);
      if (!said) return;
      times.push(performance.now() - said.at);
      said.left -= 1;
      if (said.left === 0) said.all.resolve();
    };
  }
  let n = 0;
  await whileItLasts(length, async () => {
    const begun = performance.now();
    const round = rooms.map((room) => {
      const key = `say-${(n += 1)}`;
      const said = { at: performance.now(), left: room.length, all: deferred() };
      waiting.set(key, said);
      room[n % room.length].emit("chat:message", { meetingId: room[0].room, message: `${key} ${text}` });
      return within(`everybody in a room to hear ${key}`, said.all.promise, 20_000);
    });
    await Promise.all(round);
    const rest = every - (performance.now() - begun);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  });
  return times.sort((a, b) => a - b);
}

describe("crowds", () => {
  const world = aWorld({ mode: "plenum", user: { RATE_LIMIT_AUTH_PER_MINUTE: "0" } }, { together: true });
  const listeners = many(1800, 540);
  const slow = many(200, 60);
  const rooms = many(20, 6);

  fault({
    fault: `${slow} slow and trickling readers among ${listeners + slow}`,
    done: `one process, ${rooms} rooms with ${listeners} good listeners and ${slow} who read nothing or a byte now and then, with receive buffers of 2 kB; every 300 ms each room hears 3.9 kB`,
    promise: "whoever is 256 kB or 10 s behind is cut, and nobody else waits or is cut",
  }, async (measured) => {
    const crowd = await lightCrowd(world, { rooms, clients: listeners });
    const { hostname, port } = new URL(world.url);
    const usual = await talk(crowd, { length: 6_000, every: 300, text: "x".repeat(3900) });
    const before = held(world.servers.processes);
    const slowUsers = await inParallel(range(Math.ceil(slow / SOCKETS_PER_USER)), (n) => world.user(`slow${n}`), 4);
    const clients = range(slow).map((n) => ({ cookie: slowUsers[n % slowUsers.length].cookie, meetingId: crowd.meetings[n % rooms].meetingId }));
    const script = fileURLToPath(new URL("../harness/slow_crowd.py", import.meta.url));
    const child = endsWithTests(spawn("python3", [script, JSON.stringify({ host: hostname, port: Number(port), clients })], { stdio: ["pipe", "pipe", "inherit"] }));
    const cuts = [];
    const [joined, allCut] = [deferred(), deferred()];
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = JSON.parse(line);
      if (said.event === "joined") joined.resolve();
      else if (cuts.push(said.ms) === slow) allCut.resolve();
    });
    await within("the slow ones to join", joined.promise, 60_000);
    const during = [];
    let over = false;
    const cut = within(`all ${slow} to be cut`, allCut.promise, 60_000).finally(() => (over = true));
    cut.catch(() => {});
    while (!over) during.push(...(await talk(crowd, { length: 3_000, every: 300, text: "x".repeat(3900) })));
    await cut.catch((error) => {
      error.message += `: ${cuts.length} were`;
      throw error;
    });
    during.sort((a, b) => a - b);
    assert.equal(crowd.sockets.filter(({ isClosed }) => isClosed).length, 0, "nobody else was cut");
    const [p99, p99Before] = [percentile(during, 99), percentile(usual, 99)];
    assert.ok(p99 < Math.max(3 * p99Before, 500), `p99 ${p99} ms, ${p99Before} ms before`);
    const more = await backTo(before, world.servers.processes);
    for (const socket of crowd.sockets) socket.close();
    measured(`all ${slow} were cut, the last after ${ms(Math.max(...cuts))}; the others' p99 ${ms(p99)}, ${ms(p99Before)} without them; none of them cut; afterwards ${more.mib} MiB and ${more.fds} descriptors more`);
  });

  const abused = many(100, 50);
  fault({
    fault: `one abuser at 10,000 events a second among ${abused} users`,
    done: `one process, ${abused / 10} rooms of 10 who talk, and one socket in the first room that sends 10,000 events a second; three rounds without and with, in turn`,
    promise: "the abuser is refused beyond 50 events a second, the others' p99 stays within twice what it is without (below 20 ms counts as the same)",
  }, async (measured) => {
    const crowd = await lightCrowd(world, { rooms: abused / 10, clients: abused });
    const mallory = await world.user("mallory");
    const [without, withHim] = [[], []];
    let sent = 0;
    await talk(crowd, { length: 2_000, every: 100 });
    for (const round of range(3)) {
      without.push(percentile(await talk(crowd, { length: many(4_000, 2_000), every: 100 }), 99));
      const socket = await Light.open(world.url, { cookie: mallory.cookie, meetingId: crowd.meetings[0].meetingId });
      const begun = performance.now();
      let burst = 0;
      const abuse = setInterval(() => {
        const due = Math.floor((performance.now() - begun) * 10) - burst;
        for (let n = 0; n < due && !socket.isClosed; n++) socket.emit("typing:start", { meetingId: crowd.meetings[0].meetingId });
        burst += due;
      }, 10);
      withHim.push(percentile(await talk(crowd, { length: many(4_000, 2_000), every: 100 }), 99));
      clearInterval(abuse);
      sent += burst;
      socket.close();
      assert.ok(round >= 0 && burst > 10_000, `${burst} were sent`);
    }
    const middle = (list) => list.sort((a, b) => a - b)[1];
    const [p99, usual] = [middle(withHim), middle(without)];
    assert.ok(p99 <= Math.max(2 * usual, 20), `p99 ${p99} ms with, ${usual} ms without`);
    for (const socket of crowd.sockets) assert.equal(socket.isClosed, false);
    for (const socket of crowd.sockets) socket.close();
    measured(`${sent} events; the others' p99 ${p99.toFixed(1)} ms, ${usual.toFixed(1)} ms without (the middle of three rounds)`);
  });

  const wave = many(5000, 1500);
  fault({
    fault: `${wave} connects at once`,
    done: `one process with 200 people in rooms; ${wave} WebSockets are asked for at the same time`,
    promise: "all get in, or hear a clean 503; none of those who were in falls out",
  }, async (measured) => {
    const crowd = await lightCrowd(world, { rooms: 10, clients: 200 });
    const users = await inParallel(range(Math.ceil(wave / 60)), (n) => world.user(`wave${n}`), 4);
    const before = held(world.servers.processes);
    const begun = performance.now();
    const outcomes = {};
    const sockets = await Promise.all(range(wave).map(async (n) => {
      const socket = await RawWebSocket.ask(world.url, { cookie: users[n % users.length].cookie }).catch((error) => ({ answer: { status: error.message } }));
      outcomes[socket.answer.status] = (outcomes[socket.answer.status] ?? 0) + 1;
      return socket;
    }));
    const took = performance.now() - begun;
    assert.deepEqual(Object.keys(outcomes).filter((status) => !["101", "503"].includes(status)), [], JSON.stringify(outcomes));
    const times = await talk(crowd, { length: 500, every: 100 });
    assert.equal(crowd.sockets.filter(({ isClosed }) => isClosed).length, 0, "those who were in stay");
    for (const socket of sockets) socket.close?.();
    const more = await backTo(before, world.servers.processes, { mib: 64 });
    for (const socket of crowd.sockets) socket.close();
    measured(`${outcomes[101] ?? 0} in, ${outcomes[503] ?? 0} told 503, in ${ms(took)}; those who were in hear each other within ${ms(times.at(-1))}; afterwards ${more.mib} MiB and ${more.fds} descriptors more`);
  });
});
