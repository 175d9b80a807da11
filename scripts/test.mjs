// `make test`: sets up what is needed, runs Rust's tests and then the system's in each mode, and sums up.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { faults } from "./faults/run.mjs";
import { BIN_DIR, ROOT, TESTS, build, checkTools, database, packages, stop, tellMissing } from "./prepare.mjs";
import { endAll, run } from "./processes.mjs";
import { startServices } from "./services.mjs";
import { cargoRows, nodeRow, print, skippedRow } from "./summary.mjs";

/**
 * Suites by the beginning of their names. Those on one file and on Firestore differ from `apart` in the store alone, and
 * several `plenum`s from `many` in who opens a socket and who finds it again.
 */
const MODES = {
  plenum: [""],
  apart: [""],
  "apart-one-file": ["accounts", "logout", "meetings", "rooms", "chat", "shutdown"],
  "apart-firestore": ["firestore", "meetings", "rooms", "resume", "faults-store", "shutdown"],
  many: [""],
  plenums: ["chat", "handshake", "logout", "resume", "rooms", "several", "shutdown"],
};

/** What a mode cannot do without. */
const NEEDS = { "apart-firestore": ["Firestore"], many: ["Redis", "PostgreSQL"], plenums: ["Redis", "PostgreSQL"] };

const { MODE, SUITES } = process.env;
const modes = MODE ? Object.keys(MODES).filter((mode) => mode === MODE) : Object.keys(MODES);
/** Beside the modes there are Rust's own tests, and a short form of the faults. */
const OTHERS = ["rust", "faults"];
const [withRust, withFaults] = OTHERS.map((name) => !MODE || MODE === name);

async function main() {
  if (MODE && !OTHERS.includes(MODE) && modes.length === 0) stop(`MODE is one of ${[...OTHERS, ...Object.keys(MODES)].join(", ")}`);
  await checkTools();
  const [services] = await Promise.all([startServices([...OTHERS, ...modes].map(database)), build(), packages()]);

  const rows = [];
  tellMissing(services);
  if (withRust) rows.push(...services.missing.map(({ name }) => skippedRow(`stores on ${name}`)), ...(await rust(services)));
  for (const mode of modes) {
    const lacks = services.missing.some(({ name }) => NEEDS[mode]?.includes(name));
    rows.push(lacks ? skippedRow("system", mode) : await system(mode, services));
  }
  if (withFaults) rows.push(...(await faults(services, { short: true })).rows);
  return print(rows);
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
    PLENUM_BIN_DIR: BIN_DIR,
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
