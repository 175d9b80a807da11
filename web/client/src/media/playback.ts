import { Store } from '../store.ts';

/** Plays what the others say, so that a page has to show nothing for it. */
export class Playback {
  /** Whether the browser plays nothing until the user has clicked somewhere. */
  readonly blocked = new Store(false);
  readonly #elements = new Map<MediaStream, HTMLAudioElement>();
  #speakerId = '';

  /** Plays these streams, and no others. */
  play(streams: readonly MediaStream[]): void {
    for (const [stream, element] of this.#elements) {
      if (streams.includes(stream)) continue;
      element.srcObject = null;
      this.#elements.delete(stream);
    }
    for (const stream of streams) {
      if (this.#elements.has(stream)) continue;
      const element = new Audio();
      element.autoplay = true;
      element.srcObject = stream;
      this.#elements.set(stream, element);
      void this.#route(element);
      void this.#start(element);
    }
  }

  /** Called on a click, when it was blocked. */
  start(): void {
    this.blocked.set(false);
    for (const element of this.#elements.values()) void this.#start(element);
  }

  async setSpeaker(deviceId: string | null): Promise<void> {
    this.#speakerId = deviceId ?? '';
    await Promise.all([...this.#elements.values()].map((element) => this.#route(element)));
  }

  stop(): void {
    this.play([]);
    this.blocked.set(false);
  }

  async #start(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.blocked.set(true);
    }
  }

  async #route(element: HTMLAudioElement): Promise<void> {
    if (!('setSinkId' in element)) return;
    try {
      await element.setSinkId(this.#speakerId);
    } catch {
      // It was unplugged in this moment: the sound goes where the system sends it.
    }
  }
}
