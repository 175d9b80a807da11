import { useCallback, useEffect, useState } from 'react';

const HELD_MS = 5_000;

export interface Said {
  id: number;
  text: string;
}

/** What a screen reader is told, one thing after the other. */
export function useAnnouncer(): [Said[], (text: string) => void] {
  const [said, setSaid] = useState<Said[]>([]);
  const say = useCallback(
    (text: string) => setSaid((before) => [...before, { id: (before.at(-1)?.id ?? 0) + 1, text }].slice(-5)),
    [],
  );
  useEffect(() => {
    if (said.length === 0) return;
    const timer = setTimeout(() => setSaid([]), HELD_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return [said, say];
}
