// One server process of ours: started with exactly the variables given, its log kept.
import { readFileSync, readdirSync } from "node:fs";
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { deferred, within } from "./wait.mjs";

const BIN_DIR = resolve(
  fileURLToPath(new URL("..", import.meta.url)),
  process.env.PLENUM_BIN_DIR || "../target/debug",
);

// Nothing outlives the tests, however they end.
const alive = new Set();
export const killAll = () => alive.forEach((child) => child.kill("SIGKILL"));
process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

/** Registers a process to be ended with the tests. */
export function endsWithTests(child) {
  alive.add(child);
  child.on("close", () => alive.delete(child));
  return child;
}

export const binary = (name) => resolve(BIN_DIR, name);

/** Runs a binary to its end: `{code, out, err}`. For starts that are meant to fail. */
export async function run(name, { env = {}, args = [], cwd, ms = 20_000 } = {}) {
  const child = spawn(binary(name), args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "", err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const ended = new Promise((yes, no) => child.on("close", (code, signal) => yes({ code, signal })).on("error", no));
  try {
    return { ...(await within(`${name} to end`, ended, ms)), out, err };
  } finally {
    child.kill("SIGKILL");
  }
}

export class Process {
  /** Every line this process has ever logged, over restarts. */
  lines = [];
  #waiting = new Set();

  /** `under` is a command that it is run by, such as `prlimit`, which becomes it. */
  constructor(name, { env, cwd, under = [] }) {
    this.name = name;
    // Tests are one address that signs in many people: limits are on where they are what is tested.
    this.env = { LOG_FORMAT: "json", HOST: "127.0.0.1", PORT: "0", RATE_LIMIT_AUTH_PER_MINUTE: "0", RATE_LIMIT_API_PER_MINUTE: "0", ...env };
    this.cwd = cwd;
    this.under = under;
  }

  /** Starts, or starts again on the same port; returns when it listens. */
  async start(more = {}) {
    Object.assign(this.env, more);
    const from = this.lines.length;
    const [command, ...args] = [...this.under, binary(this.name)];
    const child = spawn(command, args, { env: this.env, cwd: this.cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.child = endsWithTests(child);
    this.pid = child.pid;
    const ended = deferred();
    this.ended = ended.promise;
    child.on("error", ended.reject);
    child.on("close", (code, signal) => ended.resolve({ code, signal }));
    for (const stream of [child.stdout, child.stderr]) this.#read(stream);
    const listening = this.logged((line) => /^listening/.test(line.message) && line.address, from);
    const early = this.ended.then(({ code, signal }) => {
      throw new Error(`${this.name} ended (${code ?? signal}) before it listened:\n${this.lines.slice(from).join("\n")}`);
    });
    early.catch(() => {});
    const { address } = await within(`${this.name} to listen`, Promise.race([listening, early]), 30_000);
    this.url = address;
    this.port = Number(new URL(address).port);
    this.env.PORT = String(this.port);
    return this;
  }

  #read(stream) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        this.lines.push(line);
        for (const look of this.#waiting) look(line);
      }
    });
  }

  /** The first parsed log line, from line `from` on, that `match` accepts. */
  logged(match, from = 0) {
    const { promise, resolve } = deferred();
    const look = (text) => {
      let line;
      try {
        line = JSON.parse(text);
      } catch {
        return;
      }
      if (!match(line)) return;
      this.#waiting.delete(look);
      resolve(line);
    };
    this.#waiting.add(look);
    this.lines.slice(from).forEach(look);
    return promise;
  }

  get running() {
    return this.child?.exitCode === null && this.child?.signalCode === null;
  }

  signal(signal) {
    if (this.running) process.kill(this.pid, signal);
  }

  /** SIGKILL; returns when it is gone. */
  async kill() {
    this.signal("SIGKILL");
    return within(`${this.name} to be gone`, this.ended);
  }

  /** SIGTERM; returns `{code, signal, ms}`. */
  async terminate(ms = 12_000) {
    const begun = performance.now();
    this.signal("SIGTERM");
    const end = await within(`${this.name} to end after SIGTERM`, this.ended, ms);
    return { ...end, ms: performance.now() - begun };
  }

  /** Stands still, as a stalled machine does, until `resume`: every thread of it does when this returns. */
  stall() {
    this.signal("SIGSTOP");
    const tasks = `/proc/${this.pid}/task`;
    const stands = (task) => / T /.test(readFileSync(`${tasks}/${task}/stat`, "utf8").split(")").at(-1));
    while (!readdirSync(tasks).every(stands));
  }

  resume() {
    this.signal("SIGCONT");
  }
}
