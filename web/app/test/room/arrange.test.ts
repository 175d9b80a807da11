import { describe, expect, it } from 'vitest';
import type { Seat } from '../../src/pages/room/seats.ts';
import { arrange } from '../../src/pages/room/stage/arrange.ts';

const seat = (userId: string, change: Partial<Seat> = {}): Seat => ({
  userId,
  username: userId,
  picture: null,
  self: false,
  guest: false,
  role: null,
  inCall: true,
  isMuted: true,
  isVideoOn: false,
  camera: null,
  screen: null,
  speaking: false,
  handRaised: false,
  presenting: false,
  quality: 'good',
  connection: 'connected',
  ...change,
});
const wishes = { view: 'grid', pinned: null, activeSpeaker: null } as const;
const me = seat('me', { self: true });
const screen = {} as MediaStream;

describe('arrange', () => {
  it('shows all alike, without who is not in the call', () => {
    const { large, others } = arrange([me, seat('ana'), seat('luis', { inCall: false })], wishes);
    expect(large).toBeNull();
    expect(others.map(({ userId }) => userId)).toEqual(['me', 'ana']);
  });

  it('shows who speaks large, and somebody else while nobody has spoken', () => {
    const seats = [me, seat('ana'), seat('luis')];
    const speaker = { ...wishes, view: 'speaker' } as const;
    expect(arrange(seats, { ...speaker, activeSpeaker: 'luis' }).large?.seat.userId).toBe('luis');
    expect(arrange(seats, speaker).large?.seat.userId).toBe('ana');
    expect(arrange([me], speaker).large).toBeNull();
  });

  it('shows a screen large, and whoever is pinned even before it', () => {
    const seats = [me, seat('ana', { presenting: true, screen }), seat('luis')];
    const { large, others } = arrange(seats, wishes);
    expect(large).toMatchObject({ kind: 'screen', seat: { userId: 'ana' } });
    expect(others).toHaveLength(3);
    expect(arrange(seats, { ...wishes, pinned: 'luis' }).large).toMatchObject({ kind: 'person' });
  });

  it('does not show one the own screen, in which it would be again', () => {
    expect(arrange([{ ...me, presenting: true, screen }, seat('ana')], wishes).large).toBeNull();
  });

  it('says how many find no place, and keeps who speaks', () => {
    const seats = [me, ...Array.from({ length: 40 }, (_, place) => seat(`user-${place}`))];
    const { others, more } = arrange(seats, { ...wishes, activeSpeaker: 'user-39' });
    expect(others.length + more).toBe(41);
    expect(others.slice(0, 2).map(({ userId }) => userId)).toEqual(['me', 'user-39']);
  });
});
