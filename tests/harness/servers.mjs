// The whole system in the mode of this run: its processes, in a folder of their own.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../scripts/processes.mjs";
import { postgresDatabase } from "./databases.mjs";
import { MODE } from "./modes.mjs";
import { Process } from "./process.mjs";
import { Proxy } from "./proxy.mjs";
import { Redis } from "./redis.mjs";
import { eventually } from "./wait.mjs";
import { request } from "./http.mjs";
import { SEED, chance, oneOf } from "./seed.mjs";

/**
 * What a system is started with.
 * @typedef {object} Options
 * @property {string} [mode] instead of the run's
 * @property {object} [env] variables of every process
 * @property {object} [user] variables of the process that is the gateway
 * @property {object} [chat] variables of the process that holds meetings
 * @property {(name: string, n: number) => object} [each] variables of one process, by its binary and its number
 * @property {string[]} [under] a command that every process is run by
 * @property {string|null} [secret] INTERNAL_SECRET when apart; null for none
 * @property {(chat: Process) => Promise<string>} [route] the address by which a gateway reaches a chat backend
 * @property {number} [gateways] in `many`, how many gateways
 * @property {number} [chats] in `many` and `plenums`, how many nodes of the chat backend
 * @property {object} [redis] in `many`, how Redis is started, or a thing that has a `url`
 * @property {boolean} [links] in `many`, every node has a line to Redis, and every gateway one to each node, that can be cut
 */
export class Servers {
  /** The processes that clients reach. */
  gateways = [];
  /** The processes that hold meetings; the same one in `plenum`. */
  chats = [];
  /** With `links`: the line of each chat node to Redis, and of each gateway to each chat node. */
  redisLinks = [];
  nodeLinks = [];
  #random = chance(SEED);

  constructor(options = {}) {
    this.options = options;
    this.mode = options.mode ?? MODE;
    this.project = `plenum-test-${randomBytes(4).toString("hex")}`;
  }

  async start() {
    this.folder = await mkdtemp(join(tmpdir(), "plenum-"));
    if (this.mode === "plenum") await this.#startOne();
    else if (this.mode === "many") await this.#startMany();
    else if (this.mode === "plenums") await this.#startPlenums();
    else await this.#startApart();
    return this;
  }

