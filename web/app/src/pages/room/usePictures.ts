import type { Participant } from '@plenum/client';
import { useMemo } from 'react';
import { usePeople } from '../../data/meetings.ts';
import type { Pictures } from './seats.ts';
import type { Who } from './who.ts';

/** Each is a request of its own, the first time that somebody is seen. */
const MOST = 24;

/** The pictures of who is here. Guests have none, and are shown none. */
export function usePictures(participants: (Participant & { guest?: boolean })[], who: Who): Pictures {
  const ids =
    who.guestOf === null
      ? participants
          .filter(({ guest }) => !guest)
          .slice(0, MOST)
          .map(({ userId }) => userId)
      : [];
  const people = usePeople(ids);
  return useMemo(
    () => new Map(people.flatMap((person) => (person ? [[person.id, person.picture]] : []))),
    [people],
  );
}
