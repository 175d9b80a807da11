// Waiting for things, never for time alone: every wait has a bound, and says what it waited for.

export const PATIENCE = 10_000;

export class TimedOut extends Error {}

/** The promise's outcome, or an error that names what did not come within `ms` milliseconds. */
export async function within(what, promise, ms = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new TimedOut(`waited ${ms} ms in vain for ${what}`);
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks `probe` until it answers something truthy, for what can only be seen by asking (a stored value). */
export async function eventually(what, probe, ms = PATIENCE) {
  const until = performance.now() + ms;
  for (;;) {
    const seen = await probe();
    if (seen) return seen;
    if (performance.now() > until) throw new TimedOut(`asked for ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** A promise with its two ends outside. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Runs `work` over `items`, at most `width` at a time; results in the order of the items. */
export async function inParallel(items, work, width = 16) {
  const results = new Array(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i], i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
