// Processes this script starts: each ends with it, however it ends.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const ESCAPES = /\u001b\[[0-9;]*m/g;
const alive = new Map(); // child process => the signal that ends it
const cleanups = [];
let ending = false;

/** Runs when the script ends, after its processes were. At once: it may not wait. */
export const atEnd = (cleanup) => cleanups.push(cleanup);

/** Ends a process and all that it started: each leads a group of its own. */
function end(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It is gone, or never began.
  }
}

/** Starts a process that serves until `endAll`. */
export function serve(command, args, { endBy = "SIGTERM", ...options }) {
  if (ending) throw new Error(`${command} is not started any more`);
  const child = spawn(command, args, { ...options, detached: true });
  child.ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
  alive.set(child, endBy);
  child.ended.then(() => alive.delete(child));
  return child;
}

/** Runs a command to its end, its output shown (or kept, with `quiet`): `{code, output}` without colours. */
export async function run(command, args, { quiet = false, minutes = 10, input, ...options } = {}) {
  const child = serve(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"], ...options });
  let output = "";
  for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
    from.setEncoding("utf8").on("data", (text) => {
      output += text;
      if (!quiet) to.write(text);
    });
  }
  child.stdin?.end(input);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    end(child, "SIGKILL");
  }, minutes * 60_000);
  const code = await child.ended;
  clearTimeout(limit);
  if (late) output += `\n${command} was ended: it took longer than ${minutes} minutes\n`;
  if (code instanceof Error) return { code: 127, output: `${code.message}\n` };
  return { code: late ? 124 : code ?? 1, output: output.replace(ESCAPES, "") };
}

/** A port that is free now. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Waits until `port` accepts connections, for as long as `child` lives. */
export async function accepting(port, child, seconds = 60) {
  const deadline = Date.now() + seconds * 1_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return true;
    await pause(50);
  }
  return false;
}

/** Ends every process that still runs, and cleans up. */
export async function endAll() {
  ending = true;
  const children = [...alive.keys()];
  for (const child of children) end(child, alive.get(child));
  const killing = setTimeout(() => children.forEach((child) => end(child, "SIGKILL")), 5_000);
  await Promise.all(children.map((child) => child.ended));
  clearTimeout(killing);
  for (const cleanup of cleanups.splice(0)) cleanup();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    await endAll();
    process.exit(128 + constants.signals[signal]);
  });
}
process.on("exit", () => {
  alive.forEach((_, child) => end(child, "SIGKILL"));
  for (const cleanup of cleanups) cleanup();
});
