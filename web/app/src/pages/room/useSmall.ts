import { useSyncExternalStore } from 'react';

const small = matchMedia('(max-width: 48rem)');

function watch(changed: () => void): () => void {
  small.addEventListener('change', changed);
  return () => small.removeEventListener('change', changed);
}

/** Whether there is place for the most needed only. */
export function useSmall(): boolean {
  return useSyncExternalStore(watch, () => small.matches);
}
