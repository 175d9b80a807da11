import type { MeetingReport } from '@plenum/client';

/** Every visit as a line of CSV (RFC 4180), with a mark that it is UTF-8, which spreadsheets want. */
export function csvOf({ people }: MeetingReport): string {
  const rows = people.flatMap(({ username, guest, visits }) =>
    visits.map(({ joinedAt, leftAt }) => [username, guest ? 'yes' : 'no', joinedAt, leftAt ?? '']),
  );
  const lines = [['name', 'guest', 'joined', 'left'], ...rows].map((row) => row.map(field).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

/** Names are what others typed: spreadsheets would take some beginnings for formulas. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
