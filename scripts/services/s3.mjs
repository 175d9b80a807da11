// A server that speaks S3 (moto), in memory. Run by itself, this file says whether it is there.
import { openSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accepting, freePort, serve } from "../processes.mjs";
import { program } from "./programs.mjs";

const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const server = program("moto_server", [join(cache, "plenum-tests/moto/bin")]);

export const s3 = {
  name: "S3",
  log: "s3.log",
  variable: "TEST_S3_URL",
  missing: server ? undefined : "moto, which speaks S3, is not installed (pip install 'moto[server]')",

  /** Starts it with a bucket for each use: a function from a use's name to its bucket's URL. */
  async start(root, uses) {
    const port = await freePort();
    const log = openSync(join(root, this.log), "w");
    const child = serve(server, ["-H", "127.0.0.1", "-p", `${port}`], { cwd: root, stdio: ["ignore", log, log], endBy: "SIGKILL" });
    if (!(await accepting(port, child))) throw new Error("it does not accept connections");
    const url = (use) => `http://127.0.0.1:${port}/${use.replaceAll("_", "-")}`;
    for (const use of uses) {
      const made = await fetch(url(use), { method: "PUT" });
      if (!made.ok) throw new Error(`it makes no bucket: ${made.status} ${await made.text()}`);
    }
    return url;
  },
};

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(s3.missing ?? server);
  process.exitCode = s3.missing ? 1 : 0;
}
