// Runs a guide as its reader would: every ```sh block, in order, in one shell and one fresh folder. What a guide says:
//   ```sh                 is run
//   ```sh not-run: WHY    is not, and the reader is told why in the text; the test lists it
//   ```LANGUAGE file=PATH is written to that file first
//   ```text               after a block: each of its lines stands in what that block printed; … stands for anything
// The ports that guides name are others in a test, so that several run beside each other: see PORTS.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { marked } from "marked";
import { freePort } from "../../scripts/processes.mjs";
import { binary, endsWithTests } from "./process.mjs";
import { eventually } from "./wait.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Every port that a guide may name. */
const PORTS = [3000, 3001, 4000, 4001, 4002, 4003, 5173, 6379, 8443, 8080, 9090, 9100, 9101, 9102, 9103, 9104, 1025, 3478];
const MINUTES = 3;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The blocks of a guide: `{kind: "run" | "left" | "file" | "shows", text, …}`. */
async function blocks(name) {
  const tokens = marked.lexer(await readFile(join(ROOT, "docs/guides", `${name}.md`), "utf8"));
  return tokens.filter(({ type }) => type === "code").map(({ lang = "", text }) => {
    const file = /\bfile=(\S+)/.exec(lang)?.[1];
    const why = /^sh not-run: (.+)/.exec(lang)?.[1];
    if (why) return { kind: "left", text, why };
    if (file) return { kind: "file", text, file };
    if (lang === "sh") return { kind: "run", text };
    return lang === "text" ? { kind: "shows", text } : undefined;
  }).filter(Boolean);
}

/** One shell for all: each block's output stands between marks, and the first that fails ends it. */
function script(all) {
  const lines = ["set -euo pipefail"];
  all.forEach(({ kind, text, file }, n) => {
    if (kind === "file") {
      lines.push(`mkdir -p ${quoted(dirname(file))}`, `base64 -d > ${quoted(file)} <<'EOF_FILE'`, Buffer.from(`${text}\n`).toString("base64"), "EOF_FILE");
    } else if (kind === "run") {
      lines.push(`echo ":::${n}"`, text);
    }
  });
  return `${lines.join("\n")}\necho ":::end"\n`;
}

/** Plenum's sources as a guide's reader has them, but for the ports that its files in deploy/ name. */
async function sourcesWith(ports, at) {
  await mkdir(at);
  for (const name of await readdir(ROOT)) if (name !== "deploy") await symlink(join(ROOT, name), join(at, name));
  await cp(join(ROOT, "deploy"), join(at, "deploy"), { recursive: true });
  for (const file of ["nginx/plenum.conf", "prometheus/prometheus.yml"]) {
    const path = join(at, "deploy", file);
    await writeFile(path, ports.reduce((text, [port, other]) => text.replaceAll(port, other), await readFile(path, "utf8")));
  }
  return at;
}

/** Ends what a guide left running in the background: told to stop, and then not asked any more. */
async function endGroup({ pid }) {
  const sent = (signal) => {
    try {
      return process.kill(-pid, signal);
    } catch {
      return false; // nobody is left
    }
  };
  sent("SIGTERM");
  await eventually("a guide's processes to end", () => !sent(0), 12_000).catch(() => sent("SIGKILL"));
}

/** Whether a line that a guide shows stands in what was printed. */
function stands(line, output) {
  const parts = line.trim().split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".*")).test(output);
}

/** Runs `docs/guides/NAME.md`. `env` is what its reader has: addresses of a database and the like. Gives what was not run. */
export async function follow(name, env = {}) {
  const all = await blocks(name);
  const folder = await mkdtemp(join(tmpdir(), `plenum-guide-${name}-`));
  const others = [];
  for (const port of PORTS) {
    const named = new RegExp(`\\b${port}\\b`, "g");
    const other = all.some(({ text }) => named.test(text)) && `${await freePort()}`;
    if (!other) continue;
    others.push([named, other]);
    for (const block of all) block.text = block.text.replaceAll(named, other);
  }
  const sources = await sourcesWith(others, join(folder, ".plenum"));
  const text = script(all);
  const path = `${dirname(resolve(binary("plenum")))}:${process.env.PATH}:/usr/sbin`;
  const child = endsWithTests(spawn("bash", [], { cwd: folder, detached: true, stdio: ["pipe", "pipe", "pipe"], env: { HOME: folder, PATH: path, PLENUM: sources, LC_ALL: "C.UTF-8", ...env } }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (data) => (output += data));
  const ended = new Promise((done) => child.once("exit", done));
  child.stdin.end(text);
  const limit = setTimeout(() => process.kill(-child.pid, "SIGKILL"), MINUTES * 60_000);
  const code = await ended;
  clearTimeout(limit);
  await endGroup(child);
  const last = all[Number(/:::(\d+)\n(?![\s\S]*:::\d)/.exec(output)?.[1])]?.text;
  assert.ok(code === 0 && output.includes(":::end"), `the guide ${name} ended with ${code} at:\n${last}\n--- it printed:\n${output.slice(-3_000)}`);
  all.forEach(({ kind, text }, n) => {
    if (kind !== "shows") return;
    const ran = all.slice(0, n).findLastIndex((block) => block.kind === "run");
    const [, printed = ""] = new RegExp(`:::${ran}\\n([\\s\\S]*?)(?=:::(\\d|end))`).exec(output) ?? [];
    for (const line of text.split("\n")) assert.ok(stands(line, printed), `the guide ${name} shows\n  ${line}\nand this was printed:\n${printed}`);
  });
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  return all.filter(({ kind }) => kind === "left");
}
