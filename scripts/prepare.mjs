// What both test runners need before they run anything: tools, binaries, packages.
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./processes.mjs";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const TESTS = join(ROOT, "tests");
export const BIN_DIR = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug");
const NODE_LEAST = 20;

/** A database's name for a use. */
export const database = (use) => `plenum_${use.replaceAll("-", "_")}`;

export function stop(message) {
  console.error(message);
  process.exit(2);
}

export async function checkTools() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < NODE_LEAST) stop(`Node ${NODE_LEAST} or newer is needed, this is ${process.version}`);
  const cargo = await run("cargo", ["--version"], { quiet: true, cwd: ROOT });
  if (cargo.code !== 0) stop("Rust is needed: https://rustup.rs");
}

/** Tests, binaries and all they depend on, once and in one profile. */
export async function build() {
  const built = await run("cargo", ["build", "--workspace", "--all-targets"], { cwd: ROOT, minutes: 40 });
  if (built.code !== 0) throw new Error("the build failed");
}

/** The web client, as the server shows it. */
export async function web() {
  const built = await run("sh", ["scripts/web.sh"], { cwd: ROOT, minutes: 10 });
  if (built.code !== 0) throw new Error("the web client was not built");
}

/** `npm ci` where the lock file is newer than what is installed. */
export async function packages() {
  const installed = join(TESTS, "node_modules/.package-lock.json");
  const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
  if (age(installed) > age(join(TESTS, "package-lock.json"))) return;
  const done = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: TESTS, minutes: 5 });
  if (done.code !== 0) throw new Error("npm ci failed in tests/");
}

/** Says what can't be tested here, and why. */
export function tellMissing({ missing }) {
  for (const { name, why } of missing) {
    console.log(`SKIPPED: what needs ${name}, because ${why}; \`make deps\` installs it where apt does`);
  }
}
