// The stores of accounts and meetings that stop and slow down, while rooms meet on several nodes.
import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { firestoreThroughProxy, postgresThroughProxy } from "../harness/databases.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { whileItLasts } from "../harness/lasts.mjs";
import { needs } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** A store that is away is said within this. */
const BOUND = 3_500;
const SIZE = { rooms: many(4, 3), people: many(6, 4) };
const FREE = { RATE_LIMIT_EVENTS_PER_SECOND: "0" };

const STORES = {
  PostgreSQL: {
    needs: ["TEST_POSTGRES_URL", "a PostgreSQL server"],
    async make() {
      const store = await postgresThroughProxy();
      return { ...store, options: { env: { DATABASE_URL: store.url }, chat: { ...FREE, DATABASE_URL: store.url }, user: { DATABASE_URL: store.url } } };
    },
  },
  "the Firestore emulator": {
    needs: ["TEST_FIRESTORE_EMULATOR_HOST", "a Firestore emulator"],
    async make() {
      const store = await firestoreThroughProxy();
      return { ...store, options: { chat: { ...FREE, ...store.env } } };
    },
  },
};

const WAYS = {
  stopped: { stop: (proxy) => proxy.refuse(), start: (proxy) => proxy.accept(), means: "refuses connections", away: true },
  silent: { stop: (proxy) => proxy.stall(), start: (proxy) => proxy.resume(), means: "answers nothing", away: true },
  slow: { stop: (proxy) => proxy.lags(100), start: (proxy) => proxy.lags(0), means: "takes 200 ms longer for each answer", away: false },
};

for (const [name, { needs: what, make }] of Object.entries(STORES)) {
  describe(name, needs(...what), () => {
    let store;
    const world = aWorld(async () => {
      store = await make();
      return { mode: "many", ...store.options };
    }, { together: true });
    after(() => store?.proxy.close());

    for (const [how, { stop, start, means, away }] of Object.entries(WAYS)) {
      fault({
        fault: `${name} ${how}`,
        done: `two gateways, three chat nodes; ${SIZE.rooms} rooms of ${SIZE.people} talk; for 5 s the store ${means}`,
        promise: away ? "rooms go on; what needs the store is 503 store_unavailable within 3.5 s, never 401 or 404; all is well when it is back" : "rooms go on, requests take longer",
      }, async (measured) => {
        const crowd = await Crowd.gather(world, SIZE);
        try {
          crowd.talks();
          await crowd.progresses();
          const [ana] = crowd.people;
          const path = `/api/meetings/${crowd.rooms[0].meetingId}`;
          await stop(store.proxy);
          const took = await whileItLasts(5_000, async () => {
            const { status, body } = await ana.get(path);
            if (away) assert.deepEqual([status, body?.error?.code], [503, "store_unavailable"]);
            else assert.equal(status, 200);
          });
          await crowd.progresses(10, 15_000);
          await start(store.proxy);
          const begun = performance.now();
          await eventually("the store to be back", async () => (await ana.get(path)).status === 200, 20_000);
          const back = performance.now() - begun;
          assert.ok(took.at(-1) < BOUND, `it took ${took.at(-1)} ms`);
          const figures = await crowd.verdict();
          assert.equal(crowd.cuts, 0, "nobody was cut");
          measured(`${away ? "refused" : "answered"} within ${ms(took.at(-1))}, well again after ${ms(back)}, nobody was cut; ${crowd.sentence(figures)}`);
        } finally {
          await crowd.close();
        }
      });
    }
  });
}
