import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Proxy } from "../harness/proxy.mjs";
import { aWorld } from "../harness/world.mjs";

describe("resume", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  for (const transport of ["websocket", "polling", "upgrade"]) {
    test(`a client cut off the network comes back by itself and gets exactly what it missed (${transport})`, async () => {
      const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
      const meeting = await ana.creates();
      const hers = await ana.joins(meeting);
      const proxy = await Proxy.before(world.url);
      const his = await ben.joins(meeting, transport, { url: proxy.url });
      await hers.says(meeting, "one, heard live");
      const { seq } = await his.hears("chat:message");
      await proxy.refuse();
      await his.loses();
      // Nobody can tell that a client between two polls is gone until it does not fetch what waits for it.
      if (transport !== "polling") await hers.hears("user:left", { userId: ben.id });
      await hers.says(meeting, "two, missed");
      await cleo.joins(meeting);
      await hers.says(meeting, "three, missed");
      await proxy.accept();
      await his.comesBack();
      const back = await his.joins(meeting, { epoch: his.joined.epoch, since: seq });
      assert.deepEqual([back.recovered, back.first, back.epoch], [true, false, his.joined.epoch]);
      assert.deepEqual(back.messages.map((m) => m.message), ["two, missed", "three, missed"]);
      const moved = back.events.map(({ event, data }) => [event, data.userId]);
      assert.ok(moved.some(([event, who]) => event === "user:joined" && who === cleo.id), JSON.stringify(moved));
      assert.equal(back.count, 3);
      assert.ok(back.messages.every((m) => m.seq > seq && m.seq <= back.seq));
      await hers.says(meeting, "four, live again");
      await his.hears("chat:message", { message: "four, live again" });
      assert.deepEqual(his.texts(), ["one, heard live", "four, live again"], "what was missed comes in the ack only");
      await proxy.close();
    });
  }

  test("nothing missed: recovered, with nothing", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const { seq } = await hers.says(meeting, "the only one");
    const again = await hers.joins(meeting, { epoch: hers.joined.epoch, since: seq });
    assert.deepEqual([again.recovered, again.first, again.messages, again.events], [true, false, [], []]);
  });

  test("seq is rising and each of a message, a coming and a going has its own", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    await his.says(meeting, "hello and goodbye");
    await his.leaves(meeting);
    await hers.hears("user:left");
    const seqs = hers.heard.filter((e) => e.data?.seq).map((e) => e.data.seq);
    assert.equal(seqs.length, 3);
    assert.ok(seqs[0] > hers.joined.seq && seqs[0] < seqs[1] && seqs[1] < seqs[2], `${hers.joined.seq} ${seqs}`);
  });

  test("an epoch of another life is not recovered: the latest messages, and said so", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    await hers.says(meeting, "in this life");
    await his.hears("chat:message");
    const back = await his.joins(meeting, { epoch: "of-another-life", since: 1 });
    assert.deepEqual([back.recovered, back.first], [false, false]);
    assert.deepEqual(back.messages.map((m) => m.message), ["in this life"]);
    assert.equal(back.epoch, hers.joined.epoch);
  });

  test("a since that lies in the future is not recovered", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const { seq } = await hers.says(meeting, "the latest there is");
    assert.equal((await hers.joins(meeting, { epoch: hers.joined.epoch, since: seq + 1000 })).recovered, false);
  });

  test("a late comer sees nothing from before the admission, however they ask", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    await hers.says(meeting, "before ben came");
    const { epoch } = hers.joined;
    const his = await ben.connects();
    const joined = await his.joins(meeting, { epoch, since: 0 });
    assert.deepEqual(joined.messages, []);
    assert.deepEqual(joined.events.filter((e) => e.data.userId === ana.id), []);
    const plain = await cleo.joins(meeting);
    assert.deepEqual([plain.joined.messages, plain.joined.first], [[], true]);
    await hers.says(meeting, "after ben came");
    await his.hears("chat:message");
    const again = await his.joins(meeting, { epoch, since: 0 });
    assert.deepEqual(again.messages.map((m) => m.message), ["after ben came"]);
  });

  test("who joins a second time without asking to resume gets what is theirs to see", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    await hers.says(meeting, "ana alone here");
    await ben.joins(meeting);
    await hers.says(meeting, "ana and ben here");
    const reload = await ben.joins(meeting);
    assert.deepEqual(reload.joined.messages.map((m) => m.message), ["ana and ben here"]);
  });

  test("more missed than is kept: not recovered, the latest 200 at most, in order, up to the newest", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    const { epoch, seq } = his.joined;
    await his.leaves(meeting);
    for (let batch = 0; batch < 12; batch++) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => hers.says(meeting, `flood ${batch * 100 + n}`)));
    }
    const back = await his.joins(meeting, { epoch, since: seq });
    assert.deepEqual([back.recovered, back.first], [false, false]);
    assert.ok(back.messages.length > 0 && back.messages.length <= 200, `${back.messages.length}`);
    const expected = Array.from({ length: back.messages.length }, (_, i) => `flood ${1200 - back.messages.length + i}`);
    assert.deepEqual(back.messages.map((m) => m.message), expected);
  });

  test("more bytes missed than an answer may hold: not recovered, and the answer within its bound", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    const { epoch, seq } = his.joined;
    await his.leaves(meeting);
    for (let batch = 0; batch < 9; batch++) {
      await Promise.all(Array.from({ length: 10 }, (_, n) => hers.says(meeting, `${batch * 10 + n} ${"é".repeat(3900)}`)));
    }
    const back = await his.joins(meeting, { epoch, since: seq });
    assert.equal(back.recovered, false);
    assert.ok(Buffer.byteLength(JSON.stringify(back.messages)) <= 256 * 1024);
    assert.ok(back.messages.length > 0, "the latest that fit");
    assert.match(back.messages.at(-1).message, /^89 /);
  });

  test("a few missed of a long history are recovered all the same", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    for (let batch = 0; batch < 6; batch++) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => hers.says(meeting, `history ${batch * 100 + n}`)));
    }
    const { seq } = await his.hears("chat:message", { message: "history 589" });
    const back = await his.joins(meeting, { epoch: his.joined.epoch, since: seq });
    assert.equal(back.recovered, true);
    assert.deepEqual(back.messages.map((m) => m.message), Array.from({ length: 10 }, (_, i) => `history ${590 + i}`));
  });

  test("a message sent again after the return, with its clientMessageId, appears once", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const proxy = await Proxy.before(world.url);
    const his = await ben.joins(meeting, "websocket", { url: proxy.url });
    const first = await his.says(meeting, "did this arrive?", { clientMessageId: "m-1" });
    proxy.cut();
    await his.comesBack();
    const back = await his.joins(meeting, { epoch: his.joined.epoch, since: first.seq });
    assert.equal(back.recovered, true);
    const again = await his.says(meeting, "did this arrive?", { clientMessageId: "m-1" });
    assert.equal(again.seq, first.seq);
    await hers.settles();
    assert.deepEqual(hers.texts(), ["did this arrive?"]);
    await proxy.close();
  });

  test("a room that everybody has dropped out of keeps its log for those who come back", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    await hers.says(meeting, "talking to myself");
    hers.closes();
    const back = await ana.connects();
    const joined = await back.joins(meeting, { epoch: hers.joined.epoch, since: hers.joined.seq });
    assert.deepEqual([joined.recovered, joined.messages.map((m) => m.message)], [true, ["talking to myself"]]);
  });
});
