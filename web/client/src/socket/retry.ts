import type { ApiProblem } from '../problem.ts';

const WAITS_MS = [300, 1_000, 2_000, 5_000];

/** What goes well a little later, with nothing changed. */
const PASSING = new Set<ApiProblem['code']>([
  'network',
  'timeout',
  'bad_answer',
  'busy',
  'rate_limited',
  'shutting_down',
  'store_unavailable',
  'backend_unavailable',
  'backend_timeout',
  'unknown_sid',
  'internal',
]);

export function isPassing(problem: ApiProblem): boolean {
  return PASSING.has(problem.code);
}

/** Waits before another attempt, the longer the more there were; at once when it is called off. */
export function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const wait = WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)] ?? 0;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, wait * (0.75 + Math.random() / 2));
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
