import type { MeetingBody } from '@plenum/client';
import { endsAt } from './times.ts';

/** What one sends to who should come. */
export function meetingLink({ code, meetingId }: MeetingBody): string {
  return `${location.origin}${code ? `/m/${code}` : `/meetings/${meetingId}`}`;
}

/** The meeting as an iCalendar file (RFC 5545). */
export function calendarFile(meeting: MeetingBody, link: string): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Plenum//Plenum//EN',
    'BEGIN:VEVENT',
    `UID:${meeting.meetingId}@plenum`,
    `DTSTAMP:${stamp(meeting.updatedAt)}`,
    `DTSTART:${stamp(meeting.startsAt)}`,
    `DTEND:${stamp(endsAt(meeting))}`,
    `SUMMARY:${escaped(meeting.title)}`,
    `DESCRIPTION:${escaped([meeting.description, link].filter(Boolean).join('\n\n'))}`,
    `LOCATION:${escaped(link)}`,
    `URL:${link}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

/** Where Google's calendar offers to take the meeting in. */
export function googleCalendar(meeting: MeetingBody, link: string): string {
  const query = new URLSearchParams({
    action: 'TEMPLATE',
    text: meeting.title,
    dates: `${stamp(meeting.startsAt)}/${stamp(endsAt(meeting))}`,
    details: [meeting.description, link].filter(Boolean).join('\n\n'),
    location: link,
  });
  return `https://calendar.google.com/calendar/render?${query}`;
}

export function downloadCalendarFile(meeting: MeetingBody, link: string): void {
  const address = URL.createObjectURL(new Blob([calendarFile(meeting, link)], { type: 'text/calendar' }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = 'meeting.ics';
  anchor.click();
  URL.revokeObjectURL(address);
}

function stamp(instant: string | Date): string {
  return new Date(instant).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
}

/** A line may have 75 bytes; what follows stands behind a space on the next. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  const parts: string[] = [];
  let part = '';
  let size = 0;
  for (const letter of line) {
    const bytes = encoder.encode(letter).length;
    if (size + bytes > 74) {
      parts.push(part);
      part = '';
      size = 0;
    }
    part += letter;
    size += bytes;
  }
  return [...parts, part].join('\r\n ');
}
