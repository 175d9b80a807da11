// `make test`: sets up what is needed, runs Rust's tests and then the system's in each mode, and sums up.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CHROMIUM } from "../tests/harness/chromium.mjs";
import { faults } from "./faults/run.mjs";
import { BIN_DIR, ROOT, TESTS, build, checkTools, database, packages, stop, tellMissing, web } from "./prepare.mjs";
import { IMAGE, hasTool, imageStore } from "../tests/harness/container.mjs";
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
  plenums: ["calls", "chat", "handshake", "logout", "resume", "rooms", "several", "shutdown"],
};

/** Suites of what the user backend does by itself, wherever the chat backend is: `plenum` and `many` run them, and `apart` need not. */
const OF_ACCOUNTS = ["accounts-texts", "avatars", "identities", "mail", "oauth", "operator", "password-reset", "profiles", "registration", "second-factor", "tokens", "trusted-issuers", "verification"];

/** What a mode cannot do without. */
const NEEDS = { "apart-firestore": ["Firestore"], many: ["Redis", "PostgreSQL"], plenums: ["Redis", "PostgreSQL"] };

const { MODE, SUITES } = process.env;
const modes = MODE ? Object.keys(MODES).filter((mode) => mode === MODE) : Object.keys(MODES);
/** Beside the modes there are Rust's own tests, the web client in a browser, and a short form of the faults. */
const OTHERS = ["rust", "browser", "deploy", "guides", "faults"];
const [withRust, withBrowser, withDeploy, withGuides, withFaults] = OTHERS.map((name) => !MODE || MODE === name);

async function main() {
  if (MODE && !OTHERS.includes(MODE) && modes.length === 0) stop(`MODE is one of ${[...OTHERS, ...Object.keys(MODES)].join(", ")}`);
  await checkTools();
  const [services] = await Promise.all([startServices([...OTHERS, ...modes].map(database)), build(), packages().then(web)]);

  const rows = [];
  tellMissing(services);
  if (withRust) rows.push(...services.missing.map(({ name }) => skippedRow(`stores on ${name}`)), ...(await rust(services)));
  for (const mode of modes) {
    const lacks = services.missing.some(({ name }) => NEEDS[mode]?.includes(name));
    rows.push(lacks ? skippedRow("system", mode) : await system(mode, services));
  }
  // Whoever names suites without a mode means the system's.
  if (withBrowser && (MODE || !SUITES)) rows.push(await browser(services));
  if (withDeploy && (MODE || !SUITES)) rows.push(await deployed(services));
  if (withGuides && (MODE || !SUITES)) rows.push(await guides(services));
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
  const left = mode === "apart" && !SUITES ? suites("suites", OF_ACCOUNTS) : [];
  const files = suites("suites", chosen).filter((file) => !left.includes(file));
  console.log(`\nthe system in mode ${mode}: ${files.length} of ${suites("suites").length} suites`);
  return nodeRow("system", mode, await node(files, mode, { together: 2, database: mode, services }));
}

/** The web client, as people use it: one suite after the other, for each starts browsers of its own. */
async function browser(services) {
  const files = suites("browser", SUITES?.split(","));
  console.log(`\nthe web client in a browser: ${files.length} suites`);
  if (!existsSync(CHROMIUM)) {
    console.log(`SKIPPED: there is no Chromium at ${CHROMIUM}; \`make deps\` installs it where apt does, or set CHROMIUM`);
    return skippedRow("web client", "browser");
  }
  return nodeRow("web client", "browser", await node(files, "plenum", { together: 1, database: "browser", services }));
}

/** What is in deploy/, with what it is for: the image, and proxies before two gateways. */
async function deployed(services) {
  const files = suites("deploy", SUITES?.split(","));
  console.log(`\nas it is deployed: ${files.length} suites`);
  const lacking = ["buildah", "runc", "nginx"].filter((tool) => !hasTool(tool));
  if (lacking.length || process.getuid() !== 0) {
    console.log(`SKIPPED: it needs root, and ${lacking.join(", ") || "has all else"}; \`make deps\` installs it where apt does`);
    return skippedRow("deployed", "deploy");
  }
  if (services.missing.some(({ name }) => NEEDS.many.includes(name))) return skippedRow("deployed", "deploy");
  const image = await run("sh", ["scripts/image.sh", "--debug"], { cwd: ROOT, minutes: 10, env: { ...process.env, BUILDAH_FLAGS: imageStore().join(" "), TAG: IMAGE } });
  if (image.code !== 0) throw new Error("the image was not built");
  return nodeRow("deployed", "deploy", await node(files, "many", { together: 1, database: "deploy", services }));
}

/** The guides, followed to the letter. */
async function guides(services) {
  console.log("\nthe guides");
  const lacking = ["redis-server", "nginx", "prometheus", "psql"].filter((tool) => !hasTool(tool));
  if (lacking.length || services.missing.some(({ name }) => name === "PostgreSQL")) {
    console.log(`SKIPPED: they need ${lacking.join(", ") || "PostgreSQL"}; \`make deps\` installs it where apt does`);
    return skippedRow("guides", "guides");
  }
  return nodeRow("guides", "guides", await node(suites("guides"), "plenum", { together: 1, database: "guides", services }));
}

/** The files of a folder of tests, those whose names begin so. */
function suites(folder, begins = [""]) {
  const all = readdirSync(join(TESTS, folder)).filter((name) => name.endsWith(".test.js"));
  for (const begin of begins) {
    if (!all.some((name) => name.startsWith(begin))) throw new Error(`no suite's name begins with ${begin}`);
  }
  return all.filter((name) => begins.some((begin) => name.startsWith(begin))).map((name) => join(folder, name));
}

function node(files, mode, { together, database: use, services }) {
  const flags = ["--test", `--test-concurrency=${together}`, "--test-reporter=spec", "--test-timeout=240000"];
  const env = { ...process.env, ...services.variables(database(use)), PLENUM_MODE: mode, PLENUM_BIN_DIR: BIN_DIR };
  return run(process.execPath, [...flags, ...files], { cwd: TESTS, env, minutes: 15 });
}

let failed = true;
try {
  failed = !(await main());
} catch (error) {
  console.error(error.message);
}
await endAll();
process.exitCode = failed ? 1 : 0;
