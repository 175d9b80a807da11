// Processes of ours that die, in the middle of everything.
import assert from "node:assert/strict";
import { after, describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { postgresThroughProxy } from "../harness/databases.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { request } from "../harness/http.mjs";
import { percentile } from "../harness/lasts.mjs";
import { inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const FREE = { mode: "many", chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };
const SOCKETS = 18;
const SIZE = { rooms: many(6, 3), people: many(6, 4) };

describe("processes that die", () => {
  const world = aWorld(FREE, { together: true });

  for (const [which, name, other] of [["chats", "a chat node", "the others"], ["gateways", "a gateway", "the other"]]) {
    fault({
      fault: `${name} killed with -9 in the middle of a burst`,
      done: `two gateways, three chat nodes; ${SIZE.rooms} rooms of ${SIZE.people} talk, ${name} is killed with SIGKILL, started again, and killed once more`,
      promise: `clients come back by themselves by ${other} and resume; nothing acked is lost, nothing doubled, one order`,
    }, async (measured) => {
      const crowd = await Crowd.gather(world, SIZE);
      try {
        crowd.talks();
        for (let round = 0; round < 2; round++) {
          const process = world.servers[which][round];
          await crowd.progresses();
          await process.kill();
          await crowd.progresses();
          await process.start();
        }
        await crowd.progresses();
        measured(crowd.sentence(await crowd.verdict()));
      } finally {
        await crowd.close();
      }
    });
  }
});

describe("a session that ends where nobody can tell", () => {
  let database;
  const world = aWorld(async () => {
    database = await postgresThroughProxy();
    const direct = { DATABASE_URL: database.direct };
    const blind = { DATABASE_URL: database.url };
    return { mode: "many", links: true, user: direct, each: (binary, n) => (binary === "user-backend" && n === 1 ? blind : {}) };
  }, { together: true });
  after(() => database.proxy.close());

  fault({
    fault: "a session ends at a gateway cut off from the chat node that has its sockets, and the other gateway is cut off from the database",
    done: `two gateways, three chat nodes; ${SOCKETS} sockets by the one, from which the database is cut off; logouts by the other, whose line to one chat node after the other swallows everything`,
    promise: "every socket is closed within a second: another node writes to the one that could not be told",
  }, async (measured) => {
    const [telling, blind] = world.servers.gateways;
    const at = (gateway, person) => request(gateway.url, { method: "POST", path: "/api/auth/logout", headers: { cookie: person.cookie }, body: {} });
    const took = [];
    for (const line of world.servers.nodeLinks[0]) {
      const people = await inParallel(Array.from({ length: SOCKETS / 3 }, (_, n) => `ana${n}`), (name) => world.user(name), 4);
      const sockets = await Promise.all(people.map((person) => person.connects("websocket", { url: blind.url })));
      await database.proxy.refuse();
      line.stall();
      await Promise.all(people.map(async (person, n) => {
        const begun = performance.now();
        const answer = at(telling, person);
        await sockets[n].loses({ ms: 5_000 });
        took.push(performance.now() - begun);
        assert.equal((await answer).status, 200);
      }));
      line.resume();
      await database.proxy.accept();
    }
    took.sort((a, b) => a - b);
    assert.ok(took.at(-1) < 1_000, `a socket was closed ${took.at(-1)} ms after its session's end was asked for`);
    measured(`${took.length} sockets closed within ${ms(took.at(-1))}, half within ${ms(percentile(took, 50))}`);
  });
});
