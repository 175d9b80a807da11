// A throwaway Redis Cluster of three servers, for the suites of the crates: it keeps nothing on disk but who is in it.
import { openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { accepting, freePort, run, serve } from "../processes.mjs";
import { program } from "./programs.mjs";
import { folderOf, unprivileged } from "./unprivileged.mjs";

const server = program("redis-server");
const client = program("redis-cli");
const SLOTS = 16_384;
/** How many servers take writes. */
export const PRIMARIES = 3;

export const redisCluster = {
  name: "Redis Cluster",
  log: "redis-cluster.log",
  variable: "TEST_REDIS_CLUSTER_URL",
  missing: server && client ? undefined : "redis-server or redis-cli is not installed",

  /** Starts it: a function from a use's name to its URL, the same for all. */
  async start(root) {
    const as = unprivileged("redis", "nobody");
    const folder = folderOf(as, join(root, "redis-cluster"));
    const log = openSync(join(root, this.log), "w");
    const servers = await Promise.all(Array.from({ length: PRIMARIES }, async (_, n) => {
      const own = folderOf(as, join(folder, `${n}`));
      const place = { port: await freePort(), bus: await freePort() };
      const args = ["--port", `${place.port}`, "--bind", "127.0.0.1", "--save", "", "--dir", own, ...clusterSettings(place.bus)];
      const child = serve(server, args, { ...as, cwd: own, stdio: ["ignore", log, log], endBy: "SIGKILL" });
      if (!(await accepting(place.port, child))) throw new Error("it does not accept connections");
      return place;
    }));
    await formCluster(servers, async ({ port }, ...words) => {
      const { code, output } = await run(client, ["-p", `${port}`, ...words], { quiet: true });
      if (code !== 0 || /^ERR/m.test(output)) throw new Error(output);
      return output;
    });
    const url = `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join()}`;
    return () => url;
  },
};

/** What makes a server one of a cluster, in which one that is silent for two seconds is taken for dead. */
export const clusterSettings = (bus) => ["--cluster-enabled", "yes", "--cluster-port", `${bus}`, "--cluster-node-timeout", "2000"];

/** Makes one cluster of empty servers: the first three take writes, each further one follows one of them. */
export async function formCluster(servers, ask) {
  const [first, ...others] = servers;
  for (const [n, place] of servers.slice(0, PRIMARIES).entries()) {
    const [from, to] = [n, n + 1].map((part) => Math.floor((SLOTS * part) / PRIMARIES));
    await ask(place, "CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to - 1}`);
    await ask(place, "CLUSTER", "SET-CONFIG-EPOCH", `${n + 1}`);
  }
  for (const { port, bus } of others) await ask(first, "CLUSTER", "MEET", "127.0.0.1", `${port}`, `${bus}`);
  const all = async (what, probe) => {
    for (let tries = 0; !(await Promise.all(servers.map(probe))).every(Boolean); tries++) {
      if (tries === 200) throw new Error(`waited in vain for the servers of a cluster to ${what}`);
      await pause(50);
    }
  };
  await all("know each other", async (place) => (await ask(place, "CLUSTER", "NODES")).trim().split("\n").length === servers.length);
  for (const [n, place] of servers.slice(PRIMARIES).entries()) {
    const id = (await ask(servers[n % PRIMARIES], "CLUSTER", "MYID")).trim();
    await ask(place, "CLUSTER", "REPLICATE", id);
  }
  await all("agree", async (place) => /cluster_state:ok/.test(await ask(place, "CLUSTER", "INFO")));
  const following = (place) => ask(place, "INFO", "replication");
  await all("follow", async (place) => servers.indexOf(place) < PRIMARIES || /master_link_status:up/.test(await following(place)));
}
