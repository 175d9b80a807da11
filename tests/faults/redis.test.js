// Redis that dies, stands still, forgets, and is out of reach.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "../harness/crowd.mjs";
import { fault, many, ms } from "../harness/figures.mjs";
import { percentile, whileItLasts } from "../harness/lasts.mjs";
import { aWorld } from "../harness/world.mjs";

/** Until it is said that the log can't be had. */
const REFUSED_WITHIN = 2_500;
/** Between the first questions, in milliseconds. */
const STEP = 180;
const SIZE = { rooms: many(6, 3), people: many(8, 6) };
const FREE = { mode: "many", links: true, chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } };
const KEEPS_ALL = { appendonly: "yes", fsync: "always" };
const TALKING = `two gateways, three chat nodes; ${SIZE.rooms} rooms of ${SIZE.people} talk`;

async function withCrowd(world, body) {
  const crowd = await Crowd.gather(world, SIZE);
  try {
    crowd.talks();
    await crowd.progresses();
    await body(crowd);
  } finally {
    await crowd.close();
  }
}

/** Resolves when these have heard this notice, from the entries `from` on. */
const hear = (recorders, code, from, patience = 20_000) =>
  Promise.all(recorders.map((recorder, i) =>
    recorder.becomes(`hear ${code}`, () => recorder.entries.slice(from[i]).some((entry) => entry.code === code), patience)));

const marks = (recorders) => recorders.map(({ entries }) => entries.length);

/** Somebody with a socket that never stops, who asks for what needs the log: at once, and while others wait already. */
async function asker(world, crowd) {
  const client = await crowd.people[0].connects("websocket", { url: crowd.balancer.url });
  await client.joins(crowd.rooms[0]);
  const refused = async () => {
    const code = await client.isRefused("chat:message", { meetingId: crowd.rooms[0].meetingId, message: "is anybody there?" });
    assert.equal(code, "store_unavailable");
  };
  /** How long each took, of what was asked for `length` milliseconds, the longest last. */
  return async (length) => {
    const lanes = Array.from({ length: 8 }, async (_, n) => {
      await pause(n * STEP);
      return whileItLasts(length - n * STEP, refused);
    });
    return (await Promise.all(lanes)).flat().sort((a, b) => a - b);
  };
}

