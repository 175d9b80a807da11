// A running system and the people in it. `aWorld()` inside a describe starts it before, and ends and checks it after.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before } from "node:test";
import { killAll } from "./process.mjs";
import { SEED } from "./seed.mjs";
import { Servers } from "./servers.mjs";
import { User } from "./user.mjs";
import { inParallel } from "./wait.mjs";

/** Texts shorter than this may stand in a log by chance. */
const TELLING = 8;

/** Those that run. */
const worlds = new Set();

export class World {
  secrets = new Set();
  people = [];
  clients = new Set();

  constructor(options = {}) {
    this.options = options;
  }

  async start() {
    worlds.add(this);
    const { options } = this;
    this.servers = new Servers(typeof options === "function" ? await options() : options);
    await this.servers.start();
    if (this.servers.secret) this.secrets.add(this.servers.secret);
    return this;
  }

  /** Where a client goes: with several gateways, any of them. */
  get url() {
    return this.servers.url;
  }

  keepSecret(text) {
    if (typeof text === "string" && text.trim().length >= TELLING) this.secrets.add(text.trim().slice(0, 200));
  }

  /** Somebody without an account yet. */
  visitor(name = "ana", fields = {}) {
    const mark = randomBytes(5).toString("hex");
    const password = `pw-${mark}-${randomBytes(6).toString("hex")}`;
    this.secrets.add(fields.password ?? password);
    const called = name[0].toUpperCase() + name.slice(1);
    const all = { email: `${name.toLowerCase()}.${mark}@example.com`, password, name: called, last_name: "Prueba", age: 30, ...fields };
    const person = new User(this, all);
    this.people.push(person);
    return person;
  }

  /** Somebody registered and signed in. */
  async user(name = "ana", fields = {}) {
    const person = this.visitor(name, fields);
    await person.registers();
    return person.logsIn();
  }

  /** Several, signed in, in the order of their names. */
  users(...names) {
    return inParallel(names, (name) => this.user(name), 8);
  }

  /** Ends the sockets of the tests so far. */
  quiet() {
    for (const client of [...this.clients]) client.closes();
  }

  /** Stops the system and checks what no run may leave behind. */
  async close() {
    this.quiet();
    worlds.delete(this);
    if (!this.servers) return;
    const ends = await this.servers.stop();
    const lines = this.servers.processes.flatMap((p) => p.lines.map((line) => `${p.name}: ${line}`));
    try {
      for (const { name, code, signal, error } of ends) assert.equal(code, 0, `${name} did not end well: ${error ?? signal ?? code}`);
      for (const line of lines) {
        assert.ok(!line.includes("panicked"), line);
        for (const secret of this.secrets) assert.ok(!line.includes(secret), `a log holds a secret: ${line}`);
      }
    } finally {
      if (worlds.size === 0) killAll(); // what else the tests have started, too; but not another world's
      await this.servers.remove();
    }
  }
}

/**
 * A world for the tests of the enclosing describe. `options` may be made by a function, at the start.
 * With `together` its tests run at the same time, and none ends another's sockets.
 */
export function aWorld(options = {}, { together = false } = {}) {
  const world = new World(options);
  before(() => world.start());
  afterEach((t) => {
    if (!t.passed) console.error(`${t.name} failed (SEED=${SEED})\n${world.servers?.tail()}`);
    if (!together) world.quiet();
  });
  after(() => world.close());
  return world;
}
