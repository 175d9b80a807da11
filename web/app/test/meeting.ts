import type { MeetingBody } from '@plenum/client';

/** A meeting as the server tells of it, with what a test cares for. */
export function meeting(differing: Partial<MeetingBody> = {}): MeetingBody {
  return {
    meetingId: 'abc',
    id: 'abc',
    hostId: 'ana',
    title: 'Planning',
    description: '',
    date: '2030-01-31',
    time: '10:00',
    timeZone: 'UTC',
    startsAt: '2030-01-31T10:00:00.000Z',
    estimatedDuration: 60,
    maxParticipants: 10,
    participants: ['ana'],
    activeParticipants: 0,
    createdAt: '2030-01-01T00:00:00.000Z',
    updatedAt: '2030-01-01T00:00:00.000Z',
    status: 'active',
    code: 'abcd-efgh-jkmn',
    coHosts: [],
    waitingRoom: false,
    guestsAllowed: false,
    hasPasscode: false,
    ...differing,
  };
}
