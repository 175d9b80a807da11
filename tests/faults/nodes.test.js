// Processes of ours that die, in the middle of everything.
import { after, describe } from "node:test";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many } from "../harness/figures.mjs";
import { aWorld } from "../harness/world.mjs";

const FREE = { mode: "many", chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };
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
