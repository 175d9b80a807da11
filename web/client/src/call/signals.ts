import type { SendSignal } from '../contract/SendSignal.ts';
import { ApiProblem } from '../problem.ts';
import { isPassing } from '../socket/retry.ts';

/** The server takes 50 events of a socket each second: signals leave room for the others. */
const BURST = 15;
const PER_SECOND = 30;
const AGAIN_AFTER_MS = 500;

export type Signalled = Omit<SendSignal, 'meetingId'> & { toPeerId: string };

/** Sends signals no faster than the server takes them: descriptions first, then the ways to reach each other. */
export class SignalQueue {
  readonly #ask: (signal: Signalled) => Promise<unknown>;
  #waiting: Signalled[] = [];
  #tokens = BURST;
  #filledAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: (signal: Signalled) => Promise<unknown>) {
    this.#ask = ask;
  }

  push(signal: Signalled): void {
    const candidates = this.#waiting.findIndex((waiting) => waiting.signalType === 'ice-candidate');
    if (signal.signalType === 'ice-candidate' || candidates < 0) this.#waiting.push(signal);
    else this.#waiting.splice(candidates, 0, signal);
    this.#flush();
  }

  /** Forgets what waits: for one peer, or all. */
  clear(peerId?: string): void {
    this.#waiting = peerId === undefined ? [] : this.#waiting.filter((signal) => signal.toPeerId !== peerId);
    if (this.#waiting.length === 0) clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) / 1_000) * PER_SECOND);
    this.#filledAt = now;
    while (this.#tokens >= 1) {
      const signal = this.#waiting.shift();
      if (!signal) return;
      this.#tokens -= 1;
      void this.#send(signal);
    }
    if (this.#waiting.length > 0)
      this.#timer = setTimeout(() => this.#flush(), ((1 - this.#tokens) / PER_SECOND) * 1_000);
  }

  async #send(signal: Signalled): Promise<void> {
    try {
      await this.#ask(signal);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      // Without a connection, or to who has gone, it is of no use any more: whoever comes back negotiates anew.
      if (!isPassing(error) || error.code === 'network' || error.code === 'timeout') return;
      setTimeout(() => this.push(signal), AGAIN_AFTER_MS);
    }
  }
}
