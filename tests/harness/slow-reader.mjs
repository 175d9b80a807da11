// A client that stops reading or trickles, in a process of its own: see slow_reader.py.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endsWithTests } from "./process.mjs";
import { within } from "./wait.mjs";

/** Options for a test that needs Python: skipped with the reason, never in CI. */
export function needsPython() {
  if (spawnSync("python3", ["--version"]).status === 0) return {};
  const reason = "needs python3, for a client with a small receive buffer";
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

/** Joins the meeting as `user`, then reads no more, or a byte every `trickle` seconds. */
export async function slowReader(user, meeting, { trickle, transport = "websocket" } = {}) {
  const { hostname, port } = new URL(user.world.url);
  const settings = { host: hostname, port: Number(port), cookie: user.cookie, meetingId: meeting.meetingId, trickle, transport };
  const script = fileURLToPath(new URL("slow_reader.py", import.meta.url));
  const child = endsWithTests(spawn("python3", [script, JSON.stringify(settings)], { stdio: ["pipe", "pipe", "pipe"] }));
  let trouble = "";
  child.stderr.on("data", (data) => (trouble += data));
  const steps = createInterface({ input: child.stdout });
  const step = (name) =>
    new Promise((resolve, reject) => {
      steps.on("line", (line) => {
        const said = JSON.parse(line);
        if (said.event === name) resolve(said);
      });
      child.on("close", () => reject(new Error(`the slow reader ended before it said ${name}: ${trouble}`)));
    });
  const [joined, closed] = [step("joined"), step("closed")];
  closed.catch(() => {});
  await within("the slow reader to join", joined);
  return {
    /** Resolves to `{ms}` since it stopped reading, when the server has closed its connection. */
    cut: (ms) => within("the slow reader to be cut", closed, ms),
  };
}
