import type { Call, LinkState, Meeting, Participant, Quality } from '@plenum/client';

export type Role = 'host' | 'coHost';

/** Somebody in the meeting, with all that is shown of them. */
export interface Seat {
  userId: string;
  username: string;
  picture: string | null;
  self: boolean;
  guest: boolean;
  role: Role | null;
  inCall: boolean;
  isMuted: boolean;
  isVideoOn: boolean;
  camera: MediaStream | null;
  screen: MediaStream | null;
  speaking: boolean;
  handRaised: boolean;
  presenting: boolean;
  quality: Quality;
  connection: LinkState;
}

type RoomOf = Pick<Meeting, 'self' | 'hostId' | 'coHosts' | 'hands' | 'presenter' | 'call'> & {
  participants: (Participant & { guest?: boolean })[];
};
type CallOf = Pick<
  Call,
  'phase' | 'peers' | 'isMuted' | 'isVideoOn' | 'camera' | 'screen' | 'speaking' | 'isSharing'
>;

/** Where somebody's picture is. */
export type Pictures = ReadonlyMap<string, string | null>;

/** Everybody in the meeting: oneself first, then the others in the order they came. */
export function seatsOf(meeting: RoomOf, call: CallOf, pictures: Pictures): Seat[] {
  const { self, participants, hands } = meeting;
  const others = participants.filter(({ userId }) => userId !== self.userId);
  const own = participants.find(({ userId }) => userId === self.userId);
  const peers = new Map(call.peers.map((peer) => [peer.userId, peer]));
  const inCall = new Map(meeting.call.map((peer) => [peer.userId, peer]));
  const raised = new Set(hands.map(({ userId }) => userId));

  const common = (userId: string, guest: boolean | undefined) => ({
    userId,
    picture: pictures.get(userId) ?? null,
    guest: guest ?? false,
    role: roleOf(meeting, userId),
    handRaised: raised.has(userId),
    presenting: meeting.presenter === userId,
  });

  return [
    {
      ...common(self.userId, own?.guest),
      username: own?.username ?? self.username,
      self: true,
      inCall: call.phase === 'in' || call.phase === 'joining',
      isMuted: call.isMuted,
      isVideoOn: call.isVideoOn,
      camera: call.camera,
      screen: call.screen,
      speaking: call.speaking,
      quality: 'unknown',
      connection: 'connected',
    },
    ...others.map(({ userId, username, guest }): Seat => {
      const peer = peers.get(userId);
      const told = peer ?? inCall.get(userId);
      return {
        ...common(userId, guest),
        username,
        self: false,
        inCall: told !== undefined,
        isMuted: told?.isMuted ?? true,
        isVideoOn: told?.isVideoOn ?? false,
        camera: peer?.camera ?? null,
        screen: peer?.screen ?? null,
        speaking: peer?.speaking ?? false,
        quality: peer?.quality ?? 'unknown',
        connection: peer?.connection ?? 'connected',
      };
    }),
  ];
}

function roleOf({ hostId, coHosts }: Pick<Meeting, 'hostId' | 'coHosts'>, userId: string): Role | null {
  if (userId === hostId) return 'host';
  return coHosts.includes(userId) ? 'coHost' : null;
}
