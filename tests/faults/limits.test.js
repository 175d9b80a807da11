// What a machine runs out of, clocks that jump, and clients that do not let go.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { request } from "../harness/http.mjs";
import { Light } from "../harness/light.mjs";
import { RawConnection } from "../harness/raw.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { descriptors } from "../harness/resources.mjs";
import { TimedOut, eventually, inParallel, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const range = (n) => Array.from({ length: n }, (_, i) => i);
const FREE = { RATE_LIMIT_EVENTS_PER_SECOND: "0" };

describe("file descriptors", () => {
  const FILES = 200;
  const world = aWorld({ mode: "plenum", under: ["prlimit", `--nofile=${FILES}:${FILES}`], env: FREE }, { together: true });

  fault({
    fault: "file descriptors exhausted",
    done: `one process with ${FILES} open files at most; 30 people talk, 400 connections are opened and say nothing`,
    promise: "those who are in go on; newcomers wait, and get in when there is room again",
  }, async (measured) => {
    const people = await world.users("ana", "ben", "cleo");
    const meeting = await people[0].creates({ maxParticipants: 10 });
    const clients = await inParallel(range(30), (n) => people[n % 3].joins(meeting), 8);
    const idle = await Promise.all(range(400).map(() => RawConnection.open(world.url)));
    const [{ pid }] = world.servers.processes;
    await eventually("no descriptor to be left", () => descriptors({ pid }) >= FILES - 2);
    const begun = performance.now();
    await Promise.all(clients.map((client, n) => client.says(meeting, `still here ${n}`)));
    for (const client of clients) for (const n of range(30)) await client.hears("chat:message", { message: `still here ${n}` });
    const took = performance.now() - begun;
    await assert.rejects(request(world.url, { path: "/health", ms: 1_000 }), TimedOut, "a newcomer waits");
    for (const connection of idle) connection.vanish();
    const again = performance.now();
    const late = await people[0].joins(meeting);
    const back = performance.now() - again;
    await late.says(meeting, "in again");
    assert.deepEqual(clients.flatMap(({ losses }) => losses), []);
    await eventually("descriptors to be back", () => descriptors({ pid }) < 100);
    measured(`30 clients heard 30 messages in ${ms(took)} with no descriptor left; a newcomer was in ${ms(back)} after there was room`);
  });
});

const isRoot = process.getuid() === 0;
describe("a disk", () => {
  const place = mkdtempSync(join(tmpdir(), "plenum-disk-"));
  const ballast = join(place, "ballast");
  const mounted = isRoot && (() => {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m,mode=0777", "tmpfs", place]);
      return true;
    } catch {
      return false;
    }
  })();
  after(() => {
    if (mounted) execFileSync("umount", ["-l", place]);
    rmSync(place, { recursive: true, force: true });
  });
  const world = aWorld({ mode: "plenum", env: { ...FREE, DATABASE_URL: `sqlite://${join(place, "plenum.db")}` } }, { together: true });

  fault({
    fault: "disk full",
    done: "one process whose SQLite file is on a disk of 6 MB; the disk is filled up, meetings are created, the disk is freed",
    promise: "what can't be written is refused and never shown; rooms go on; all is well again when there is room",
    skip: mounted ? false : "needs the right to mount a tmpfs",
  }, async (measured) => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    for (let size = 1 << 20; size >= 512; ) {
      try {
        writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
      } catch {
        size /= 2;
      }
    }
    // The write-ahead log has room of its own: meetings are created until that is full too.
    const answers = [];
    const refusals = () => answers.filter(({ status }) => status !== 201);
    const create = async () => {
      const n = answers.length;
      const title = `meeting ${n} ${"x".repeat(150)}`;
      const { status, body } = await ana.post("/api/meetings", { title, date: "2030-01-15", time: "10:30", description: "d".repeat(4_000) });
      answers.push({ title, status, code: body.error?.code });
    };
    while (refusals().length < 10 && answers.length < 900) await create();
    const refused = refusals();
    assert.ok(refused.length > 0, "nothing was refused");
    for (const { status, code } of refused) assert.deepEqual([status, code], [503, "store_unavailable"]);
    await hers.says(meeting, "we go on all the same");
    await his.hears("chat:message", { message: "we go on all the same" });
    rmSync(ballast);
    const begun = performance.now();
    await eventually("the store to take a meeting again", async () => (await ana.post("/api/meetings", { title: "after", date: "2030-01-15", time: "10:30" })).status === 201);
    const back = performance.now() - begun;
    const listed = (await ana.get("/api/meetings")).body.data.map(({ title }) => title);
    for (const { title, status } of answers) assert.equal(listed.includes(title), status === 201, `${title.slice(0, 12)}: ${status}`);
    await world.user("dora");
    assert.deepEqual([hers.losses, his.losses], [[], []]);
    measured(`${refused.length} of ${answers.length} refused with 503, ${answers.length - refused.length} taken, and exactly those are there; taken again ${ms(back)} after there was room`);
  });
});

