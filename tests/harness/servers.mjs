// The whole system in the mode of this run: its processes, in a folder of their own.
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MODE } from "./modes.mjs";
import { Process } from "./process.mjs";

/**
 * What a system is started with.
 * @typedef {object} Options
 * @property {object} [env] variables of every process
 * @property {object} [user] variables of the process that is the gateway
 * @property {object} [chat] variables of the process that holds meetings
 * @property {string|null} [secret] INTERNAL_SECRET when apart; null for none
 * @property {(chat: Process) => Promise<string>} [route] the address by which the gateway reaches the chat backend
 */
export class Servers {
  /** The process that clients reach. */
  gateway;
  /** The process that holds meetings; the same one in `plenum`. */
  chat;

  constructor(options = {}) {
    this.options = options;
    this.project = `plenum-test-${randomBytes(4).toString("hex")}`;
  }

  async start() {
    const { env = {}, user = {}, chat = {}, route } = this.options;
    this.folder = await mkdtemp(join(tmpdir(), "plenum-"));
    const file = (name) => `sqlite://${join(this.folder, name)}`;
    if (MODE === "plenum") {
      const all = { DATABASE_URL: file("plenum.db"), ...env, ...user, ...chat };
      this.gateway = this.chat = new Process("plenum", { env: all, cwd: this.folder });
      await this.gateway.start();
      return this;
    }
    const secret = this.options.secret === undefined ? randomUUID() : this.options.secret;
    this.secret = secret;
    const shared = { ...(secret === null ? {} : { INTERNAL_SECRET: secret }), ...env };
    const one = MODE === "apart-one-file";
    const firestore = MODE === "apart-firestore" && {
      FIRESTORE_EMULATOR_HOST: process.env.TEST_FIRESTORE_EMULATOR_HOST,
      FIREBASE_PROJECT_ID: this.project,
    };
    if (firestore && !firestore.FIRESTORE_EMULATOR_HOST) {
      throw new Error("apart-firestore needs TEST_FIRESTORE_EMULATOR_HOST");
    }
    this.chat = new Process("chat-backend", {
      env: { DATABASE_URL: file(one ? "one.db" : "chat.db"), ...shared, ...firestore, ...chat },
      cwd: this.folder,
    });
    await this.chat.start();
    const address = route ? await route(this.chat) : this.chat.url;
    this.gateway = new Process("user-backend", {
      env: { DATABASE_URL: file(one ? "one.db" : "user.db"), CHAT_BACKEND_URL: address, ...shared, ...user },
      cwd: this.folder,
    });
    await this.gateway.start();
    return this;
  }

  get processes() {
    return [...new Set([this.gateway, this.chat])].filter(Boolean);
  }

  get url() {
    return this.gateway.url;
  }

  /** Stops what still runs, in order, and says how each process ended. */
  async stop() {
    const ends = [];
    for (const process of this.processes) {
      if (!process.running) continue;
      process.resume();
      const end = await process.terminate().catch(async (error) => {
        await process.kill();
        return { error };
      });
      ends.push({ name: process.name, ...end });
    }
    return ends;
  }

  async remove() {
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
