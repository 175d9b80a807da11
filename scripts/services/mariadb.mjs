// A throwaway MariaDB: nothing of it survives, so nothing is synced to disk.
import { randomBytes } from "node:crypto";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accepting, freePort, run, serve } from "../processes.mjs";
import { program } from "./programs.mjs";
import { folderOf, unprivileged } from "./unprivileged.mjs";

const mariadbd = program("mariadbd");
const install = program("mariadb-install-db");

export const mariadb = {
  name: "MariaDB",
  log: "mariadb.log",
  variable: "TEST_MYSQL_URL",
  missing: mariadbd && install ? undefined : "MariaDB's mariadbd is not installed",

  /** Starts it with these databases: a function from a database's name to its URL. */
  async start(root, databases) {
    const as = unprivileged("mysql", "nobody");
    const folder = folderOf(as, join(root, "mariadb"));
    const data = join(folder, "data");
    const making = ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"];
    const made = await run(install, making, { ...as, cwd: folder, quiet: true });
    if (made.code !== 0) throw new Error(made.output);

    // Read before the first connection is accepted.
    const password = randomBytes(12).toString("hex");
    const first = join(root, "mariadb.sql");
    const statements = [
      `CREATE USER plenum@'127.0.0.1' IDENTIFIED BY '${password}';`,
      ...databases.map((name) => `CREATE DATABASE ${name};`),
      "GRANT ALL ON *.* TO plenum@'127.0.0.1';",
    ];
    writeFileSync(first, `${statements.join("\n")}\n`, { mode: 0o644 });

    const port = await freePort();
    const log = openSync(join(root, this.log), "w");
    const args = [
      "--no-defaults",
      `--datadir=${data}`,
      `--socket=${join(folder, "s")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-networking=0",
      "--skip-name-resolve",
      `--init-file=${first}`,
      "--max-connections=400",
      "--innodb-flush-log-at-trx-commit=0",
      "--innodb-doublewrite=0",
      "--debug-no-sync",
    ];
    const child = serve(mariadbd, args, { ...as, cwd: folder, stdio: ["ignore", log, log], endBy: "SIGKILL" });
    if (!(await accepting(port, child))) throw new Error("it does not accept connections");
    return (database) => `mysql://plenum:${password}@127.0.0.1:${port}/${database}`;
  },
};
