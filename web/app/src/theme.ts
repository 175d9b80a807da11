import { useSyncExternalStore } from 'react';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Known to public/theme.js too, which applies it before anything is painted. */
const STORED = 'plenum.theme';
const watchers = new Set<() => void>();

function current(): Theme {
  const stored = localStorage.getItem(STORED);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

function watch(changed: () => void): () => void {
  watchers.add(changed);
  return () => watchers.delete(changed);
}

function choose(theme: Theme): void {
  localStorage.setItem(STORED, theme);
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset.theme;
  else dataset.theme = theme;
  for (const changed of watchers) changed();
}

/** The theme that was chosen; `system` follows the device. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(watch, current), choose];
}
