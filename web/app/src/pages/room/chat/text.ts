export interface Part {
  text: string;
  href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/gi;
/** What follows an address in a sentence, and is not of it. */
const TRAILING = /[.,;:!?…»”’*_~]+$/;

/** A text in parts, those that are addresses as links. Nothing but http and https becomes one. */
export function linkified(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = trimmed(found[0]);
    if (!URL.canParse(address)) continue;
    if (found.index > end) parts.push({ text: text.slice(end, found.index) });
    parts.push({ text: address, href: new URL(address).href });
    end = found.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

function trimmed(address: string): string {
  let kept = address;
  for (;;) {
    const without = kept.replace(TRAILING, '');
    // A bracket closes the sentence's, unless the address has opened it.
    const last = without.at(-1);
    const opened = last === ')' ? '(' : last === ']' ? '[' : null;
    const next =
      opened && count(without, opened) < count(without, last as string) ? without.slice(0, -1) : without;
    if (next === kept) return kept;
    kept = next;
  }
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

/** How many characters the server counts. */
export function lengthOf(text: string): number {
  return [...text.trim()].length;
}