/** The library that makes a process believe another time. */
const faketime = readdirSync("/usr/lib").map((name) => join("/usr/lib", name, "faketime/libfaketimeMT.so.1")).find(existsSync);

describe("clocks", { skip: faketime ? false : "needs faketime" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "plenum-clock-"));
  const file = (name, n) => join(folder, `${name}-${n}`);
  const each = (name, n) => {
    writeFileSync(file(name, n), "+0\n");
    return { LD_PRELOAD: faketime, FAKETIME_TIMESTAMP_FILE: file(name, n), FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1", DONT_FAKE_MONOTONIC: "1" };
  };
  const world = aWorld({ mode: "many", chat: FREE, each }, { together: true });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const size = { rooms: many(4, 3), people: many(6, 4) };

  fault({
    fault: "clocks one day forward and one day back",
    done: `two gateways, three chat nodes; ${size.rooms} rooms of ${size.people} talk; the clocks of one gateway and one chat node jump a day forward, then those of all, then all a day back, then home`,
    promise: "nobody notices: nobody is cut, signed out or taken for gone, and one order is one order",
  }, async (measured) => {
    const crowd = await Crowd.gather(world, size);
    try {
      crowd.talks();
      await crowd.progresses();
      const all = [...range(2).map((n) => file("user-backend", n)), ...range(3).map((n) => file("chat-backend", n))];
      const jump = async (files, to) => {
        for (const name of files) writeFileSync(name, `${to}\n`);
        await crowd.progresses(20);
      };
      await jump([all[0], all[2]], "+86400");
      for (const { url } of [world.servers.gateway, world.servers.chat]) {
        const { body } = await request(url, { path: "/health" });
        assert.ok(Date.parse(body.timestamp) - Date.now() > 80_000_000, `the clock did not jump: ${body.timestamp}`);
      }
      await jump(all, "+86400");
      await jump(all, "-86400");
      assert.equal((await crowd.people[0].get("/api/me")).status, 200);
      await jump(all, "+0");
      const figures = await crowd.verdict();
      assert.equal(crowd.cuts, 0, "nobody was cut");
      measured(`nobody was cut; ${crowd.sentence(figures)}`);
    } finally {
      await crowd.close();
    }
  });
});

describe("SIGTERM", () => {
  const world = aWorld({ mode: "apart", env: FREE }, { together: true });

  fault({
    fault: "SIGTERM with stalled clients",
    done: "gateway and chat backend apart, ten clients that stopped reading with 117 kB waiting for each; both get SIGTERM",
    promise: "each ends within 10 s, with exit status 0",
  }, async (measured) => {
    const [ana, slow] = await world.users("ana", "slow");
    const meeting = await ana.creates();
    const stalled = await inParallel(range(10), async () => {
      const socket = await RawWebSocket.open(world.url, { cookie: slow.cookie });
      await socket.asks(1, "join:meeting", { meetingId: meeting.meetingId });
      socket.connection.socket.pause();
      return socket;
    });
    const talker = await ana.joins(meeting, "websocket", { reconnection: false });
    await Promise.all(range(30).map(() => talker.says(meeting, "w".repeat(3_900))));
    const ends = await Promise.all(world.servers.processes.map((process) => process.terminate()));
    for (const { code } of ends) assert.equal(code, 0);
    for (const { ms: took } of ends) assert.ok(took < 10_000, `${took} ms`);
    for (const socket of stalled) socket.close();
    measured(`ended after ${ends.map((end) => ms(end.ms)).join(" and ")}`);
  });
});

