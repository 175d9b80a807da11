// A random run: people join, talk and leave while processes are killed and stopped, lines are cut and Redis goes and
// comes back; at the end the checker reads what everybody wrote down. The same seed takes the same decisions.
//
//     node faults/random.mjs --seed 7 --minutes 10
import { mkdtempSync, chmodSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { seed: { type: "string" }, minutes: { type: "string", default: "10" }, rooms: { type: "string", default: "6" } },
});
if (values.seed) process.env.SEED = values.seed;
const { SEED, chance, oneOf } = await import("../harness/seed.mjs");
const { Crowd } = await import("../harness/crowd.mjs");
const { World } = await import("../harness/world.mjs");

const random = chance(SEED);
const minutes = Number(values.minutes);
console.log(`seed ${SEED}, ${minutes} minutes`);

/** A PostgreSQL of its own, where none is named. */
async function database() {
  if (process.env.TEST_POSTGRES_URL) return async () => {};
  const { postgres } = await import("../../scripts/services/postgres.mjs");
  const { endAll } = await import("../../scripts/processes.mjs");
  const root = mkdtempSync(join(tmpdir(), "plenum-random-"));
  chmodSync(root, 0o711);
  process.env.TEST_POSTGRES_URL = (await postgres.start(root, ["plenum"]))("plenum");
  return async () => {
    await endAll();
    rmSync(root, { recursive: true, force: true });
  };
}

const seconds = (least, most) => (least + (most - least) * random()) * 1000;

/** Starts a process again as a supervisor does: one that finds no Redis says so and ends, and is started once more. */
async function supervised(process, tries = 5) {
  try {
    await process.start();
  } catch (error) {
    if (tries === 0 || !/Redis at .* can't be used/.test(error.message)) throw error;
    await supervised(process, tries - 1);
  }
}

/** What may happen; each ends with everything as it was. `takes` is what no two of them may touch at a time. */
function faults({ servers }, crowd, told) {
  const some = (list) => Math.floor(random() * list.length);
  const aProcess = (list, name, end) => {
    const n = some(list);
    return {
      takes: `${name} ${n}`,
      what: `${end} ${name} ${n}`,
      async act(length) {
        await list[n][end]();
        await pause(length);
        await supervised(list[n]);
      },
    };
  };
  const aLine = (line, name, how) => ({
    takes: name,
    what: `${how} ${name}`,
    async act(length) {
      if (how === "cut") return line.cut();
      if (how === "stall") line.stall();
      else await line.refuse();
      await pause(length);
      if (how === "stall") line.resume();
      else await line.accept();
    },
  });
  const redis = (what, act) => ({ takes: "redis", what: `${what} redis`, act });
  const HOW = ["cut", "stall", "refuse"];
  const lineToRedis = () => {
    const n = some(servers.redisLinks);
    return aLine(servers.redisLinks[n], `line of node ${n} to redis`, oneOf(HOW, random));
  };
  const lineToNode = () => {
    const [g, n] = [some(servers.nodeLinks), some(servers.chats)];
    return aLine(servers.nodeLinks[g][n], `line of gateway ${g} to node ${n}`, oneOf(HOW, random));
  };
  const somebodyElse = () => ({
    takes: "people",
    what: "one leaves, one comes",
    async act() {
      const one = oneOf(crowd.recorders.filter(({ closed }) => !closed), random);
      one.closes();
      const next = await crowd.joins(one.user, one.meetingId, oneOf(["websocket", "polling", "upgrade"], random));
      next.talks(told.every, random);
    },
  });
  return [
    [6, () => aProcess(servers.chats, "chat node", "kill")],
    [3, () => aProcess(servers.chats, "chat node", "terminate")],
    [3, () => aProcess(servers.gateways, "gateway", "kill")],
    [2, () => aProcess(servers.gateways, "gateway", "terminate")],
    [6, lineToRedis],
    [6, lineToNode],
    [8, somebodyElse],
    [2, () => redis("restart", async (length) => {
      await servers.redis.kill();
      await pause(length);
      await servers.redis.start();
    })],
    [2, () => redis("pause", async (length) => {
      servers.redis.pause();
      await pause(length);
      servers.redis.resume();
    })],
    [1, () => redis("empty", async () => {
      told.survives = false;
      await servers.redis.restartEmpty();
    })],
  ];
}

async function run(world) {
  const told = { survives: true, every: 500 };
  const crowd = await Crowd.gather(world, { rooms: Number(values.rooms), people: 6, random });
  const kinds = faults(world, crowd, told);
  const weighted = kinds.flatMap(([weight, make]) => Array(weight).fill(make));
  crowd.talks(told.every);
  const begun = performance.now();
  const under = new Map();
  const counts = {};
  let trouble;
  while (performance.now() - begun < minutes * 60_000 && !trouble) {
    const fault = oneOf(weighted, random)();
    const length = seconds(0.2, random() < 0.2 ? 15 : 5);
    const wait = seconds(0.3, 3);
    if (under.size < 2 && !under.has(fault.takes)) {
      console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${fault.what} (${(length / 1000).toFixed(1)} s)`);
      counts[fault.what.split(" ")[0]] = (counts[fault.what.split(" ")[0]] ?? 0) + 1;
      const acting = fault.act(length).catch((error) => (trouble = error)).finally(() => under.delete(fault.takes));
      under.set(fault.takes, acting);
    }
    await pause(wait);
  }
  await Promise.all(under.values());
  if (trouble) throw trouble;
  let figures;
  try {
    figures = await crowd.verdict({ survives: told.survives, patience: 90_000 });
  } catch (error) {
    const place = join(tmpdir(), `plenum-random-${SEED}.json`);
    writeFileSync(place, JSON.stringify(crowd.recorders.map(({ name, userId, meetingId, entries, closed }) => ({ name, userId, meetingId, entries, closed }))));
    console.error(`the records are in ${place}`);
    throw error;
  }
  console.log(`${JSON.stringify(counts)}\n${crowd.sentence(figures)}\n${JSON.stringify(figures)}`);
  await crowd.close();
}

const endDatabase = await database();
const world = new World({ mode: "many", links: true, redis: { appendonly: "yes", fsync: "always" }, chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });
try {
  await world.start();
  await run(world);
  await world.close();
  console.log(`seed ${SEED}: clean`);
} catch (error) {
  const logs = join(tmpdir(), `plenum-random-${SEED}.log`);
  writeFileSync(logs, world.servers?.tail(5_000) ?? "");
  console.error(`seed ${SEED}: ${error.stack}\nthe logs are in ${logs}`);
  process.exitCode = 1;
} finally {
  if (process.exitCode) await world.servers?.stop().catch(() => {});
  await world.servers?.remove().catch(() => {});
  await endDatabase();
}
process.exit();
