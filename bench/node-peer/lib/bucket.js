/** A token bucket: `perSecond` events on average, as many at once; 0 is no limit. */
export class Bucket {
  #perSecond;
  #tokens;
  #filledAt = performance.now();

  constructor(perSecond) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  take() {
    if (this.#perSecond === 0) return true;
    const now = performance.now();
    const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
