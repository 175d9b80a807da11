import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Proxy } from "../harness/proxy.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { aWorld } from "../harness/world.mjs";

/** Ping interval and timeout, and some. */
const PING_OUT = 100_000;

describe("a client that vanishes without a close", { concurrency: true }, () => {
  const world = aWorld({}, { together: true });

  test("is gone at once when its connection is reset", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await RawWebSocket.open(world.url, { cookie: ben.cookie });
    await his.asks(1, "join:meeting", { meetingId: meeting.meetingId });
    his.vanish();
    await hers.hears("user:left", { userId: ben.id }, { ms: 3000 });
  });

  test("is gone after the ping timeout when its network just falls silent, on both transports; who answers pings stays", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const proxy = await Proxy.before(world.url);
    await ben.joins(meeting, "websocket", { url: proxy.url, reconnection: false });
    await cleo.joins(meeting, "polling", { url: proxy.url, reconnection: false });
    proxy.stall();
    const gone = [ben, cleo].map((user) => hers.hears("user:left", { userId: user.id }, { ms: PING_OUT }));
    await Promise.all(gone);
    assert.deepEqual(hers.losses, []);
    await hers.hears("users:online", { count: 1 }, { from: hers.now - 3 });
    await proxy.close();
  });
});
