import { expect, it } from 'vitest';
import { csvOf } from '../src/pages/report/csv.ts';

it('writes a line for each visit, and no formulas of others', () => {
  const visit = { joinedAt: '2030-01-31T09:30:00.000Z', leftAt: null };
  const person = (username: string) => ({
    userId: username,
    username,
    guest: true,
    seconds: 60,
    visits: [visit],
  });
  const csv = csvOf({
    meetingId: 'one',
    title: 'One',
    beganAt: visit.joinedAt,
    endedAt: null,
    people: [person('=HYPERLINK("x")'), person('Díaz, Ana')],
  });
  expect(csv).toBe(
    '\uFEFFname,guest,joined,left\r\n' +
      `"'=HYPERLINK(""x"")",yes,${visit.joinedAt},\r\n` +
      `"Díaz, Ana",yes,${visit.joinedAt},\r\n`,
  );
});
