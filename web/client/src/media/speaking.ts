/** Louder than this is speech: quiet rooms lie well below. */
const SPEECH = 0.03;
/** Between words nobody has stopped. */
const HELD_MS = 800;
/** Who takes over has to be louder than who speaks, or speak after. */
const LOUDER = 1.5;

/** Who speaks, by levels that are read some times a second. */
export interface Speakers {
  /** Until when each is taken to speak. */
  until: ReadonlyMap<string, number>;
  levels: ReadonlyMap<string, number>;
  /** Who of the others is heard best, or was last. */
  active: string | null;
}

export const SILENCE: Speakers = { until: new Map(), levels: new Map(), active: null };

export function afterLevels(
  before: Speakers,
  levels: ReadonlyMap<string, number>,
  self: string,
  now: number,
): Speakers {
  const until = new Map<string, number>();
  for (const [id, level] of levels) {
    const held = level > SPEECH ? now + HELD_MS : (before.until.get(id) ?? 0);
    if (held > now) until.set(id, held);
  }
  const heard = (id: string | null) => (id === null ? 0 : (levels.get(id) ?? 0));
  let loudest: string | null = null;
  for (const id of until.keys())
    if (id !== self && (loudest === null || heard(id) > heard(loudest))) loudest = id;
  const here = before.active !== null && levels.has(before.active) ? before.active : null;
  if (loudest === null || here === null) return { until, levels, active: loudest ?? here };
  const takesOver = !until.has(here) || heard(loudest) > LOUDER * Math.max(heard(here), SPEECH);
  return { until, levels, active: takesOver ? loudest : here };
}
