import { type Self, useSession } from '@plenum/client';
import { useMemo } from 'react';
import { guestOf } from '../../session/guest.ts';

/** Who one is in the room: somebody with an account, or a guest. */
export interface Who extends Self {
  /** The code of the one meeting that a guest may come to. */
  guestOf: string | null;
}

export function useWho(): Who | null {
  const { profile } = useSession();
  return useMemo(() => {
    if (!profile) return null;
    // Guests have one name only.
    const username = [profile.name, profile.last_name].filter(Boolean).join(' ');
    return { userId: profile.uid, username, guestOf: guestOf(profile) };
  }, [profile]);
}
