import type { Profile } from '@plenum/client';

/** What the server says of a guest in place of a profile. */
type MaybeGuest = Profile & { guest?: boolean; code?: string };

/** The code of the one meeting that a guest may come to; null for who has an account, or is not signed in. */
export function guestOf(profile: MaybeGuest | null): string | null {
  return profile?.guest ? (profile.code ?? '') : null;
}
