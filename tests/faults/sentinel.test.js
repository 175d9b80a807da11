// Redis that is failed over by Sentinel, with and without the latest of its log.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { Trio } from "../harness/redis.mjs";
import { aWorld } from "../harness/world.mjs";

const SIZE = { rooms: many(6, 3), people: many(6, 4) };
const FREE = { mode: "many", chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };

for (const lost of [false, true]) {
  describe(`a failover by Sentinel, ${lost ? "the replica being behind" : "the replica being up to date"}`, () => {
    let trio;
    const world = aWorld(async () => ({ ...FREE, redis: (trio = await Trio.start()) }), { together: true });

    fault({
      fault: lost ? "Redis failed over to a replica that was behind" : "Redis failed over by Sentinel",
      done: `${SIZE.rooms} rooms of ${SIZE.people} talk; the primary is killed${lost ? " while the replica has been cut off from it for some hundred messages" : ""}, three Sentinels make the replica the primary`,
      promise: lost
        ? "what was acked and not replicated is lost, and everybody is told so: a new epoch and recovered: false, nothing doubled"
        : "all go on; what was acked and had not reached the replica is lost, and said so by a new epoch and recovered: false",
    }, async (measured) => {
      const crowd = await Crowd.gather(world, SIZE);
      try {
        crowd.talks();
        await crowd.progresses();
        if (lost) {
          await trio.leaveBehind();
          await crowd.progresses(many(8, 4));
        }
        await trio.primary.kill();
        const begun = performance.now();
        await trio.failedOver();
        const over = performance.now() - begun;
        await crowd.progresses(1);
        const again = performance.now() - begun;
        await crowd.progresses();
        const figures = await crowd.verdict({ survives: false });
        if (lost) {
          assert.ok(figures.epochs >= 2, "the log went back");
          assert.ok(figures.unrecovered > 0, "whoever saw what is lost was told");
        }
        measured(`failed over after ${ms(over)}, everybody spoke again after ${ms(again)}; ${crowd.sentence(figures)}, ${figures.epochs} epochs`);
      } finally {
        await crowd.close();
      }
    });
  });
}
