// `make test`: sets up what is needed, runs Rust's tests and then the system's in each mode, and sums up.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { endAll, run } from "./processes.mjs";
import { startServices } from "./services.mjs";
import { cargoRows, nodeRow, print, skippedRow } from "./summary.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TESTS = join(ROOT, "tests");
const NODE_LEAST = 20;

/** Suites by the beginning of their names; the two before the last differ from `apart` in the store alone. */
const MODES = {
  plenum: [""],
  apart: [""],
  "apart-one-file": ["accounts", "logout", "meetings", "rooms", "chat", "shutdown"],
  "apart-firestore": ["firestore", "meetings", "rooms", "resume", "faults-store", "shutdown"],
  many: [""],
};

/** What a mode cannot do without. */
const NEEDS = { "apart-firestore": ["Firestore"], many: ["Redis", "PostgreSQL"] };

const { MODE, SUITES } = process.env;
const modes = MODE ? Object.keys(MODES).filter((mode) => mode === MODE) : Object.keys(MODES);
const withRust = !MODE || MODE === "rust";
const database = (use) => `plenum_${use.replaceAll("-", "_")}`;

async function main() {
  if (MODE && MODE !== "rust" && modes.length === 0) stop(`MODE is rust or one of ${Object.keys(MODES).join(", ")}`);
  await checkTools();
  const [services] = await Promise.all([startServices(["rust", ...modes].map(database)), build(), packages()]);

  const rows = [];
  for (const { name, why } of services.missing) {
    console.log(`SKIPPED: what needs ${name}, because ${why}; \`make deps\` installs it where apt does`);
  }
  if (withRust) rows.push(...services.missing.map(({ name }) => skippedRow(`stores on ${name}`)), ...(await rust(services)));
  for (const mode of modes) {
    const lacks = services.missing.some(({ name }) => NEEDS[mode]?.includes(name));
    rows.push(lacks ? skippedRow("system", mode) : await system(mode, services));
  }
  return print(rows);
}

function stop(message) {
  console.error(message);
  process.exit(2);
}

async function checkTools() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < NODE_LEAST) stop(`Node ${NODE_LEAST} or newer is needed, this is ${process.version}`);
  const cargo = await run("cargo", ["--version"], { quiet: true, cwd: ROOT });
  if (cargo.code !== 0) stop("Rust is needed: https://rustup.rs");
}

/** Tests, binaries and all they depend on, once and in one profile. */
async function build() {
  const built = await run("cargo", ["build", "--workspace", "--all-targets"], { cwd: ROOT, minutes: 40 });
  if (built.code !== 0) throw new Error("the build failed");
}

/** `npm ci` where the lock file is newer than what is installed. */
async function packages() {
  const installed = join(TESTS, "node_modules/.package-lock.json");
  const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
  if (age(installed) > age(join(TESTS, "package-lock.json"))) return;
  const done = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: TESTS, minutes: 5 });
  if (done.code !== 0) throw new Error("npm ci failed in tests/");
}

async function rust(services) {
  const env = { ...process.env, ...services.variables(database("rust")) };
  // One pipe for both streams: names of the runs and their results keep their order.
  const tested = await run("sh", ["-c", "exec cargo test --workspace --no-fail-fast 2>&1"], { cwd: ROOT, env, minutes: 20 });
  return cargoRows(tested);
}

async function system(mode, services) {
  const chosen = SUITES?.split(",") ?? MODES[mode];
  const all = readdirSync(join(TESTS, "suites")).filter((name) => name.endsWith(".test.js"));
  const files = all.filter((name) => chosen.some((begin) => name.startsWith(begin)));
  for (const begin of chosen) {
    if (!all.some((name) => name.startsWith(begin))) throw new Error(`no suite's name begins with ${begin}`);
  }
  console.log(`\nthe system in mode ${mode}: ${files.length} of ${all.length} suites`);
  const flags = ["--test", "--test-concurrency=2", "--test-reporter=spec", "--test-timeout=150000"];
  const env = {
    ...process.env,
    ...services.variables(database(mode)),
    PLENUM_MODE: mode,
    PLENUM_BIN_DIR: resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug"),
  };
  const tested = await run(process.execPath, [...flags, ...files.map((name) => join("suites", name))], { cwd: TESTS, env, minutes: 15 });
  return nodeRow(mode, tested);
}

let failed = true;
try {
  failed = !(await main());
} catch (error) {
  console.error(error.message);
}
await endAll();
process.exitCode = failed ? 1 : 0;
