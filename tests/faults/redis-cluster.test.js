// A Redis Cluster of which a part dies.
import { describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { RedisCluster } from "../harness/redis-cluster.mjs";
import { aWorld } from "../harness/world.mjs";

const SIZE = { rooms: many(12, 6), people: many(6, 4) };
const FREE = { mode: "many", chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };

describe("a Redis Cluster", () => {
  let redis;
  const world = aWorld(async () => ({ ...FREE, redis: (redis = await RedisCluster.start()) }), { together: true });

  fault({
    fault: "a primary of a Redis Cluster killed",
    done: `two gateways, three chat nodes, three primaries, each with a follower; ${SIZE.rooms} rooms of ${SIZE.people} talk; a primary is killed, and started again when its follower has taken over`,
    promise: "rooms stand still until the follower takes over, then all go on; what was acked and had not reached the follower is lost, and said so by a new epoch and recovered: false",
  }, async (measured) => {
    const crowd = await Crowd.gather(world, SIZE);
    try {
      crowd.talks();
      await crowd.progresses();
      const [primary] = redis.primaries;
      await primary.kill();
      const begun = performance.now();
      await redis.takesOver(redis.follower(primary));
      const over = performance.now() - begun;
      await crowd.progresses(1);
      const again = performance.now() - begun;
      await crowd.progresses();
      await primary.start();
      await crowd.progresses();
      const figures = await crowd.verdict({ survives: false });
      measured(`taken over after ${ms(over)}, everybody spoke again after ${ms(again)}; ${crowd.sentence(figures)}, ${figures.epochs} epochs`);
    } finally {
      await crowd.close();
    }
  });
});
