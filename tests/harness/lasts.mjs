// Faults have a length: what is done until it is over, and how long each of it took.
import { setTimeout as pause } from "node:timers/promises";

/**
 * Does `act` again and again until `ms` milliseconds are over, no more often than `every` milliseconds: the milliseconds
 * that each took, the longest last.
 */
export async function whileItLasts(ms, act, { every = 0 } = {}) {
  const until = performance.now() + ms;
  const took = [];
  do {
    const begun = performance.now();
    await act(took.length);
    took.push(performance.now() - begun);
    const left = begun + every - performance.now();
    if (left > 0) await pause(left);
  } while (performance.now() < until);
  return took.sort((a, b) => a - b);
}

export const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))];
