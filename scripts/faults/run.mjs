// Runs the tests of tests/faults, those that measure time by themselves.
import { mkdtempSync, readFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN_DIR, TESTS, database } from "../prepare.mjs";
import { run } from "../processes.mjs";
import { nodeRow, skippedRow } from "../summary.mjs";

/** Who waits most first; and alone whoever measures how long something takes, or memory. */
const TOGETHER = ["checker", "half-open", "redis", "nodes", "sentinel", "redis-cluster", "rolling", "limits", "stores"];
const ALONE = ["crowds", "attackers"];
/** What the short form leaves to the suites of the modes, which have the same for fewer clients. */
const LONG = ["half-open", "crowds", "stores"];

/** In the order in which they are told. */
const TOLD = ["nodes", "rolling", "redis", "sentinel", "redis-cluster", "stores", "limits", "half-open", "crowds", "attackers"];

const files = (names) => names.map((name) => join("faults", `${name}.test.js`));

/**
 * @returns {Promise<{rows, figures}>} rows for the table of all tests, and what each fault's test measured:
 * `{fault, done, promise, measured}`
 */
export async function faults(services, { short = false, only, random = short ? 0.5 : 2 } = {}) {
  const lacks = ["Redis", "PostgreSQL"].filter((name) => services.missing.some((service) => service.name === name));
  if (lacks.length > 0) return { rows: [skippedRow("faults", "many")], figures: [] };
  const folder = mkdtempSync(join(tmpdir(), "plenum-faults-"));
  const figuresFile = join(folder, "figures");
  const env = {
    ...process.env,
    ...services.variables(database("faults")),
    ...(short ? { SHORT: "1" } : {}),
    PLENUM_MODE: "many",
    PLENUM_BIN_DIR: BIN_DIR,
    FAULTS_FIGURES: figuresFile,
  };
  const chosen = (names) => names.filter((name) => (only ? only.includes(name) : !(short && LONG.includes(name))));
  const rows = [];
  const each = async (names, width) => {
    if (names.length === 0) return;
    const flags = ["--test", `--test-concurrency=${width}`, "--test-reporter=spec", "--test-timeout=280000"];
    const tested = await run(process.execPath, [...flags, ...files(names)], { cwd: TESTS, env, minutes: 20 });
    rows.push(nodeRow(`faults (${width === 1 ? "alone" : "together"})`, short ? "short" : "full", tested));
  };
  console.log("\nfaults");
  await each(chosen(TOGETHER), 2);
  await each(chosen(ALONE), 1);
  if (random > 0 && (!only || only.includes("random"))) rows.push(await randomRun(env, random));
  const figures = existsSync(figuresFile) ? readFileSync(figuresFile, "utf8").trim().split("\n").map((line) => JSON.parse(line)) : [];
  rmSync(folder, { recursive: true, force: true });
  figures.sort((a, b) => TOLD.indexOf(a.file) - TOLD.indexOf(b.file));
  return { rows, figures };
}

async function randomRun(env, minutes) {
  const begun = performance.now();
  const { code } = await run(process.execPath, ["faults/random.mjs", "--minutes", `${minutes}`], { cwd: TESTS, env, minutes: minutes + 5 });
  const seconds = (performance.now() - begun) / 1000;
  return { suite: "faults (random)", mode: `${minutes} min`, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, seconds };
}
