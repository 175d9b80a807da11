import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Proxy } from "../harness/proxy.mjs";
import { RawPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { needsPython, slowReader } from "../harness/slow-reader.mjs";
import { within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const FREE = { chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };
/** Sooner than the age bound: whoever is cut by then was cut for bytes, and nobody waited for them. */
const SOON = 8000;
const BIG = "z".repeat(3900);
const BATCH = 20;

/** A room with somebody who talks and somebody who listens well. */
async function aRoom(world) {
  const [ana, ben, slow] = await world.users("ana", "ben", "slow");
  const meeting = await ana.creates();
  return { meeting, slow, hers: await ana.joins(meeting), his: await ben.joins(meeting, "polling") };
}

/**
 * Says `count` big messages, as fast as a good listener can hear them, and checks that all are taken and heard in
 * order. A listener by polling fetches what is queued in one go, so what is on its way stays below the bound of bytes.
 */
async function flood({ meeting, hers, his }, count) {
  const begun = performance.now();
  const from = his.now;
  for (let n = 0; n < count; n += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, (_, i) => hers.says(meeting, `${n + i} ${BIG}`)));
    await his.hears("chat:message", (m) => m.message.startsWith(`${n + BATCH - 1} `), { from });
  }
  const heard = his.all("chat:message", undefined, from).map((m) => Number(m.message.split(" ")[0]));
  assert.equal(heard.join(), Array.from({ length: count }, (_, i) => i).join());
  const ms = performance.now() - begun;
  assert.ok(ms < SOON, `the others waited: ${ms} ms`);
}

describe("a reader that falls behind in a flood is cut, and nobody waits", { concurrency: true }, () => {
  const world = aWorld(FREE, { together: true });

  test("a WebSocket client that stops reading", async () => {
    const room = await aRoom(world);
    const stalled = await RawWebSocket.open(world.url, { cookie: room.slow.cookie });
    await stalled.asks(1, "join:meeting", { meetingId: room.meeting.meetingId });
    stalled.connection.socket.pause();
    const left = room.hers.hears("user:left", { userId: room.slow.id }, { ms: SOON });
    await flood(room, 600);
    await left;
    stalled.connection.socket.resume();
    await within("the connection that was behind to be closed", stalled.closed, 5000);
  });

  test("a WebSocket client with little kernel memory that stops reading", needsPython(), async () => {
    const room = await aRoom(world);
    const stalled = await slowReader(room.slow, room.meeting);
    await flood(room, 300);
    assert.ok((await stalled.cut(SOON)).ms < SOON);
    await room.hers.hears("user:left", { userId: room.slow.id });
  });

  test("a WebSocket client that stops reading while nobody but the talker paces the flood", needsPython(), async () => {
    const room = await aRoom(world);
    const stalled = await slowReader(room.slow, room.meeting);
    room.his.closes();
    for (let n = 0; n < 15; n++) await Promise.all(Array.from({ length: BATCH }, () => room.hers.says(room.meeting, BIG)));
    assert.ok((await stalled.cut(SOON)).ms < SOON);
    await room.hers.hears("user:left", { userId: room.slow.id });
  });

  test("a WebSocket client that trickles", needsPython(), async () => {
    const room = await aRoom(world);
    const trickler = await slowReader(room.slow, room.meeting, { trickle: 0.02 });
    await flood(room, 300);
    assert.ok((await trickler.cut(SOON)).ms < SOON);
    await room.hers.hears("user:left", { userId: room.slow.id });
  });

  test("a polling client that stops polling", async () => {
    const room = await aRoom(world);
    const socket = await RawPolling.open(world.url, { cookie: room.slow.cookie });
    await socket.asks(1, "join:meeting", { meetingId: room.meeting.meetingId });
    const left = room.hers.hears("user:left", { userId: room.slow.id }, { ms: SOON });
    await flood(room, 600);
    await left;
    assert.equal((await socket.poll()).status, 400, "its sid is gone");
  });

  test("a polling client that asks for one large answer after the other and fetches none", async () => {
    const room = await aRoom(world);
    const socket = await RawPolling.open(world.url, { cookie: room.slow.cookie });
    await socket.asks(1, "join:meeting", { meetingId: room.meeting.meetingId });
    await flood(room, 40);
    let asked = 0;
    while (asked < 60 && (await socket.post(`42${2 + asked}${JSON.stringify(["join:meeting", { meetingId: room.meeting.meetingId }])}`)).status === 200) asked += 1;
    // Each answer has what it missed, some 160 kB: were every one of them allowed for, nothing would stop it.
    assert.ok(asked < 60, "it was cut for bytes while it asked");
    await room.hers.hears("user:left", { userId: room.slow.id }, { ms: SOON });
  });

  for (const transport of ["websocket", "polling"]) {
    test(`the stock client that was cut comes back by itself, and no hole goes unsaid (${transport})`, async () => {
      const room = await aRoom(world);
      const proxy = await Proxy.before(world.url);
      const client = await room.slow.joins(room.meeting, transport, { url: proxy.url });
      await room.hers.says(room.meeting, "-1 heard live");
      const { seq } = await client.hears("chat:message");
      await room.his.hears("chat:message");
      const left = room.hers.hears("user:left", { userId: room.slow.id }, { ms: 15_000 });
      proxy.stall();
      await flood(room, 600);
      await left;
      proxy.resume();
      await client.comesBack({ ms: 15_000 });
      const live = client.all("chat:message");
      const since = live.at(-1).seq;
      assert.ok(since >= seq);
      const back = await client.joins(room.meeting, { epoch: client.joined.epoch, since });
      const numbers = [...live, ...back.messages].map((m) => Number(m.message.split(" ")[0]));
      assert.equal(new Set(numbers).size, numbers.length, "nothing twice");
      if (back.recovered) assert.deepEqual(numbers, Array.from({ length: 601 }, (_, i) => i - 1));
      else assert.equal(numbers.at(-1), 599, "the latest, and that there is a hole");
      await proxy.close();
    });
  }
});

