// A mail server in a process of its own: see mail_server.py. It needs Python's aiosmtpd, which `make deps` installs.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endsWithTests } from "./process.mjs";
import { eventually, within } from "./wait.mjs";

const CACHE = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const PYTHON = join(CACHE, "plenum-tests", "venv", "bin", "python");
const SCRIPT = fileURLToPath(new URL("mail_server.py", import.meta.url));

/** Options for a suite that needs a mail server: skipped with the reason, never in CI. */
export function needsMailServer() {
  if (existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import aiosmtpd"]).status === 0) return {};
  const reason = "needs Python's aiosmtpd, for a mail server: run `make deps`";
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

export class MailServer {
  /** Every mail it has taken, in order. */
  mails = [];
  /** Every mail that was offered, by its address. */
  tried = [];

  /** `certificate`, `key`, `wrapped`, `user`, `password`: how it is reached. */
  static async start(settings = {}) {
    const server = new MailServer();
    server.settings = settings;
    await server.#begin();
    return server;
  }

  async #begin() {
    const child = endsWithTests(spawn(PYTHON, [SCRIPT, JSON.stringify(this.settings)], { stdio: ["pipe", "pipe", "pipe"] }));
    this.child = child;
    let trouble = "";
    child.stderr.on("data", (data) => (trouble += data));
    this.ended = new Promise((resolve) => child.on("close", resolve));
    const listening = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const { event, ...said } = JSON.parse(line);
        if (event === "listening") resolve(said.port);
        if (event === "tried") this.tried.push(said.to);
        if (event === "mail") this.mails.push(said);
      });
      child.on("close", () => reject(new Error(`the mail server ended: ${trouble}`)));
    });
    this.settings.port = await within("the mail server to listen", listening);
  }

  get url() {
    return `smtp://127.0.0.1:${this.settings.port}`;
  }

  /** The variables of a system that sends its mails here. */
  get env() {
    return { SMTP_URL: this.url, MAIL_FROM: "Plenum <plenum@example.com>" };
  }

  /** From now on it takes mails, refuses them for `later` or for ever (`never`), or says nothing (`silent`). */
  turns(mode) {
    this.child.stdin.write(`${JSON.stringify({ mode })}\n`);
  }

  /** Ends; nobody listens at its address. */
  async stops() {
    this.child.kill("SIGKILL");
    await within("the mail server to end", this.ended);
  }

  /** Begins again at the same address. */
  startsAgain() {
    return this.#begin();
  }

  /** The mails to an address. */
  to(email) {
    return this.mails.filter(({ receivers }) => receivers.includes(email.toLowerCase()));
  }

  /** The latest mail to an address, once there are `n`. */
  async mail(email, n = 1, ms) {
    await eventually(`${n} mails to ${email}`, async () => this.to(email).length >= n, ms);
    return this.to(email).at(-1);
  }
}

/** The code in the link of a reset's mail; no log may hold it. */
export function linkCode(world, { text }) {
  const [link, code] = /https?:\/\/\S+[?&]oobCode=([\w-]+)/.exec(text) ?? [];
  if (!code) throw new Error(`no link in ${text}`);
  world.keepSecret(code);
  return { link, code };
}

/** The six digits of a mail. */
export function digits({ text }) {
  const [code] = /^\d{6}$/m.exec(text) ?? [];
  if (!code) throw new Error(`no digits in ${text}`);
  return code;
}
