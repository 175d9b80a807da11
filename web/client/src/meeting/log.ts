import type { Joined } from '../contract/Joined.ts';
import type { Told } from '../socket/events.ts';

/** How far one has read a room's log. */
export class LogPosition {
  #epoch: string | null = null;
  #seq = 0;
  /** What has been told at `#seq`: one entry may be told by several events. `null`: everything. */
  #toldHere: Set<string> | null = null;

  /** With what a join asks for what was missed. */
  get resume(): { epoch?: string; since?: number } {
    return this.#epoch === null ? {} : { epoch: this.#epoch, since: this.#seq };
  }

  /**
   * Whether an event is new. What has a place in the log is so once; other events always are, and so are those of
   * the call, which comes with its own list after each interruption.
   */
  admits({ event, data }: Told): boolean {
    if (!('seq' in data) || event.startsWith('call:')) return true;
    if (data.seq < this.#seq || (data.seq === this.#seq && this.#toldHere === null)) return false;
    const here = data.seq === this.#seq && this.#toldHere ? this.#toldHere : new Set<string>();
    const name = `${event} ${'userId' in data ? data.userId : ''}`;
    if (here.has(name)) return false;
    this.#seq = data.seq;
    this.#toldHere = here.add(name);
    return true;
  }

  /** Everything up to a join's picture has been seen. */
  reached({ epoch, seq }: Joined): void {
    if (this.#epoch === epoch && seq < this.#seq) return;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#toldHere = null;
  }
}

/** What a recovered join has brought, in the order in which it happened. */
export function missed({ messages, events }: Joined): Told[] {
  const all = [...messages.map((data) => ({ event: 'chat:message', data })), ...events] as Told[];
  return all
    .map((told, place) => ({ told, place: 'seq' in told.data ? told.data.seq : 0, order: place }))
    .sort((a, b) => a.place - b.place || a.order - b.order)
    .map(({ told }) => told);
}
