import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Signalled, SignalQueue } from '../src/call/signals.ts';
import { ApiProblem, type ErrorCode, type SignalType } from '../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const signal = (n: number, signalType: SignalType = 'ice-candidate', peer = 'p'): Signalled => ({
  toUserId: 'u',
  toPeerId: peer,
  signalType,
  signal: n,
});

/** A server that takes signals, or refuses the first ones with a code. */
function server(refusals: ErrorCode[] = []) {
  const taken: unknown[] = [];
  const queue = new SignalQueue(async (asked) => {
    const code = refusals.shift();
    if (code) throw new ApiProblem({ code, message: code });
    taken.push(asked.signal);
  });
  return { taken, queue };
}

it('sends no more in any second than the server takes', async () => {
  const { taken, queue } = server();
  for (let n = 0; n < 200; n += 1) queue.push(signal(n));
  let before = 0;
  for (let second = 0; second < 7; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(taken.length - before).toBeLessThan(50);
    before = taken.length;
  }
  expect(taken).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

it('lets descriptions go before candidates, and in their own order', async () => {
  const { taken, queue } = server();
  for (let n = 0; n < 40; n += 1) queue.push(signal(n));
  queue.push(signal(100, 'offer'));
  queue.push(signal(101, 'answer'));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(taken.indexOf(100)).toBeLessThan(taken.indexOf(20));
  expect(taken.indexOf(101)).toBe(taken.indexOf(100) + 1);
  expect(taken).toHaveLength(42);
});

it('sends again what the server could not take just then', async () => {
  const { taken, queue } = server(['rate_limited', 'store_unavailable']);
  queue.push(signal(1));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(taken).toEqual([1]);
});

it('lets go what is for somebody who has gone', async () => {
  const { taken, queue } = server(['peer_not_found']);
  queue.push(signal(1));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(taken).toEqual([]);
  for (let n = 0; n < 40; n += 1) queue.push(signal(n, 'ice-candidate', n % 2 ? 'gone' : 'p'));
  queue.clear('gone');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(taken.filter((n) => Number(n) % 2 && Number(n) > 20)).toEqual([]);
  expect(taken).toContain(38);
});
