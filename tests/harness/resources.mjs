// What processes hold: memory and descriptors, before a fault and after.
import { readFileSync, readdirSync } from "node:fs";
import { TimedOut, eventually } from "./wait.mjs";

/** Resident memory in MiB. */
export const rss = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
/** The most that was ever resident, in MiB. */
export const highest = ({ pid }) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
export const descriptors = ({ pid }) => readdirSync(`/proc/${pid}/fd`).length;

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** Of all processes together, since clients move between them. */
export function held(processes) {
  const alive = processes.filter(({ running }) => running);
  return { processes: alive.length, mib: sum(alive.map(rss)), fds: sum(alive.map(descriptors)) };
}

/**
 * Resolves when no more is held than `before`, within these allowances for each process: what an allocator keeps, and
 * idle connections of pools. Says what is held then: `{mib, fds}` more than before.
 */
export async function backTo(before, processes, { mib = 24, fds = 20, ms = 30_000 } = {}) {
  let now;
  const over = () => ({ mib: Math.round(now.mib - before.mib), fds: now.fds - before.fds });
  try {
    await eventually("memory and descriptors to be back", () => {
      now = held(processes);
      return now.mib - before.mib <= mib * now.processes && now.fds - before.fds <= fds * now.processes;
    }, ms);
  } catch (error) {
    if (error instanceof TimedOut) error.message += `: ${JSON.stringify(over())} more than ${JSON.stringify(before)}`;
    throw error;
  }
  return over();
}
