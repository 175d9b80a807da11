// A throwaway Redis for the suites of the crates: it keeps nothing on disk.
import { openSync } from "node:fs";
import { join } from "node:path";
import { accepting, freePort, serve } from "../processes.mjs";
import { program } from "./programs.mjs";
import { folderOf, unprivileged } from "./unprivileged.mjs";

const server = program("redis-server");

export const redis = {
  name: "Redis",
  log: "redis.log",
  variable: "TEST_REDIS_URL",
  missing: server ? undefined : "redis-server is not installed",

  /** Starts it: a function from a use's name to its URL, with a database of its own. */
  async start(root, uses) {
    const as = unprivileged("redis", "nobody");
    const folder = folderOf(as, join(root, "redis"));
    const port = await freePort();
    const log = openSync(join(root, this.log), "w");
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
    const child = serve(server, args, { ...as, cwd: folder, stdio: ["ignore", log, log], endBy: "SIGKILL" });
    if (!(await accepting(port, child))) throw new Error("it does not accept connections");
    return (use) => `redis://127.0.0.1:${port}/${Math.max(uses.indexOf(use), 0)}`;
  },
};
