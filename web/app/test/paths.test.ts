import { describe, expect, it } from 'vitest';
import { meetingPath } from '../src/pages/home/code.ts';
import { deviceOf } from '../src/pages/security/device.ts';
import { nextPath, withNext } from '../src/session/next.ts';

describe('a link or a code that somebody was given', () => {
  it.each([
    ['https://meet.example.com/meetings/a-B_9', '/meetings/a-B_9'],
    ['https://meet.example.com/meetings/a-B_9/room?x=1#y', '/meetings/a-B_9'],
    ['meet.example.com/meetings/abc', '/meetings/abc'],
    ['https://meet.example.com/m/abcd-efgh-jkmn', '/m/abcd-efgh-jkmn'],
    ['abcd-efgh-jkmn', '/m/abcd-efgh-jkmn'],
    ['ABCDEFGHJKMN', '/m/abcd-efgh-jkmn'],
    ['  6f1c2d3e-0000-4000-8000-000000000000 ', '/meetings/6f1c2d3e-0000-4000-8000-000000000000'],
  ])('%s leads to %s', (text, path) => expect(meetingPath(text)).toBe(path));

  it.each(['', 'two words', 'https://meet.example.com/', 'https://', 'javascript:alert(1)'])(
    '%s leads nowhere',
    (text) => expect(meetingPath(text)).toBeNull(),
  );
});

describe('where to go after a login', () => {
  it('is a path of this app', () => {
    expect(nextPath(new URLSearchParams({ next: '/meetings/a?b=c' }))).toBe('/meetings/a?b=c');
    expect(withNext('/signup', new URLSearchParams({ next: '/a' }))).toBe('/signup?next=%2Fa');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
    'is never %s',
    (next) => expect(nextPath(new URLSearchParams({ next }))).toBe('/meetings'),
  );
});

describe('a device', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
  it.each([
    [chrome, 'Chrome · Windows', false],
    [`${chrome} Edg/140.0`, 'Edge · Windows', false],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Linux', false],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari · iPhone',
      true,
    ],
    ['curl/8.9', 'curl/8.9', false],
    [null, null, false],
  ])('%s is called %s', (userAgent, name, mobile) => expect(deviceOf(userAgent)).toEqual({ name, mobile }));
});
