// docs/reliability.md: a hand-written introduction, and what the last whole run measured.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { ROOT } from "../prepare.mjs";

const wrapped = (text) => text.replaceAll("|", "\\|");

/** A line for each fault, on a terminal. */
export function table(figures) {
  const width = Math.max(...figures.map(({ fault }) => fault.length));
  return figures.map(({ fault, measured }) => `${fault.padEnd(width)}  ${measured}`).join("\n");
}

export function writeReport(figures) {
  const introduction = readFileSync(join(ROOT, "tests/faults/introduction.md"), "utf8").trimEnd();
  const sections = figures.map(({ fault, done, promise, measured }) =>
    [`### ${fault[0].toUpperCase()}${fault.slice(1)}`, "", `*Done:* ${wrapped(done)}.`, "", `*Promise:* ${wrapped(promise)}.`, "", `*Measured:* ${wrapped(measured)}.`].join("\n"));
  const when = `Written by \`make test-faults\` from its run, on a machine with ${cpus().length} cores, with binaries built for debugging.`;
  const path = join(ROOT, "docs/reliability.md");
  writeFileSync(path, `${introduction}\n\n## What was measured\n\n${when}\n\n${sections.join("\n\n")}\n`);
  return path;
}
