import { useEffect, useRef, useState } from 'react';

const STORED = 'plenum.keys';

/** Whether single letters do something: who speaks to the device, or types by other means, may not want that. */
export function useKeysWanted(): [boolean, (wanted: boolean) => void] {
  const [wanted, setWanted] = useState(() => localStorage.getItem(STORED) !== 'off');
  return [
    wanted,
    (next) => {
      localStorage.setItem(STORED, next ? 'on' : 'off');
      setWanted(next);
    },
  ];
}

/** Keys that do something wherever the focus is, but where they are written. */
export function useShortcuts(actions: Record<string, (() => void) | undefined>, letters: boolean): void {
  const latest = useRef({ actions, letters });
  latest.current = { actions, letters };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
      if (isTaken(event)) return;
      const { actions, letters } = latest.current;
      const letter = event.key.length === 1;
      if (letter && !letters) return;
      const action = actions[letter ? event.key.toLowerCase() : event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

/** Whether the key is for a field, a menu or a dialog. Escape leaves a field too. */
function isTaken(event: KeyboardEvent): boolean {
  if (!(event.target instanceof Element)) return false;
  if (event.target.closest('[role="menu"], dialog')) return true;
  return (
    event.key !== 'Escape' && event.target.closest('input, textarea, select, [contenteditable]') !== null
  );
}
