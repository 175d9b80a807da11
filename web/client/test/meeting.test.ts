import { describe, expect, it } from 'vitest';
import { LogPosition, missed } from '../src/meeting/log.ts';
import {
  afterEvent,
  afterJoin,
  afterVote,
  hosts,
  type MeetingState,
  NOT_JOINED,
  withoutOldReactions,
} from '../src/meeting/state.ts';
import type { Told } from '../src/socket/events.ts';
import { at, told, wireJoined, wireMessage } from './wire.ts';

const take = (state: MeetingState, ...events: Told[]) =>
  events.reduce((now, event) => afterEvent(now, event, 1_000), state);
const moved = (userId: string, seq: number) => ({ userId, username: userId, timestamp: at(seq), seq });
const joined = afterJoin(NOT_JOINED, wireJoined());

describe('a meeting’s picture', () => {
  it('is the join’s, whatever was there before', () => {
    const before = take(joined, told('hand:raised', moved('luis', 1)), told('user:joined', moved('luis', 2)));
    expect(afterJoin(before, wireJoined())).toEqual(joined);
    expect(joined).toMatchObject({ phase: 'in', live: true, hostId: 'ana' });
  });

  it('follows who comes and goes', () => {
    const came = told('user:joined', moved('luis', 1));
    expect(take(joined, came, came).participants).toHaveLength(1);
    expect(take(joined, came, told('user:left', moved('luis', 2))).participants).toEqual([]);
  });

  it('keeps hands in the order they were raised', () => {
    const [luis, eva] = [told('hand:raised', moved('luis', 1)), told('hand:raised', moved('eva', 2))];
    expect(take(joined, luis, eva, luis).hands.map((hand) => hand.userId)).toEqual(['luis', 'eva']);
    expect(take(joined, luis, eva, told('hand:lowered', moved('luis', 3))).hands).toHaveLength(1);
  });

  it('knows who presents', () => {
    const state = take(
      joined,
      told('screen:started', moved('luis', 1)),
      told('screen:started', moved('eva', 2)),
    );
    expect(take(state, told('screen:stopped', moved('luis', 3))).presenter).toBe('eva');
    expect(take(state, told('screen:stopped', moved('eva', 3))).presenter).toBeNull();
  });

  it('counts polls, and keeps what one has chosen', () => {
    const poll = {
      pollId: 'p',
      question: 'When?',
      options: ['now', 'later'],
      multiple: false,
      counts: [0, 0],
      voters: 0,
      closed: false,
      seq: 1,
    };
    const opened = told('poll:opened', poll);
    const counted = told('poll:counted', { ...poll, counts: [1, 0], voters: 1, seq: 2 });
    const state = take(afterVote(take(joined, opened), 'p', [0]), counted, opened);
    expect(state.polls).toMatchObject([{ counts: [1, 0], voters: 1, choices: [0] }]);
    const closed = take(
      state,
      told('poll:closed', { ...poll, counts: [1, 0], voters: 1, closed: true, seq: 3 }),
    );
    expect(closed.polls).toMatchObject([{ closed: true, choices: [0] }]);
  });

  it('knows whether one hosts', () => {
    expect(hosts(joined, 'ana')).toBe(true);
    expect(hosts(joined, 'luis')).toBe(false);
    expect(hosts(take(joined, told('meeting:roles', { hostId: 'ana', coHosts: ['luis'] })), 'luis')).toBe(
      true,
    );
  });

  it('shows reactions for a moment, each of them', () => {
    const reacted = told('reaction:sent', { userId: 'luis', username: 'Luis', reaction: '🎉' });
    const state = take(joined, reacted, reacted);
    expect(new Set(state.reactions.map((reaction) => reaction.id)).size).toBe(2);
    expect(withoutOldReactions(state, 2_000)).toBe(state);
    expect(withoutOldReactions(state, 7_000).reactions).toEqual([]);
  });

  it('takes whoever comes into the call for muted, with video off', () => {
    const peer = { ...moved('luis', 1), peerId: 'a' };
    const state = take(joined, told('call:peer-joined', peer));
    expect(state.call).toMatchObject([{ userId: 'luis', isMuted: true, isVideoOn: false }]);
    const heard = take(state, told('call:mute-status', { ...moved('luis', 2), isMuted: false }));
    expect(heard.call).toMatchObject([{ isMuted: false }]);
    // Back by another end: the old one's leaving, told late, does not take the new one away.
    const again = take(heard, told('call:peer-joined', { ...peer, peerId: 'b', seq: 3 }));
    expect(take(again, told('call:peer-left', { ...peer, seq: 4 })).call).toMatchObject([
      { peerId: 'b', isMuted: true },
    ]);
  });

  it('is empty after a removal and after the end, which say so', () => {
    expect(take(joined, told('meeting:removed', { timestamp: at(1) }))).toEqual({
      ...NOT_JOINED,
      phase: 'removed',
    });
    const ended = take(joined, told('meeting:ended', { reason: 'completed', timestamp: at(1) }));
    expect(ended).toEqual({ ...NOT_JOINED, phase: 'ended', endReason: 'completed' });
  });
});

describe('what was missed', () => {
  const events: Told[] = [
    told('hand:raised', moved('luis', 4)),
    told('hand:lowered', moved('luis', 6)),
    told('chat:edited', { messageId: 'id-5', message: 'new', editedAt: at(7), seq: 7 }),
  ];
  const recovered = wireJoined({
    recovered: true,
    first: false,
    seq: 7,
    messages: [wireMessage(5, 'luis', 'old')],
    events,
  });

  it('comes in the order in which it happened', () => {
    expect(missed(recovered).map(({ event }) => event)).toEqual([
      'hand:raised',
      'chat:message',
      'hand:lowered',
      'chat:edited',
    ]);
  });

  it('is taken once', () => {
    const position = new LogPosition();
    position.reached(wireJoined({ seq: 3 }));
    expect(position.resume).toEqual({ epoch: 'e1', since: 3 });
    expect(missed(recovered).filter((one) => position.admits(one))).toHaveLength(4);
    expect(missed(recovered).filter((one) => position.admits(one))).toHaveLength(0);
    position.reached(recovered);
    expect(position.resume).toEqual({ epoch: 'e1', since: 7 });
    expect(missed(recovered).filter((one) => position.admits(one))).toHaveLength(0);
  });

  it('counts anew in another epoch', () => {
    const position = new LogPosition();
    position.reached(wireJoined({ seq: 30 }));
    position.reached(wireJoined({ epoch: 'e2', seq: 2 }));
    expect(position.resume).toEqual({ epoch: 'e2', since: 2 });
    expect(position.admits(told('hand:raised', moved('luis', 3)))).toBe(true);
  });
});

describe('a place in the log', () => {
  it('may be told by several events, each once', () => {
    const position = new LogPosition();
    const left = told('user:left', moved('luis', 4));
    const stopped = told('screen:stopped', moved('luis', 4));
    expect([left, stopped, left, stopped].map((one) => position.admits(one))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('is not asked of what has none, nor of the call', () => {
    const position = new LogPosition();
    position.reached(wireJoined({ seq: 9 }));
    const typing = told('typing:start', { userId: 'luis', username: 'Luis' });
    const peer = told('call:peer-joined', { ...moved('luis', 4), peerId: 'a' });
    for (const one of [typing, peer, typing, peer]) expect(position.admits(one)).toBe(true);
    expect(position.resume).toEqual({ epoch: 'e1', since: 9 });
  });
});