  #file(name) {
    return `sqlite://${join(this.folder, name)}`;
  }

  async #startOne() {
    const { env = {}, user = {}, chat = {}, under } = this.options;
    const all = { DATABASE_URL: this.#file("plenum.db"), ...env, ...user, ...chat };
    const both = new Process("plenum", { env: all, cwd: this.folder, under });
    this.gateways = this.chats = [both];
    await both.start();
  }

  /** The variables of every process that is apart. */
  get #shared() {
    this.secret ??= this.options.secret === undefined ? randomUUID() : this.options.secret;
    return { ...(this.secret === null ? {} : { INTERNAL_SECRET: this.secret }), ...this.options.env };
  }

  async #startApart() {
    const { user = {}, chat = {}, route } = this.options;
    const one = this.mode === "apart-one-file";
    const firestore = this.mode === "apart-firestore" && {
      FIRESTORE_EMULATOR_HOST: process.env.TEST_FIRESTORE_EMULATOR_HOST,
      FIREBASE_PROJECT_ID: this.project,
    };
    if (firestore && !firestore.FIRESTORE_EMULATOR_HOST) {
      throw new Error("apart-firestore needs TEST_FIRESTORE_EMULATOR_HOST");
    }
    const node = await this.#chatNode({ DATABASE_URL: this.#file(one ? "one.db" : "chat.db"), ...this.#shared, ...firestore, ...chat });
    const address = route ? await route(node) : node.url;
    await this.#gateway({ DATABASE_URL: this.#file(one ? "one.db" : "user.db"), CHAT_BACKEND_URL: address, ...this.#shared, ...user });
  }

  async #startMany() {
    const { gateways = 2, chats = 3, user = {}, chat = {}, route, redis, links } = this.options;
    this.redis = redis?.url ? redis : await Redis.start(redis);
    const DATABASE_URL = postgresDatabase();
    this.redisLinks = await Promise.all(Array.from({ length: links ? chats : 0 }, () => this.redis.link()));
    for (let n = 0; n < chats; n++) {
      const REDIS_URL = this.redisLinks[n]?.redis ?? this.redis.url;
      // One after the other: the first makes the tables.
      await this.#chatNode({ DATABASE_URL, REDIS_URL, ...this.#shared, ...chat });
    }
    for (let n = 0; n < gateways; n++) {
      const lines = await Promise.all(this.chats.map((node) => (links ? Proxy.before(node.url) : undefined)));
      this.nodeLinks.push(lines);
      const urls = await Promise.all(this.chats.map((node, i) => (route ? route(node) : (lines[i] ?? node).url)));
      await this.#gateway({ DATABASE_URL, CHAT_BACKEND_URL: urls.join(), ...this.#shared, ...user });
    }
  }

  /** Several `plenum`s, each of which is a gateway and a node that the others reach at an address of its own. */
  async #startPlenums() {
    const { chats = 3, user = {}, chat = {}, redis, each, under } = this.options;
    this.redis = redis?.url ? redis : await Redis.start(redis);
    const all = { DATABASE_URL: postgresDatabase(), REDIS_URL: this.redis.url, ...this.#shared, ...user, ...chat };
    this.gateways = this.chats;
    for (let n = 0; n < chats; n++) {
      const node = `http://127.0.0.1:${await freePort()}`;
      const both = new Process("plenum", { env: { ...all, NODE_ADDRESS: node, ...each?.("plenum", n) }, cwd: this.folder, under });
      both.node = node;
      this.chats.push(both);
      // One after the other: the first makes the tables.
      await both.start();
    }
    // Each has to be known to the others, or what it opened could not be found by them.
    for (const { node } of this.chats) await eventually(`${node} to be ready`, async () => (await request(node, { path: "/ready" })).status === 200);
  }

  async #chatNode(env) {
    const node = new Process("chat-backend", { env: { ...env, ...this.options.each?.("chat-backend", this.chats.length) }, cwd: this.folder, under: this.options.under });
    this.chats.push(node);
    return node.start();
  }

  async #gateway(env) {
    const gateway = new Process("user-backend", { env: { ...env, ...this.options.each?.("user-backend", this.gateways.length) }, cwd: this.folder, under: this.options.under });
    this.gateways.push(gateway);
    return gateway.start();
  }

  /** The first process that clients reach. */
  get gateway() {
    return this.gateways[0];
  }

  /** The first process that holds meetings; the same one in `plenum`. */
  get chat() {
    return this.chats[0];
  }

  get processes() {
    return [...new Set([...this.gateways, ...this.chats])];
  }

  /** Where a client goes: with several gateways, any of them. */
  get url() {
    return oneOf(this.gateways, this.#random).url;
  }

  /** Stops what still runs, in order, and says how each process ended. */
  async stop() {
    const ends = [];
    const stop = async (process) => {
      if (!process.running) return;
      process.resume();
      const end = await process.terminate().catch(async (error) => {
        await process.kill();
        return { error };
      });
      ends.push({ name: process.name, ...end });
    };
    await Promise.all(this.gateways.map(stop));
    await Promise.all(this.chats.map(stop));
    return ends;
  }

  async remove() {
    for (const proxy of this.nodeLinks.flat()) await proxy?.close();
    await this.redis?.remove();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  /** The end of every log, to be shown when a test has failed. */
  tail(lines = 25) {
    return this.processes
      .map((p) => `--- the last log lines of ${p.name} (pid ${p.pid})\n${p.lines.slice(-lines).map(brief).join("\n")}`)
      .join("\n");
  }
}

function brief(line) {
  try {
    const { timestamp, level, message, span, spans, target, ...fields } = JSON.parse(line);
    return `${timestamp?.slice(11, 23)} ${level} ${message} ${JSON.stringify(fields)}`;
  } catch {
    return line;
  }
}
