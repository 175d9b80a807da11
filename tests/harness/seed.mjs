// Chance that can be had again: SEED=… repeats a run.
import { randomInt } from "node:crypto";

/** A stream of numbers in [0, 1), the same for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const SEED = Number(process.env.SEED || randomInt(1, 1_000_000));

/** One of these, by `random`. */
export const oneOf = (items, random) => items[Math.floor(random() * items.length)];