describe("a reader that is behind in a quiet room is cut by age", { concurrency: true }, () => {
  const world = aWorld(FREE, { together: true });
  const quiet = async (room) => {
    for (let n = 0; n < 4; n++) await room.hers.says(room.meeting, `${n} ${BIG}`);
  };

  test("one that stops reading, though only a few kilobytes wait", needsPython(), async () => {
    const room = await aRoom(world);
    const stalled = await slowReader(room.slow, room.meeting);
    await quiet(room);
    const { ms } = await stalled.cut(20_000);
    assert.ok(ms > 8000 && ms < 15_000, `cut after ${ms} ms`);
    await room.hers.hears("user:left", { userId: room.slow.id });
    assert.deepEqual(room.hers.losses, []);
  });

  test("one that trickles", needsPython(), async () => {
    const room = await aRoom(world);
    const trickler = await slowReader(room.slow, room.meeting, { trickle: 0.25 });
    await quiet(room);
    const { ms } = await trickler.cut(25_000);
    assert.ok(ms > 8000 && ms < 20_000, `cut after ${ms} ms`);
    await room.hers.hears("user:left", { userId: room.slow.id });
  });

  test("a polling client that stops polling while something waits for it", async () => {
    const room = await aRoom(world);
    const socket = await RawPolling.open(world.url, { cookie: room.slow.cookie });
    await socket.asks(1, "join:meeting", { meetingId: room.meeting.meetingId });
    const begun = performance.now();
    await room.hers.says(room.meeting, "waiting to be fetched");
    await room.hers.hears("user:left", { userId: room.slow.id }, { ms: 20_000 });
    const ms = performance.now() - begun;
    assert.ok(ms > 8000 && ms < 16_000, `cut after ${ms} ms`);
    assert.equal((await socket.poll()).status, 400);
  });

  test("a polling client that does not read the answer to its poll", needsPython(), async () => {
    const room = await aRoom(world);
    await slowReader(room.slow, room.meeting, { transport: "polling" });
    const begun = performance.now();
    await quiet(room);
    // Whether its connection or its session is behind first depends on what fits into one answer.
    await room.hers.hears("user:left", { userId: room.slow.id }, { ms: 20_000 });
    const ms = performance.now() - begun;
    assert.ok(ms > 8000 && ms < 16_000, `cut after ${ms} ms`);
    assert.deepEqual(room.hers.losses, []);
  });

  test("one that has nothing to read is not behind, however long it is silent", async () => {
    const room = await aRoom(world);
    const idle = await RawWebSocket.open(world.url, { cookie: room.slow.cookie });
    const other = await aRoom(world);
    const stalled = await RawPolling.open(world.url, { cookie: other.slow.cookie });
    await stalled.asks(1, "join:meeting", { meetingId: other.meeting.meetingId });
    await other.hers.says(other.meeting, "somebody is behind");
    await other.hers.hears("user:left", { userId: other.slow.id }, { ms: 20_000 });
    assert.equal((await idle.asks(1, "join:meeting", { meetingId: room.meeting.meetingId })).ok, true);
    idle.close();
  });
});
