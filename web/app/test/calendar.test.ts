import { expect, it } from 'vitest';
import { calendarFile, googleCalendar } from '../src/data/calendar.ts';
import { meeting } from './meeting.ts';

const link = 'https://meet.example.com/meetings/abc';

it('writes a calendar file that keeps what people typed', () => {
  const file = calendarFile(meeting({ title: 'Ends; begins, ends', description: 'One\nTwo' }), link);
  expect(file).toContain('DTSTART:20300131T100000Z\r\nDTEND:20300131T110000Z\r\n');
  expect(file).toContain('SUMMARY:Ends\\; begins\\, ends\r\n');
  expect(file).toContain(`DESCRIPTION:One\\nTwo\\n\\n${link}`);
  expect(file.endsWith('END:VCALENDAR\r\n')).toBe(true);
});

it('folds lines at 75 bytes without cutting a letter', () => {
  const title = 'ñandú 🦤 '.repeat(40);
  const file = calendarFile(meeting({ title }), link);
  for (const line of file.split('\r\n'))
    expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
  expect(file.replaceAll('\r\n ', '')).toContain(`SUMMARY:${title}\r\n`);
});

it('tells Google the same times', () => {
  expect(googleCalendar(meeting(), link)).toContain('dates=20300131T100000Z%2F20300131T110000Z');
});
