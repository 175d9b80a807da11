// Whether the documents still say what is so: API.md names every code and event, and links lead somewhere.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(ROOT, path), "utf8");
const problems = [];

const api = read("docs/API.md");
const quoted = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
const codes = quoted(read("web/client/src/contract/ErrorCode.ts").split("=")[1], /"([a-z_]+)"/g);
const events = quoted(read("contract/src/events.rs"), /: &str = "([a-z:-]+)"/g);
if (codes.length === 0 || events.length === 0) problems.push("the contract's codes or events are no longer found");
for (const name of new Set([...codes, ...events])) {
  if (!api.includes(`\`${name}\``)) problems.push(`docs/API.md does not name ${name}`);
}

const files = ["README.md", "CHANGELOG.md", ...readdirSync(join(ROOT, "docs"), { recursive: true }).map((name) => `docs/${name}`)];
for (const file of files.filter((name) => name.endsWith(".md"))) {
  for (const link of quoted(read(file), /\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)) {
    if (!existsSync(resolve(ROOT, dirname(file), link))) problems.push(`${file} links to ${link}, which is not there`);
  }
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
