import type { Seat } from '../seats.ts';

export type View = 'grid' | 'speaker';

export type Shown = { kind: 'person'; seat: Seat } | { kind: 'screen'; seat: Seat };

export interface Arrangement {
  /** What is shown large, beside a strip of the others; without it, all are alike. */
  large: Shown | null;
  others: Seat[];
  /** How many find no place. */
  more: number;
}

/** Each is a picture to decode. */
const MOST_ALIKE = 25;
const MOST_IN_STRIP = 12;

interface Wishes {
  view: View;
  pinned: string | null;
  activeSpeaker: string | null;
}

/** What is shown where: a pinned person first, then a screen that is shared, then who speaks. */
export function arrange(seats: Seat[], { view, pinned, activeSpeaker }: Wishes): Arrangement {
  const present = seats.filter((seat) => seat.inCall);
  const large = largeOf(present, { view, pinned, activeSpeaker });
  const rest = large?.kind === 'person' ? present.filter((seat) => seat !== large.seat) : present;
  const most = large ? MOST_IN_STRIP : MOST_ALIKE;
  if (rest.length <= most) return { large, others: rest, more: 0 };
  // One place says how many there are besides.
  const others = inOrder(rest, activeSpeaker).slice(0, most - 1);
  return { large, others, more: rest.length - others.length };
}

function largeOf(present: Seat[], { view, pinned, activeSpeaker }: Wishes): Shown | null {
  const person = present.find((seat) => seat.userId === pinned);
  if (person) return { kind: 'person', seat: person };
  const presenter = present.find((seat) => seat.presenting && !seat.self && seat.screen);
  if (presenter) return { kind: 'screen', seat: presenter };
  if (view === 'grid' || present.length < 2) return null;
  const speaker =
    present.find((seat) => seat.userId === activeSpeaker) ?? present.find((seat) => !seat.self) ?? present[0];
  return speaker ? { kind: 'person', seat: speaker } : null;
}

/** Where there are too many: oneself, who speaks, who is seen, and then the others as they came. */
function inOrder(seats: Seat[], activeSpeaker: string | null): Seat[] {
  const rank = (seat: Seat) => {
    if (seat.self) return 0;
    if (seat.speaking || seat.userId === activeSpeaker) return 1;
    if (seat.handRaised || seat.isVideoOn) return 2;
    return 3;
  };
  return seats
    .map((seat, place) => ({ seat, place }))
    .sort((a, b) => rank(a.seat) - rank(b.seat) || a.place - b.place)
    .map(({ seat }) => seat);
}
