// Redis servers that a test may kill: processes of its own, with what they keep in a folder of their own.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../scripts/processes.mjs";
import { endsWithTests } from "./process.mjs";
import { Proxy } from "./proxy.mjs";
import { deferred, eventually, within } from "./wait.mjs";

/** One question to a server, in words: the answer as text, an array, a number or null. */
export async function ask(port, ...words) {
  const socket = net.connect(port, "127.0.0.1");
  const { promise, resolve, reject } = deferred();
  let text = "";
  socket.setEncoding("latin1").on("data", (more) => {
    text += more;
    const parsed = parse(text, 0);
    if (parsed) resolve(parsed.value);
  });
  socket.on("error", reject).on("close", () => reject(new Error("Redis closed the connection")));
  socket.write(`*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(`${w}`)}\r\n${w}\r\n`).join("")}`);
  try {
    const value = await within(`Redis to answer ${words[0]}`, promise, 5000);
    if (value instanceof Error) throw value;
    return value;
  } finally {
    socket.destroy();
  }
}

function parse(text, at) {
  const end = text.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const [kind, rest, next] = [text[at], text.slice(at + 1, end), end + 2];
  if (kind === "+") return { value: rest, next };
  if (kind === "-") return { value: new Error(rest), next };
  if (kind === ":") return { value: Number(rest), next };
  const size = Number(rest);
  if (size < 0) return { value: null, next };
  if (kind === "$") return text.length < next + size + 2 ? undefined : { value: text.slice(next, next + size), next: next + size + 2 };
  const items = [];
  for (let from = next; items.length < size; ) {
    const item = parse(text, from);
    if (!item) return undefined;
    items.push(item.value);
    from = item.next;
    if (items.length === size) return { value: items, next: from };
  }
  return { value: items, next };
}

class Server {
  lines = [];

  constructor(program, args) {
    this.program = program;
    this.args = args;
  }

  async start() {
    const child = spawn(this.program, this.args, { stdio: ["ignore", "pipe", "pipe"], cwd: this.folder });
    this.child = endsWithTests(child);
    this.ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => this.lines.push(text));
    await eventually(`${this.program} to serve`, async () => {
      if (child.exitCode !== null) throw new Error(`${this.program} ended: ${this.lines.join("").slice(-800)}`);
      // A server that reads its file answers with LOADING.
      return ask(this.port, "PING").then((answer) => answer === "PONG", () => false);
    });
    return this;
  }

  get running() {
    return this.child?.exitCode === null && this.child?.signalCode === null;
  }

  async kill() {
    if (this.running) this.child.kill("SIGKILL");
    await within(`${this.program} to be gone`, this.ended);
  }

  pause() {
    this.child.kill("SIGSTOP");
  }

  resume() {
    this.child.kill("SIGCONT");
  }

  ask(...words) {
    return ask(this.port, ...words);
  }
}

export class Redis extends Server {
  #proxies = [];

  /** `appendonly` "yes" or "no"; `fsync` always, everysec or no. */
  constructor({ appendonly = "no", fsync = "everysec", more = [] } = {}) {
    super("redis-server", undefined);
    Object.assign(this, { appendonly, fsync, more });
  }

  static start(options) {
    return new Redis(options).start();
  }

  /** Starts, or again on the same port with what was kept. */
  async start() {
    this.port ??= await freePort();
    this.folder ??= mkdtempSync(join(tmpdir(), "plenum-redis-"));
    this.args = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--save", "", "--dir", this.folder,
      "--appendonly", this.appendonly, "--appendfsync", this.fsync, ...this.more];
    return super.start();
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** An address of this Redis that can be cut off: a proxy with a `redis` URL. */
  async link() {
    const proxy = await Proxy.before(`127.0.0.1:${this.port}`);
    this.#proxies.push(proxy);
    proxy.redis = `redis://${proxy.address}`;
    return proxy;
  }

  /** Killed, and started with nothing. */
  async restartEmpty() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
    await this.start();
  }

  /** Killed, and started with what it kept. */
  async restart() {
    await this.kill();
    await this.start();
  }

  async remove() {
    if (this.running) {
      this.resume();
      await this.kill();
    }
    for (const proxy of this.#proxies) await proxy.close();
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A primary and a replica under three Sentinels. */
export class Trio {
  static NAME = "plenum";

  /** `options` are Redis's; Sentinel takes a server for dead that is silent for `downAfter` milliseconds. */
  static async start(options = {}, downAfter = 1000) {
    const trio = new Trio();
    trio.primary = await Redis.start(options);
    await trio.primary.ask("ACL", "SETUSER", "replica", "on", "nopass", "+psync", "+replconf", "+ping");
    const following = ["--replicaof", "127.0.0.1", `${trio.primary.port}`, "--masteruser", "replica", "--masterauth", "any"];
    trio.replica = new Redis({ ...options, more: [...following, "--repl-diskless-sync-delay", "0"] });
    await trio.replica.start();
    trio.folder = mkdtempSync(join(tmpdir(), "plenum-sentinel-"));
    trio.sentinels = [];
    for (let n = 0; n < 3; n++) trio.sentinels.push(await trio.#sentinel(n, downAfter));
    await eventually("the replica to have caught up", async () => /master_link_status:up/.test(await trio.replica.ask("INFO", "replication")));
    await eventually("the Sentinels to know each other and the replica", async () => {
      const seen = await Promise.all(trio.sentinels.map((s) => s.ask("SENTINEL", "MASTER", Trio.NAME)));
      return seen.every((fields) => ["num-other-sentinels", "num-slaves"].every((name, i) => Number(fields[fields.indexOf(name) + 1]) >= 2 - i));
    });
    return trio;
  }

  async #sentinel(n, downAfter) {
    const port = await freePort();
    const file = join(this.folder, `${n}.conf`);
    const lines = [`port ${port}`, "bind 127.0.0.1", `dir ${this.folder}`, `sentinel monitor ${Trio.NAME} 127.0.0.1 ${this.primary.port} 2`,
      `sentinel down-after-milliseconds ${Trio.NAME} ${downAfter}`, `sentinel failover-timeout ${Trio.NAME} 10000`, `sentinel parallel-syncs ${Trio.NAME} 1`];
    writeFileSync(file, `${lines.join("\n")}\n`);
    chmodSync(file, 0o600);
    const server = new Server("redis-sentinel", [file]);
    server.port = port;
    return server.start();
  }

  get url() {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${Trio.NAME}`;
  }

  /** From now on the replica gets nothing more of what the primary is told. */
  async leaveBehind() {
    await this.primary.ask("ACL", "DELUSER", "replica");
    await eventually("the replica to be cut off", async () => /master_link_status:down/.test(await this.replica.ask("INFO", "replication")));
  }

  /** Resolves when the replica has become the primary. */
  failedOver() {
    return eventually("the replica to be the primary", async () => /role:master/.test(await this.replica.ask("INFO", "replication")), 30_000);
  }

  async remove() {
    for (const sentinel of this.sentinels ?? []) await sentinel.kill();
    await this.primary.remove();
    await this.replica.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
