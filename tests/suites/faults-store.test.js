import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { firestoreThroughProxy, postgresThroughProxy } from "../harness/databases.mjs";
import { request } from "../harness/http.mjs";
import { needs } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** A store that is away is said within this. */
const BOUND = 3000;

/** The answer of a request that must fail for want of the store, in time. */
async function isAway(what, asking) {
  const begun = performance.now();
  const { status, body } = await asking;
  const ms = performance.now() - begun;
  assert.deepEqual([status, body?.error?.code], [503, "store_unavailable"], what);
  assert.ok(ms < BOUND, `${what}: ${ms} ms`);
}

async function isRefusedForStore(what, client, meeting) {
  const begun = performance.now();
  assert.equal(await client.isRefused("join:meeting", { meetingId: meeting.meetingId }), "store_unavailable", what);
  assert.ok(performance.now() - begun < BOUND, what);
}

const WAYS = [
  ["refuses connections", (proxy) => proxy.refuse(), (proxy) => proxy.accept()],
  ["stalls", async (proxy) => proxy.stall(), async (proxy) => proxy.resume()],
];

/** What must hold while the store of meetings is away, and after it is back. */
function meetingsStoreTests(world, store) {
  for (const [how, stop, start] of WAYS) {
    test(`a room that is meeting goes on when the store ${how}; what needs the store says so; all is well when it is back`, async () => {
      const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
      const meeting = await ana.creates();
      const other = await ana.creates();
      const path = `/api/meetings/${meeting.meetingId}`;
      const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
      const cleos = await cleo.connects();
      await stop(store().proxy);

      await hers.says(meeting, "can you still hear me?");
      await his.hears("chat:message", { message: "can you still hear me?" });
      const again = await ben.joins(meeting);
      assert.equal(again.joined.count, 2, "who is in joins again without the store");
      his.closes();
      again.closes();
      await hers.hears("user:left", { userId: ben.id });

      await Promise.all([
        isAway("a meeting", ana.get(path)),
        isAway("the list", ana.get("/api/meetings")),
        isAway("today", ana.get(`/api/meetings/today/${ana.id}`)),
        isAway("creating", ana.post("/api/meetings", { title: "x", date: "2030-01-01", time: "10:00" })),
        isAway("changing", ana.put(path, { title: "y" })),
        isAway("joining", cleo.post(`${path}/join`)),
        isAway("an unknown one", ana.get("/api/meetings/who-knows")),
        isRefusedForStore("a newcomer to a live room", cleos, meeting),
        isRefusedForStore("a room that is not live", await ana.connects(), other),
      ]);
      assert.deepEqual(hers.losses, []);

      await start(store().proxy);
      await eventually("the store to be back", async () => (await ana.get(path)).status === 200, 20_000);
      const joined = await cleos.joins(meeting);
      assert.deepEqual(joined.participants.map((p) => p.userId), [ana.id, cleo.id]);
      await hers.says(meeting, "all together again");
      await cleos.hears("chat:message", { message: "all together again" });
      const stored = await eventually("the live count to be right again", async () => {
        const seen = await ana.sees(meeting);
        return seen.activeParticipants === 2 && seen;
      });
      assert.equal(stored.title, meeting.title, "what was refused was not done");
      assert.deepEqual(stored.participants, [ana.id, ben.id, cleo.id]);
    });
  }
}

describe("Firestore away", needs("TEST_FIRESTORE_EMULATOR_HOST", "a Firestore emulator"), () => {
  let store;
  const world = aWorld(async () => {
    store = await firestoreThroughProxy();
    return { chat: store.env };
  });
  after(() => store.proxy.close());
  meetingsStoreTests(world, () => store);

  test("accounts do not notice", async () => {
    await store.proxy.refuse();
    const ana = await world.user();
    assert.equal((await ana.get("/api/me")).status, 200);
    await store.proxy.accept();
  });

  test("a start without it works, and meetings come with it", async () => {
    await store.proxy.refuse();
    await Promise.all(world.servers.chats.map((node) => node.terminate()));
    await Promise.all(world.servers.chats.map((node) => node.start()));
    const ana = await world.user();
    await isAway("a list", ana.get("/api/meetings"));
    await store.proxy.accept();
    await eventually("meetings to work", async () => (await ana.get("/api/meetings")).status === 200, 20_000);
  });
});

describe("the SQL store of meetings away (PostgreSQL)", needs("TEST_POSTGRES_URL", "a PostgreSQL server"), () => {
  let store;
  const world = aWorld(async () => {
    store = await postgresThroughProxy();
    // In one process both services have this database; apart, only the chat backend does. Firestore is off.
    return { chat: { DATABASE_URL: store.url, FIREBASE_PROJECT_ID: "", FIRESTORE_EMULATOR_HOST: "" } };
  });
  after(() => store.proxy.close());
  meetingsStoreTests(world, () => store);
});

describe("the accounts' database away (PostgreSQL)", needs("TEST_POSTGRES_URL", "a PostgreSQL server"), () => {
  let store;
  const world = aWorld(async () => {
    store = await postgresThroughProxy();
    return { user: { DATABASE_URL: store.url } };
  });
  after(() => store.proxy.close());

  for (const [how, stop, start] of WAYS) {
    test(`a session in the cache goes on when it ${how}; what needs it is 503, never 401; all is well when it is back`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const hers = await ana.joins(meeting);
      await ben.joins(meeting);
      // Each gateway has a cache of its own.
      for (const { url } of world.servers.gateways) assert.equal((await request(url, { path: "/api/me", headers: { cookie: ana.cookie } })).status, 200);
      await stop(store.proxy);

      assert.equal((await ana.get("/api/call/health")).status, 200);
      const second = await ana.joins(meeting, "polling");
      await second.says(meeting, "signed in all the same");
      await hers.hears("chat:message");
      const unknown = { headers: { cookie: `session=${"0".repeat(43)}` } };
      const { email, password } = ana.fields;
      await Promise.all([
        isAway("login", ana.post("/api/auth/login", { email, password })),
        isAway("register", world.visitor().post("/api/auth/register", world.visitor().fields)),
        isAway("a cookie that nobody has seen yet", request(world.url, { path: "/api/meetings", ...unknown })),
        isAway("its profile", request(world.url, { path: "/api/me", ...unknown })),
        isAway("its socket", request(world.url, { path: "/socket.io/?EIO=4&transport=polling", ...unknown })),
        isAway("another's profile", ana.get(`/api/users/${ben.id}`)),
      ]);
      assert.equal((await world.visitor().get("/api/me")).body.error.code, "no_session");
      assert.deepEqual(hers.losses, []);

      await start(store.proxy);
      await eventually("the database to be back", async () => (await ana.get(`/api/users/${ben.id}`)).status === 200, 20_000);
      assert.equal((await request(world.url, { path: "/api/me", ...unknown })).status, 401);
      await ana.elsewhere();
      await world.user("dora");
    });
  }
});
