// What a fault's test measured, for the table and docs/reliability.md.
import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";

/** A shorter run: fewer clients and messages. */
export const SHORT = Boolean(process.env.SHORT);
/** `full` of something, or fewer in a short run. */
export const many = (full, short) => (SHORT ? short : full);

const ms = (value) => (value < 950 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`);
export { ms };

/**
 * A test of a fault: `what` is done, and what is promised then. Its body says what it measured.
 * @param {object} about
 * @param {string} about.fault its name
 * @param {string} about.done what the test does
 * @param {string} about.promise what must hold
 * @param {(measured: (text: string) => void, t) => Promise<void>} body
 */
export function fault({ fault: name, done, promise, ...options }, body) {
  return test(name, { timeout: 240_000, ...options }, async (t) => {
    const said = [];
    await body((text) => said.push(text), t);
    if (said.length === 0) throw new Error("a fault's test says what it measured");
    const measured = said.join("; ");
    t.diagnostic(measured);
    if (process.env.FAULTS_FIGURES) {
      appendFileSync(process.env.FAULTS_FIGURES, `${JSON.stringify({ file: basename(process.argv[1], ".test.js"), fault: name, done, promise, measured })}\n`);
    }
  });
}
