// A Redis Cluster that a test may break: three servers that take writes, and one that follows each.
import { PRIMARIES, clusterSettings, formCluster } from "../../scripts/services/redis-cluster.mjs";
import { freePort } from "../../scripts/processes.mjs";
import { Redis } from "./redis.mjs";
import { eventually } from "./wait.mjs";

export class RedisCluster {
  /** `options` are each server's. */
  static async start(options = {}) {
    const cluster = new RedisCluster();
    cluster.servers = await Promise.all(Array.from({ length: 2 * PRIMARIES }, async () => {
      const bus = await freePort();
      return Object.assign(await Redis.start({ ...options, more: clusterSettings(bus) }), { bus });
    }));
    await formCluster(cluster.servers, (server, ...words) => server.ask(...words));
    return cluster;
  }

  /** Some of it is named; the others are found. */
  get url() {
    return `redis+cluster://${[0, PRIMARIES].map((n) => `127.0.0.1:${this.servers[n].port}`).join()}`;
  }

  get primaries() {
    return this.servers.slice(0, PRIMARIES);
  }

  /** The server that follows a primary. */
  follower(primary) {
    return this.servers[this.servers.indexOf(primary) + PRIMARIES];
  }

  /** Resolves when a server has taken another's place, and all is well. */
  takesOver(server) {
    return eventually("the follower to take over", async () => {
      const [role, state] = [await server.ask("INFO", "replication"), await server.ask("CLUSTER", "INFO")];
      return /role:master/.test(role) && /cluster_state:ok/.test(state);
    }, 30_000);
  }

  async remove() {
    for (const server of this.servers) await server.remove();
  }
}
