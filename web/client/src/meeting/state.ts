import type { CallPeer } from '../contract/CallPeer.ts';
import type { EndReason } from '../contract/EndReason.ts';
import type { Joined } from '../contract/Joined.ts';
import type { OwnPoll } from '../contract/OwnPoll.ts';
import type { Participant } from '../contract/Participant.ts';
import type { Poll } from '../contract/Poll.ts';
import type { RaisedHand } from '../contract/RaisedHand.ts';
import type { UserId } from '../contract/UserId.ts';
import type { WaitingUser } from '../contract/WaitingUser.ts';
import type { ApiProblem } from '../problem.ts';
import type { Told } from '../socket/events.ts';

const REACTION_SHOWN_MS = 5_000;
const REACTIONS_SHOWN = 50;

export type Phase =
  /** Not asked for, or left. */
  | 'idle'
  | 'joining'
  /** In the lobby: a host lets one in, or does not. */
  | 'waiting'
  | 'in'
  /** A host has not let one in; `join` asks again. */
  | 'denied'
  /** Not let in: `problem` says why. `join` tries again, with a passcode where one is needed. */
  | 'refused'
  /** A host has removed one. */
  | 'removed'
  | 'ended';

/** A reaction of the moment, for as long as it is shown. */
export interface Reaction {
  id: number;
  userId: UserId;
  username: string;
  reaction: string;
  until: number;
}

export interface MeetingState {
  phase: Phase;
  /** Why one is `refused`. */
  problem: ApiProblem | null;
  /** Why it `ended`, where that was told. */
  endReason: EndReason | null;
  /** Whether what is shown is how things are now: false while the connection is away. */
  live: boolean;
  /** In the order they came. */
  participants: Participant[];
  hostId: UserId | null;
  coHosts: UserId[];
  locked: boolean;
  /** In the order they were raised. */
  hands: RaisedHand[];
  presenter: UserId | null;
  /** The earliest first, with what one has chosen oneself. */
  polls: OwnPoll[];
  /** Who waits to be let in; hosts see it. */
  lobby: WaitingUser[];
  /** Who is in the call: as it was at the join, and live for who is in it too. */
  call: CallPeer[];
  reactions: Reaction[];
}

export const NOT_JOINED: MeetingState = {
  phase: 'idle',
  problem: null,
  endReason: null,
  live: false,
  participants: [],
  hostId: null,
  coHosts: [],
  locked: false,
  hands: [],
  presenter: null,
  polls: [],
  lobby: [],
  call: [],
  reactions: [],
};

/** The picture that a join answers stands in place of any before. */
export function afterJoin(state: MeetingState, { participants, state: room }: Joined): MeetingState {
  const { waiting, ...shown } = room;
  return { ...state, ...shown, lobby: waiting, participants, phase: 'in', problem: null, live: true };
}

export function afterEvent(state: MeetingState, told: Told, now: number): MeetingState {
  switch (told.event) {
    case 'users:online':
      return { ...state, participants: told.data.participants };
    case 'user:joined': {
      const { userId, username, timestamp } = told.data;
      if (state.participants.some((one) => one.userId === userId)) return state;
      return { ...state, participants: [...state.participants, { userId, username, joinedAt: timestamp }] };
    }
    case 'user:left':
      return { ...state, participants: without(state.participants, told.data.userId) };
    case 'hand:raised': {
      const { userId, timestamp } = told.data;
      if (state.hands.some((hand) => hand.userId === userId)) return state;
      return { ...state, hands: [...state.hands, { userId, since: timestamp }] };
    }
    case 'hand:lowered':
      return { ...state, hands: without(state.hands, told.data.userId) };
    case 'screen:started':
      return { ...state, presenter: told.data.userId };
    case 'screen:stopped':
      return state.presenter === told.data.userId ? { ...state, presenter: null } : state;
    case 'meeting:locked':
      return { ...state, locked: true };
    case 'meeting:unlocked':
      return { ...state, locked: false };
    case 'meeting:roles':
      return { ...state, hostId: told.data.hostId, coHosts: told.data.coHosts };
    case 'lobby:waiting':
      return { ...state, lobby: told.data.waiting };
    case 'poll:opened':
    case 'poll:counted':
    case 'poll:closed':
      return { ...state, polls: withPoll(state.polls, told.data) };
    case 'reaction:sent': {
      const { userId, username, reaction } = told.data;
      const id = (state.reactions.at(-1)?.id ?? 0) + 1;
      const shown = { id, userId, username, reaction, until: now + REACTION_SHOWN_MS };
      return { ...state, reactions: [...state.reactions, shown].slice(-REACTIONS_SHOWN) };
    }
    case 'call:peers-list':
      // It comes without oneself.
      return { ...state, call: told.data.participants };
    case 'call:peer-joined': {
      const { userId, peerId, username, timestamp } = told.data;
      const peer = { userId, peerId, username, isMuted: true, isVideoOn: false, joinedAt: timestamp };
      return { ...state, call: [...without(state.call, userId), peer] };
    }
    case 'call:peer-left':
      return { ...state, call: state.call.filter((peer) => peer.peerId !== told.data.peerId) };
    case 'call:mute-status':
      return { ...state, call: withPeer(state.call, told.data.userId, { isMuted: told.data.isMuted }) };
    case 'call:video-status':
      return { ...state, call: withPeer(state.call, told.data.userId, { isVideoOn: told.data.isVideoOn }) };
    case 'meeting:removed':
      return { ...NOT_JOINED, phase: 'removed' };
    case 'meeting:ended':
      return { ...NOT_JOINED, phase: 'ended', endReason: told.data.reason };
    default:
      return state;
  }
}

/** What one has chosen from now on. */
export function afterVote(state: MeetingState, pollId: string, choices: number[]): MeetingState {
  return {
    ...state,
    polls: state.polls.map((poll) => (poll.pollId === pollId ? { ...poll, choices } : poll)),
  };
}

export function withoutOldReactions(state: MeetingState, now: number): MeetingState {
  const reactions = state.reactions.filter((reaction) => reaction.until > now);
  return reactions.length === state.reactions.length ? state : { ...state, reactions };
}

export function hosts(state: MeetingState, userId: UserId): boolean {
  return state.hostId === userId || state.coHosts.includes(userId);
}

function without<T extends { userId: UserId }>(list: T[], userId: UserId): T[] {
  return list.filter((one) => one.userId !== userId);
}

function withPeer(peers: CallPeer[], userId: UserId, change: Partial<CallPeer>): CallPeer[] {
  return peers.map((peer) => (peer.userId === userId ? { ...peer, ...change } : peer));
}

function withPoll(polls: OwnPoll[], poll: Poll): OwnPoll[] {
  const held = polls.find((one) => one.pollId === poll.pollId);
  if (!held) return [...polls, { ...poll, choices: [] }];
  if (held.seq >= poll.seq) return polls;
  return polls.map((one) => (one === held ? { ...poll, choices: held.choices } : one));
}
