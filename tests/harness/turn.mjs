// A relay for calls: coturn on loopback, with a secret of its own.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { accepting, freePort } from "../../scripts/processes.mjs";
import { endsWithTests } from "./process.mjs";

const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** Options for a suite: skipped without coturn, never in CI. */
export function needsTurn() {
  if (!spawnSync("turnserver", ["--version"], { env: { PATH } }).error) return {};
  const reason = "needs turnserver, which is not installed; `make deps` installs it (coturn)";
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

/** Starts one: the variables by which a server offers it, and its log. */
export async function turn() {
  const [port, secret] = [await freePort(), randomBytes(24).toString("hex")];
  const child = endsWithTests(
    spawn(
      "turnserver",
      [
        "-n", "--no-cli", "--no-tls", "--no-dtls", "--fingerprint", "--log-file=stdout",
        "--use-auth-secret", `--static-auth-secret=${secret}`, "--realm=plenum.test",
        `--listening-port=${port}`, "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
        "--allow-loopback-peers", "--relay-threads=1", "--pidfile=", `--userdb=${tmpdir()}/plenum-turn-${port}.db`,
      ],
      { env: { PATH }, cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"] },
    ),
  );
  const log = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => log.push(text));
  if (!(await accepting(port, child, 20))) throw new Error(`coturn does not accept connections:\n${log.join("")}`);
  return {
    env: { TURN_SERVER_URL: `turn:127.0.0.1:${port}?transport=udp`, TURN_SECRET: secret },
    log: () => log.join(""),
    stop: () => child.kill("SIGTERM"),
  };
}
