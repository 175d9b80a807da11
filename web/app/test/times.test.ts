import { describe, expect, it } from 'vitest';
import { agenda, isNear, isOver, nextHalfHour } from '../src/data/times.ts';
import { meeting } from './meeting.ts';

const hours = (count: number, from: Date) => new Date(from.getTime() + count * 3_600_000).toISOString();

describe('agenda', () => {
  const now = new Date(2030, 0, 31, 12, 0);
  const at = (title: string, offset: number, more = {}) =>
    meeting({ title, startsAt: hours(offset, now), ...more });
  const titles = (meetings: { title: string }[]) => meetings.map(({ title }) => title);

  it('puts meetings where somebody looks for them, in the order in which they come', () => {
    const { today, upcoming, past } = agenda(
      [
        at('tomorrow', 20),
        at('evening', 8),
        at('next week', 170),
        at('soon', 1),
        at('over', -3),
        at('long over', -90),
      ],
      now,
    );
    expect(titles(today)).toEqual(['soon', 'evening']);
    expect(titles(upcoming)).toEqual(['tomorrow', 'next week']);
    expect(titles(past)).toEqual(['over', 'long over']);
  });

  it('shows what goes on as today, whenever it was to begin', () => {
    const { today } = agenda(
      [at('early', 50, { activeParticipants: 2 }), at('late', -30, { activeParticipants: 1 })],
      now,
    );
    expect(titles(today)).toEqual(['late', 'early']);
  });

  it('takes the word of the host that one is over', () => {
    const { past } = agenda(
      [at('off', 5, { status: 'cancelled', activeParticipants: 1 }), at('done', 5, { status: 'completed' })],
      now,
    );
    expect(past).toHaveLength(2);
  });
});

describe('a meeting', () => {
  const start = new Date('2030-01-31T10:00:00.000Z');
  it('is over when its time has passed and nobody is there', () => {
    expect(isOver(meeting(), new Date(hours(0.99, start)))).toBe(false);
    expect(isOver(meeting(), new Date(hours(1.01, start)))).toBe(true);
    expect(isOver(meeting({ activeParticipants: 1 }), new Date(hours(1.01, start)))).toBe(false);
  });

  it('is near from an hour before', () => {
    expect(isNear(meeting(), new Date(hours(-2, start)))).toBe(false);
    expect(isNear(meeting(), new Date(hours(-0.5, start)))).toBe(true);
  });
});

describe('the next half hour', () => {
  it('is later than now, also across midnight', () => {
    expect(nextHalfHour(new Date(2030, 0, 31, 9, 1))).toEqual({ date: '2030-01-31', time: '09:30' });
    expect(nextHalfHour(new Date(2030, 0, 31, 9, 30))).toEqual({ date: '2030-01-31', time: '10:00' });
    expect(nextHalfHour(new Date(2030, 0, 31, 23, 45))).toEqual({ date: '2030-02-01', time: '00:00' });
  });
});
