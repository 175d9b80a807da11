// The shapes in which the same system runs, and the outside services a suite may need.
import { describe, test } from "node:test";

const MODES = ["plenum", "apart", "apart-one-file", "apart-firestore", "many", "plenums"];

export const MODE = process.env.PLENUM_MODE || "plenum";
if (!MODES.includes(MODE)) throw new Error(`PLENUM_MODE must be one of ${MODES.join(", ")}, not ${MODE}`);

/** Whether the chat backend is a process of its own. */
export const APART = !["plenum", "plenums"].includes(MODE);

/** Whether there are several gateways and several nodes of the chat backend. */
export const MANY = ["many", "plenums"].includes(MODE);

/** Tests that only make sense in some modes do not exist in the others. */
export const describeIn = (modes, name, body) => (modes.includes(MODE) ? describe(name, body) : undefined);
export const describeApart = (name, body) => (APART ? describe(name, body) : undefined);
/** What looks at the one chat backend there is: with several, another one answers. Their faults are in tests/faults. */
export const describeAlone = (name, body) => (APART && !MANY ? describe(name, body) : undefined);
export const testApart = (name, options, body) => (APART ? test(name, options, body) : undefined);

/** Options for a suite that needs an outside service: skipped with the reason, never in CI. */
export function needs(variable, what) {
  if (process.env[variable]) return {};
  const reason = `needs ${what}: set ${variable}`;
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}
