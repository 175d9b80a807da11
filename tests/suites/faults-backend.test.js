import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../harness/client.mjs";
import { describeAlone, describeApart } from "../harness/modes.mjs";
import { Proxy } from "../harness/proxy.mjs";
import { openPolling } from "../harness/raw-polling.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const FREE = { chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };
const KINDS = ["websocket", "polling", "upgrade"];

describeAlone("the chat backend killed in the middle of a burst", () => {
  const world = aWorld(FREE);

  test("clients come back by themselves and join again; nothing acked is shown twice, every gap is filled or said", async () => {
    const people = await world.users("ana", "ben", "cleo");
    const meeting = await people[0].creates();
    const clients = await Promise.all(people.map((person, i) => person.joins(meeting, KINDS[i])));
    const acked = new Map();
    // Each says one thing after the other until one is not acked, which is what the burst returns.
    const bursts = clients.map(async (client, who) => {
      for (let n = 0; ; n++) {
        const id = `${who}-${n}`;
        try {
          acked.set(id, await client.says(meeting, `burst ${id} goes on`, { clientMessageId: id }));
        } catch {
          return id;
        }
      }
    });
    await eventually("a burst to be under way", async () => acked.size > 100);
    await world.servers.chat.kill();
    await Promise.all(clients.map((client) => client.loses()));
    await world.servers.chat.start();
    // What a client does that was cut: joins again from where it was, and sends again what was not acked.
    await Promise.all(clients.map(async (client) => {
      await client.comesBack({ ms: 20_000 });
      const since = client.all("chat:message").at(-1).seq;
      client.back = await client.joins(meeting, { epoch: client.joined.epoch, since });
    }));
    await Promise.all(clients.map(async (client, who) => {
      const id = await bursts[who];
      await client.says(meeting, `burst ${id} goes on`, { clientMessageId: id });
    }));
    const unacked = await Promise.all(bursts);
    for (const client of clients) {
      for (const id of unacked) await client.hears("chat:message", { clientMessageId: id });
      const shown = [...client.all("chat:message"), ...client.back.messages].map((m) => m.clientMessageId);
      const once = shown.filter((id) => acked.has(id));
      assert.equal(new Set(once).size, once.length, "nothing acked is shown twice");
      // A room in memory does not outlive its process: the client is told that it can't have what it missed.
      assert.deepEqual([client.back.first, client.back.recovered], [false, false]);
      assert.notEqual(client.back.epoch, client.joined.epoch);
    }
    assert.deepEqual(new Set((await people[0].sees(meeting)).participants), new Set(people.map((p) => p.id)));
  });
});

describeApart("the chat backend away", () => {
  const world = aWorld(FREE);

  test("is 502 backend_unavailable at once, in the envelope; accounts go on; and it works again when it is back", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    await Promise.all(world.servers.chats.map((node) => node.kill()));
    for (const [method, path] of [["GET", "/api/meetings"], ["POST", "/api/meetings"], ["GET", "/api/chat/stats"], ["GET", "/api/call/health"]]) {
      const begun = performance.now();
      const { status, body } = await ana.request(method, path, method === "POST" ? { body: {} } : {});
      assert.deepEqual([status, body.success, body.error.code], [502, false, "backend_unavailable"], path);
      assert.ok(performance.now() - begun < 3000, path);
    }
    const { status } = await openPolling(world.url, { headers: { cookie: ana.cookie } });
    assert.ok([502, 503].includes(status), `${status}`);
    assert.equal((await ana.get("/api/me")).status, 200);
    assert.equal((await ana.get("/health")).status, 200);
    await world.user("new");
    await Promise.all(world.servers.chats.map((node) => node.start()));
    await eventually("meetings to be back", async () => (await ana.get(`/api/meetings/${meeting.meetingId}`)).status === 200);
  });

  test("a client that connects meanwhile gets in when it is back, without being told to stay away", async () => {
    const ana = await world.user();
    await Promise.all(world.servers.chats.map((node) => node.kill()));
    const waiting = ["polling", "websocket", "upgrade"].map((transport) => new Client(ana, transport));
    for (const client of waiting) client.socket.connect();
    await Promise.all(waiting.map((client) => client.hears("(connect_error)")));
    for (const client of waiting) assert.equal(client.socket.active, true);
    await Promise.all(world.servers.chats.map((node) => node.start()));
    await Promise.all(waiting.map((client) => client.hears("(connect)", undefined, { ms: 20_000 })));
  });
});

describeApart("the chat backend stalled", () => {
  const world = aWorld(FREE);

  test("is 504 backend_timeout within the bound; nobody else waits; and it goes on when it wakes", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    for (const node of world.servers.chats) node.stall();
    const begun = performance.now();
    const asked = Promise.all(["/api/meetings", "/api/chat/stats", "/api/call/health"].map((path) => ana.get(path, { ms: 25_000 })));
    const quick = performance.now();
    assert.equal((await ana.get("/api/me")).status, 200);
    assert.ok(performance.now() - quick < 2000, "accounts do not wait");
    for (const { status, body } of await asked) assert.deepEqual([status, body.error.code], [504, "backend_timeout"]);
    const ms = performance.now() - begun;
    assert.ok(ms > 10_000 && ms < 18_000, `${ms} ms`);
    for (const node of world.servers.chats) node.resume();
    await eventually("it to answer again", async () => (await ana.get("/api/meetings")).status === 200);
    await client.says(meeting, "the same socket as before");
    await client.hears("chat:message");
    assert.deepEqual(client.losses, []);
  });
});

describeAlone("the network between gateway and chat backend", () => {
  let proxy;
  const world = aWorld({ ...FREE, route: async (chat) => (proxy = await Proxy.before(chat.url)).url });

  test("cut: clients come back by themselves on each transport and recover what they missed", async () => {
    const [ana, ...others] = await world.users("ana", "ben", "cleo", "dan");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const clients = await Promise.all(others.map((person, i) => person.joins(meeting, KINDS[i])));
    for (let round = 0; round < 3; round++) {
      const { seq } = await hers.says(meeting, `before cut ${round}`);
      await Promise.all(clients.map((client) => client.hears("chat:message", { message: `before cut ${round}` })));
      const from = [hers, ...clients].map((client) => client.now);
      proxy.cut();
      await Promise.all([hers, clients[0], clients[2]].map((client) => client.loses({ from: from[[hers, ...clients].indexOf(client)] })));
      await Promise.all([hers, clients[0], clients[2]].map((client) => client.hears("(connect)", undefined, { from: from[[hers, ...clients].indexOf(client)] })));
      for (const client of [hers, ...clients]) {
        const back = await client.joins(meeting, { epoch: client.joined.epoch, since: seq });
        assert.equal(back.recovered, true);
      }
    }
    await hers.says(meeting, "after all the cuts");
    await Promise.all(clients.map((client) => client.hears("chat:message", { message: "after all the cuts" })));
    for (const client of clients) assert.equal(new Set(client.all("chat:message").map((m) => m.seq)).size, client.all("chat:message").length);
    await proxy.close();
  });
});
