import { describe, expect, it } from 'vitest';
import { lengthOf, linkified } from '../../src/pages/room/chat/text.ts';

const links = (text: string) => linkified(text).flatMap(({ href }) => href ?? []);

describe('linkified', () => {
  it('keeps every letter of the text', () => {
    const text = 'See https://example.org/a?b=1#c, or (http://example.com/x_(y)).\nBye!';
    expect(
      linkified(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it('takes addresses without the sentence around them', () => {
    expect(links('Go to https://example.org/a, please.')).toEqual(['https://example.org/a']);
    expect(links('(see https://example.org/a_(b))')).toEqual(['https://example.org/a_(b)']);
    expect(links('“https://example.org”')).toEqual(['https://example.org/']);
  });

  it('makes no link of what could run or mislead', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://example.org file:///etc/passwd')).toEqual([]);
    expect(links('xhttps://example.org and https://')).toEqual([]);
  });
});

describe('lengthOf', () => {
  it('counts characters, not the halves of them', () => {
    expect(lengthOf('  👍🏽 ')).toBe(2);
    expect(lengthOf('año')).toBe(3);
  });
});
