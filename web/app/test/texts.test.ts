import { expect, it } from 'vitest';

const files = import.meta.glob<Record<string, unknown>>('../src/i18n/locales/*/*.json', {
  eager: true,
  import: 'default',
});

/** Every text with the path to it. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

const marks = (text: string) => [...text.matchAll(/{{\w+}}|<\/?\w+>/g)].map(([mark]) => mark).sort();

it.each(Object.keys(files).filter((path) => path.includes('/en/')))('%s says the same in Spanish', (path) => {
  const english = new Map(texts(files[path]));
  const spanish = new Map(texts(files[path.replace('/en/', '/es/')]));
  expect([...spanish.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) expect([key, marks(spanish.get(key) ?? '')]).toEqual([key, marks(text)]);
});
