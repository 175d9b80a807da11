// A throwaway PostgreSQL: nothing of it survives, so nothing is synced to disk.
import { randomBytes } from "node:crypto";
import { chownSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { accepting, freePort, run, serve } from "../processes.mjs";
import { program, versions } from "./programs.mjs";
import { folderOf, unprivileged } from "./unprivileged.mjs";

const initdb = program("initdb", versions("/usr/lib/postgresql", "bin"));

export const postgres = {
  name: "PostgreSQL",
  log: "postgres.log",
  variable: "TEST_POSTGRES_URL",
  missing: initdb ? undefined : "PostgreSQL's initdb is not installed",

  /** Starts it with these databases: a function from a database's name to its URL. */
  async start(root, databases) {
    const bin = (name) => join(dirname(initdb), name);
    const as = unprivileged("postgres", "nobody");
    const folder = folderOf(as, join(root, "postgres"));
    const password = randomBytes(12).toString("hex");
    const secret = join(folder, "password");
    writeFileSync(secret, password, { mode: 0o600 });
    if (as.uid !== undefined) chownSync(secret, as.uid, as.gid);
    const data = join(folder, "data");
    const options = { ...as, cwd: folder, quiet: true };
    const making = ["-D", data, "-U", "plenum", "--pwfile", secret, "--auth", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"];
    const made = await run(initdb, making, options);
    if (made.code !== 0) throw new Error(made.output);

    const port = await freePort();
    const log = openSync(join(root, this.log), "w");
    const settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400"];
    const child = serve(
      bin("postgres"),
      ["-D", data, "-h", "127.0.0.1", "-p", `${port}`, "-k", folder, ...settings.flatMap((s) => ["-c", s])],
      { ...as, cwd: folder, stdio: ["ignore", log, log], endBy: "SIGQUIT" },
    );
    if (!(await accepting(port, child))) throw new Error("it does not accept connections");
    const env = { ...process.env, PGPASSWORD: password };
    const statements = databases.map((name) => `CREATE DATABASE ${name};`).join("\n");
    const psql = ["-h", "127.0.0.1", "-p", `${port}`, "-U", "plenum", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"];
    // A server that accepts may still be starting up; it then says so and can be asked again.
    for (let tries = 0; ; tries += 1) {
      const created = await run(bin("psql"), psql, { ...options, env, input: statements });
      if (created.code === 0) break;
      if (tries === 100 || !/starting up/.test(created.output)) throw new Error(created.output);
      await pause(50);
    }
    return (database) => `postgres://plenum:${password}@127.0.0.1:${port}/${database}`;
  },
};