describe("places", () => {
  const NODES = 5;
  const world = aWorld({ mode: "many", gateways: 1, chats: NODES, chat: { ...FREE, RUST_LOG: "info,chat_backend::rooms=debug" } }, { together: true });
  /** How often a node had to decide again, because another had changed who may do what. */
  const lostGuards = () => world.servers.chats.flatMap(({ lines }) => lines).filter((line) => line.includes("a guard was lost")).length;
  const lines = (user) => Object.entries({ secret: world.servers.secret, user, session: `of-${user}`, name: user }).map(([name, value]) => `x-plenum-${name}: ${value}`);

  fault({
    fault: "500 people join a room of 100 places from five nodes at once",
    done: "five chat nodes; 500 people, a hundred at each, ask for the room at the same moment",
    promise: "exactly 100 get in, the same on every node; the others are refused with meeting_full",
  }, async (measured) => {
    const ana = await world.user();
    const meeting = await ana.creates({ maxParticipants: 100 });
    const before = lostGuards();
    const sockets = await inParallel(range(500), (n) => RawWebSocket.open(world.servers.chats[n % NODES].url, { lines: lines(`guest-${n}`) }), 24);
    const begun = performance.now();
    const acks = await Promise.all(sockets.map((socket) => within("an ack", socket.asks(1, "join:meeting", { meetingId: meeting.meetingId }), 30_000)));
    const took = performance.now() - begun;
    const [yes, no] = [acks.filter(({ ok }) => ok), acks.filter(({ ok }) => !ok)];
    const codes = [...new Set(no.map(({ error }) => error.code))];
    assert.deepEqual([yes.length, no.length, codes], [100, 400, ["meeting_full"]]);
    const insiders = sockets.filter((_, n) => acks[n].ok);
    const lists = await Promise.all(insiders.map(async (socket) => (await socket.asks(2, "join:meeting", { meetingId: meeting.meetingId })).data.participants.map((p) => p.userId).join()));
    assert.equal(new Set(lists).size, 1, "one list on all nodes");
    assert.equal(lists[0].split(",").length, 100);
    for (const socket of sockets) socket.close();
    measured(`100 in, 400 refused, within ${ms(took)}, ${lostGuards() - before} guards lost; one list of 100 on all five nodes`);
  });

  const [guests, messages] = [many(500, 150), many(600, 200)];
  fault({
    fault: `contention: a room of ${guests} on five nodes`,
    done: `${guests} people in one room, spread over five nodes; fifty of them say ${messages} messages as fast as they are acked`,
    promise: "everybody hears every message once, in one order",
  }, async (measured) => {
    const ana = await world.user();
    const { meetingId } = await ana.creates({ maxParticipants: 1000 });
    const before = lostGuards();
    const begun = performance.now();
    const crowd = await inParallel(range(guests), (n) => Light.open(world.servers.chats[n % NODES].url, { lines: lines(`talker-${n}`), meetingId }), 24);
    const [joined, lost] = [performance.now() - begun, lostGuards() - before];
    const orders = crowd.map((light) => {
      const order = [];
      light.heard = (event, data) => event === "chat:message" && order.push(data.message);
      return order;
    });
    let refusals = 0;
    const start = performance.now();
    await Promise.all(range(50).map(async (n) => {
      for (let i = 0; i < messages / 50; ) {
        const ack = await new Promise((resolve) => {
          crowd[n].acked = ([answer]) => resolve(answer);
          crowd[n].socket.text(`42${i + 1}${JSON.stringify(["chat:message", { meetingId, message: `${n}-${i}`, clientMessageId: `${n}-${i}` }])}`);
        });
        if (ack.ok) i += 1;
        else refusals += 1;
      }
    }));
    const said = performance.now() - start;
    await eventually("everybody to have heard all", () => orders.every(({ length }) => length === messages), 30_000);
    const heard = performance.now() - start;
    assert.equal(new Set(orders.map((order) => order.join())).size, 1, "one order");
    assert.equal(new Set(orders[0]).size, messages, "each once");
    for (const light of crowd) light.close();
    measured(`${guests} joined in ${ms(joined)}, ${lost} guards lost; ${Math.round((messages * 1000) / said)} messages a second acked, ${Math.round((messages * guests * 1000) / heard)} deliveries a second, ${lostGuards() - before - lost} guards lost while they talked, ${refusals} refused`);
  });
});
