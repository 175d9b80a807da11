// A rolling restart of everything, under load.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { request } from "../harness/http.mjs";
import { aWorld } from "../harness/world.mjs";

const SIZE = { rooms: many(6, 3), people: many(6, 4) };

const SHAPES = {
  many: { of: "all nodes", are: "two gateways and three chat nodes" },
  plenums: { of: "three `plenum`s", are: "three `plenum`s" },
};

for (const [mode, { of, are }] of Object.entries(SHAPES)) {
  describe(`a rolling restart of ${of}`, () => {
    const world = aWorld({ mode, chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } }, { together: true });

    fault({
      fault: `a rolling restart of ${of} under load`,
      done: `${are} behind a plain balancer; ${SIZE.rooms} rooms of ${SIZE.people} talk, others create and read meetings over HTTP; each process gets SIGTERM and is started again, one after the other`,
      promise: "no message is lost, none doubled, no HTTP request fails; clients are told and come back elsewhere",
    }, async (measured) => {
      const crowd = await Crowd.gather(world, SIZE);
      try {
        crowd.talks();
        let over = false;
        const failed = [];
        let asked = 0;
        const slowest = [];
        const clients = Array.from({ length: 4 }, async (_, n) => {
          const { cookie } = crowd.people[n % crowd.people.length];
          const ask = async (method, path, wanted, body) => {
            asked += 1;
            const begun = performance.now();
            const { status, text } = await request(crowd.balancer.url, { method, path, headers: { cookie }, body }).catch((error) => ({ status: error.message, text: "" }));
            slowest.push(performance.now() - begun);
            if (status !== wanted) failed.push(`${method} ${path}: ${status} ${text?.slice(0, 200)}`);
          };
          while (!over) {
            await ask("POST", "/api/meetings", 201, { title: "Meanwhile", date: "2030-01-15", time: "10:30" });
            await ask("GET", `/api/meetings/${crowd.rooms[0].meetingId}`, 200);
            await ask("GET", "/api/me", 200);
          }
        });
        await crowd.progresses();
        const begun = performance.now();
        for (const process of world.servers.processes) {
          const { code } = await process.terminate();
          assert.equal(code, 0);
          await process.start();
          await crowd.progresses(5);
        }
        const took = performance.now() - begun;
        over = true;
        await Promise.all(clients);
        const figures = await crowd.verdict();
        assert.deepEqual(failed, [], `${failed.length} of ${asked} HTTP requests failed`);
        const told = crowd.recorders.filter(({ entries }) => entries.some(({ code }) => code === "draining")).length;
        assert.ok(told > 0, "nobody was told");
        measured(`${world.servers.processes.length} processes in ${ms(took)}; ${asked} HTTP requests, none failed, the slowest ${ms(Math.max(...slowest))}; ${crowd.sentence(figures)}`);
      } finally {
        await crowd.close();
      }
    });
  });
}
