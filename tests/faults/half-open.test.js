// Clients whose network falls silent: nobody hears that they are gone.
import { describe } from "node:test";
import { fault, many, ms } from "../harness/figures.mjs";
import { Proxy } from "../harness/proxy.mjs";
import { backTo, held } from "../harness/resources.mjs";
import { inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** Ping interval and timeout, and some for what runs beside. */
const BOUND = (25 + 60) * 1000 + 5_000;

describe("half-open clients", () => {
  const world = aWorld({ mode: "many" }, { together: true });
  const count = many(30, 12);

  fault({
    fault: `${count} half-open clients`,
    done: `two gateways, three chat nodes; a room of ${count + 1}, of whom ${count}, on WebSockets and by polling, fall silent without a close`,
    promise: "they have left after ping interval and timeout, 85 s, and who answers pings stays",
  }, async (measured) => {
    const ana = await world.user();
    const meeting = await ana.creates({ maxParticipants: 100 });
    const hers = await ana.joins(meeting);
    const people = await inParallel(Array.from({ length: count }, (_, n) => `half${n}`), (name) => world.user(name), 4);
    const before = held(world.servers.processes);
    const proxies = await Promise.all(world.servers.gateways.map(({ url }) => Proxy.before(url)));
    await inParallel(people, (person, n) => person.joins(meeting, n % 2 ? "polling" : "websocket", { url: proxies[n % proxies.length].url, reconnection: false }), 8);
    for (const proxy of proxies) proxy.stall();
    const begun = performance.now();
    const left = await Promise.all(people.map(async ({ id }) => {
      await hers.hears("user:left", { userId: id }, { ms: BOUND });
      return performance.now() - begun;
    }));
    await hers.says(meeting, "who is still here?");
    if (hers.losses.length > 0) throw new Error("who answers pings was cut");
    for (const proxy of proxies) await proxy.close();
    const more = await backTo(before, world.servers.processes);
    measured(`the first had left after ${ms(Math.min(...left))}, the last after ${ms(Math.max(...left))}; afterwards ${more.mib} MiB and ${more.fds} descriptors more`);
  });
});
