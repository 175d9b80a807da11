// The databases and the emulator that suites need: throwaway, on free ports, all ended with the script.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./processes.mjs";
import { firestore } from "./services/firestore.mjs";
import { mariadb } from "./services/mariadb.mjs";
import { postgres } from "./services/postgres.mjs";
import { redis } from "./services/redis.mjs";
import { redisCluster } from "./services/redis-cluster.mjs";
import { s3 } from "./services/s3.mjs";

const tail = (path) => {
  try {
    return readFileSync(path, "utf8").split("\n").slice(-30).join("\n");
  } catch {
    return "";
  }
};

/**
 * Starts what is installed, in parallel.
 * @returns `{variables(database), missing: [{name, why}]}`: what to export for tests on that database, and
 * which services there are none of. An address that is already exported is taken as it is.
 */
export async function startServices(databases) {
  const root = mkdtempSync(join(tmpdir(), "plenum-services-"));
  chmodSync(root, 0o711); // servers run as other users and must reach their folders in it
  atEnd(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
  const addresses = [];
  const missing = [];
  const start = async (service) => {
    const given = process.env[service.variable];
    if (given) return addresses.push([service.variable, () => given]);
    if (service.missing) return missing.push({ name: service.name, why: service.missing });
    const begun = Date.now();
    try {
      addresses.push([service.variable, await service.start(root, databases)]);
    } catch (error) {
      throw new Error(`${service.name} does not start: ${error.message}\n${tail(join(root, service.log))}`);
    }
    console.log(`${service.name} is ready (${((Date.now() - begun) / 1_000).toFixed(1)} s)`);
  };
  await Promise.all([postgres, mariadb, firestore, redis, redisCluster, s3].map(start));
  return {
    missing,
    variables: (database) => Object.fromEntries(addresses.map(([name, address]) => [name, address(database)])),
  };
}