describe("Redis that keeps all", () => {
  const world = aWorld({ ...FREE, redis: KEEPS_ALL }, { together: true });

  fault({
    fault: "Redis killed and started again with what it kept",
    done: `${TALKING}; Redis (appendfsync always) is killed with SIGKILL and is away for 5 s`,
    promise: "rooms stand still and say so, what needs the log is refused within 2.5 s; afterwards all go on with nothing missing and nothing twice",
  }, (measured) => withCrowd(world, async (crowd) => {
    const refused = await asker(world, crowd);
    const from = marks(crowd.recorders);
    await world.servers.redis.kill();
    const took = await refused(5_000);
    assert.ok(took.at(-1) < REFUSED_WITHIN, `refused after ${took.at(-1)} ms`);
    await hear(crowd.recorders, "rooms_standing_still", from);
    await world.servers.redis.start();
    const back = performance.now();
    await hear(crowd.recorders, "rooms_moving_again", from);
    await crowd.progresses(1);
    const again = performance.now() - back;
    await crowd.progresses();
    measured(`refused within ${ms(took.at(-1))}; everybody spoke again ${ms(again)} after Redis was back; ${crowd.sentence(await crowd.verdict())}`);
  }));

  fault({
    fault: "Redis paused for 20 s",
    done: `${TALKING}; Redis gets SIGSTOP, and SIGCONT 20 s later`,
    promise: "as above, and nobody is taken for gone",
  }, (measured) => withCrowd(world, async (crowd) => {
    const refused = await asker(world, crowd);
    const from = marks(crowd.recorders);
    world.servers.redis.pause();
    const took = await refused(20_000).finally(() => world.servers.redis.resume());
    const back = performance.now();
    assert.ok(took.at(-1) < REFUSED_WITHIN, `refused after ${took.at(-1)} ms`);
    await hear(crowd.recorders, "rooms_moving_again", from);
    await crowd.progresses(1);
    const again = performance.now() - back;
    await crowd.progresses();
    const left = crowd.recorders.flatMap(({ entries }, i) => entries.slice(from[i])).filter(({ event }) => event === "user:left");
    assert.equal(left.length, 0, "nobody has left");
    measured(`refused within ${ms(took.at(-1))} (half within ${ms(percentile(took, 50))}); everybody spoke again ${ms(again)} after it; ${crowd.sentence(await crowd.verdict())}`);
  }));

  /** The node with most clients, and its clients, who hear that rooms stand still. */
  const cutOff = async (crowd, cut) => {
    const { redisLinks, nodeLinks } = world.servers;
    const clients = redisLinks.map((_, i) => nodeLinks.reduce((sum, lines) => sum + lines[i].open, 0));
    const link = redisLinks[clients.indexOf(Math.max(...clients))];
    const from = marks(crowd.recorders);
    const begun = performance.now();
    await cut(link);
    const stands = ({ entries }, i) => entries.slice(from[i]).some(({ code }) => code === "rooms_standing_still");
    await Promise.all(crowd.recorders.map((recorder, i) => {
      const had = recorder.acked;
      return recorder.becomes("stand still, or go on", () => stands(recorder, i) || recorder.acked >= had + 10, 15_000);
    }));
    const still = crowd.recorders.filter(stands);
    const others = crowd.recorders.filter((recorder) => !still.includes(recorder));
    assert.ok(still.length > 0 && others.length > 0, `${still.length} stand still, ${others.length} do not`);
    return { link, begun, still, others };
  };

  for (const [how, cut, mend] of [["refuses", (link) => link.refuse(), (link) => link.accept()], ["swallows everything", (link) => link.stall(), (link) => link.resume()]]) {
    fault({
      fault: `one node cut off from Redis, whose line ${how}`,
      done: `${TALKING}; the line of one node to Redis ${how} until its people were told, and 3 s more`,
      promise: "the others go on; those on the cut-off node wait and go on where they were, nobody has left",
    }, (measured) => withCrowd(world, async (crowd) => {
      const { link, still, others } = await cutOff(crowd, cut);
      const took = await whileItLasts(3_000, (n) => {
        const one = others[n % others.length];
        const had = one.acked;
        return one.becomes("go on", () => one.acked > had, 10_000);
      });
      await mend(link);
      const back = performance.now();
      await Promise.all(still.map((recorder) => recorder.becomes("speak again", ((had) => () => recorder.acked > had)(recorder.acked))));
      const again = performance.now() - back;
      await crowd.progresses();
      measured(`${still.length} clients stood still, and spoke again within ${ms(again)}; the others waited ${ms(took.at(-1))} at most; ${crowd.sentence(await crowd.verdict())}`);
    }));
  }

  fault({
    fault: "a node cut off from Redis, not from its clients, until it is declared gone, then back",
    done: `${TALKING}; the line of one node to Redis swallows everything until the others have seen its people leave`,
    promise: "its people have left for the others, and are in again when it is back: one list everywhere, nothing lost, nothing doubled",
  }, (measured) => withCrowd(world, async (crowd) => {
    // What is missed meanwhile must be no more than a room keeps.
    crowd.talks(700);
    const { link, begun, still, others } = await cutOff(crowd, (line) => line.stall());
    const gone = new Set(still.map(({ userId }) => userId));
    await Promise.all(others.map((recorder) => recorder.becomes("see one of them leave", () =>
      recorder.entries.some(({ event, who, at }) => event === "user:left" && gone.has(who) && at > begun), 40_000)));
    const declared = performance.now() - begun;
    link.resume();
    const back = performance.now();
    await Promise.all(still.map((recorder) => recorder.becomes("speak again", ((had) => () => recorder.acked > had)(recorder.acked))));
    const again = performance.now() - back;
    await crowd.progresses();
    measured(`declared gone after ${ms(declared)}, its ${still.length} clients spoke again ${ms(again)} after it was back; ${crowd.sentence(await crowd.verdict())}`);
  }));
});

describe("Redis that forgets", () => {
  const world = aWorld({ ...FREE, redis: { appendonly: "no" } }, { together: true });

  fault({
    fault: "Redis restarted empty",
    done: `${TALKING}; Redis without persistence is killed and started again`,
    promise: "a new epoch: everybody is told with recovered: false, and goes on; nothing is doubled within an epoch",
  }, (measured) => withCrowd(world, async (crowd) => {
    await world.servers.redis.restartEmpty();
    const back = performance.now();
    await crowd.progresses(1);
    const again = performance.now() - back;
    await crowd.progresses();
    const figures = await crowd.verdict({ survives: false });
    assert.ok(figures.epochs >= 2, "the log was lost");
    assert.ok(figures.unrecovered >= crowd.recorders.length, "everybody was told");
    measured(`everybody spoke again ${ms(again)} after it; ${crowd.sentence(figures)}`);
  }));
});
