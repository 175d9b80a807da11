import { describe, expect, it } from 'vitest';
import { seatsOf } from '../../src/pages/room/seats.ts';

const person = (userId: string, guest = false) => ({
  userId,
  username: userId,
  joinedAt: '2030-01-31T09:30:00.000Z',
  guest,
});
const peer = (userId: string) => ({ ...person(userId), peerId: userId, isMuted: false, isVideoOn: true });

const meeting = {
  self: { userId: 'me', username: 'Me' },
  participants: [person('ana'), person('me'), person('luis', true)],
  hostId: 'ana',
  coHosts: ['me'],
  hands: [{ userId: 'luis', since: '' }],
  presenter: 'ana',
  call: [peer('ana')],
};
const call = {
  phase: 'in',
  peers: [],
  isMuted: false,
  isVideoOn: false,
  camera: null,
  screen: null,
  speaking: true,
  isSharing: false,
} as const;

describe('seatsOf', () => {
  const seats = seatsOf(meeting, { ...call, peers: [] }, new Map([['ana', '/ana']]));

  it('puts oneself first, and the others as they came', () => {
    expect(seats.map(({ userId }) => userId)).toEqual(['me', 'ana', 'luis']);
    expect(seats[0]).toMatchObject({ self: true, role: 'coHost', inCall: true, speaking: true });
  });

  it('knows who is in the call before they are heard, and who is not', () => {
    expect(seats[1]).toMatchObject({
      inCall: true,
      isMuted: false,
      role: 'host',
      presenting: true,
      picture: '/ana',
    });
    expect(seats[2]).toMatchObject({ inCall: false, isMuted: true, guest: true, handRaised: true });
  });
});
