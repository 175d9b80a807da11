import { describe, expect, it } from 'vitest';
import {
  afterDiscard,
  afterEvent,
  afterFailure,
  afterOpen,
  afterReplace,
  afterRetry,
  afterSend,
  afterTaken,
  type ChatState,
  NO_CHAT,
  withoutOldTypists,
} from '../src/chat/state.ts';
import { ApiProblem, type ChatMessage } from '../src/index.ts';
import { at, told, wireMessage } from './wire.ts';

const ana = { userId: 'ana', username: 'Ana' };
const take = (state: ChatState, ...events: ReturnType<typeof told>[]) =>
  events.reduce((now, event) => afterEvent(now, event, ana.userId, 1_000), state);
const came = (message: ChatMessage) => told('chat:message', message);
const texts = (state: ChatState) => state.messages.map((message) => message.text);
const sent = (key: string, text: string, state = NO_CHAT) => afterSend(state, { key, text }, ana, 0);
const taken = (key: string, seq: number) => ({
  messageId: `id-${seq}`,
  seq,
  timestamp: at(seq),
  clientMessageId: key,
});

describe('a message of one’s own', () => {
  const echo = came(wireMessage(7, 'ana', 'Hello', { clientMessageId: 'k' }));

  it('appears at once, on its way', () => {
    expect(sent('k', 'Hello').messages).toMatchObject([
      { key: 'k', messageId: null, status: 'sending', text: 'Hello' },
    ]);
  });

  it('is sent once, whichever of ack and echo comes first', () => {
    const ackFirst = take(afterTaken(sent('k', 'Hello'), 'k', taken('k', 7)), echo);
    const echoFirst = afterTaken(take(sent('k', 'Hello'), echo), 'k', taken('k', 7));
    for (const state of [ackFirst, echoFirst]) {
      expect(state.messages).toHaveLength(1);
      expect(state.messages).toMatchObject([{ key: 'k', messageId: 'id-7', status: 'sent', seq: 7 }]);
      expect(state.unread).toBe(0);
    }
  });

  it('takes the place that the room has given it', () => {
    let state = sent('second', 'two', sent('first', 'one'));
    state = take(state, came(wireMessage(3, 'luis', 'between')));
    expect(texts(state)).toEqual(['between', 'one', 'two']);
    state = afterTaken(state, 'first', taken('first', 2));
    expect(texts(state)).toEqual(['one', 'between', 'two']);
    state = afterTaken(state, 'second', taken('second', 5));
    expect(texts(take(state, came(wireMessage(4, 'luis', 'four'))))).toEqual([
      'one',
      'between',
      'four',
      'two',
    ]);
  });

  it('does not count as sent when somebody else’s has the same client id', () => {
    const state = take(sent('k', 'Hello'), came(wireMessage(7, 'luis', 'Other', { clientMessageId: 'k' })));
    expect(state.messages.map((message) => message.status)).toEqual(['sent', 'sending']);
  });

  it('fails with its reason, and can be sent again or given up', () => {
    const problem = new ApiProblem({ code: 'message_too_long', message: 'Too long' });
    const failed = afterFailure(sent('k', 'Hello'), 'k', problem);
    expect(failed.messages).toMatchObject([{ status: 'failed', problem }]);
    expect(afterRetry(failed, 'k').messages).toMatchObject([{ status: 'sending', problem: null }]);
    expect(afterDiscard(failed, 'k').messages).toEqual([]);
  });

  it('does not fail once it was taken', () => {
    const state = afterTaken(sent('k', 'Hello'), 'k', taken('k', 7));
    const late = afterFailure(state, 'k', new ApiProblem({ code: 'timeout', message: 'Late' }));
    expect(late.messages).toMatchObject([{ status: 'sent' }]);
    expect(afterDiscard(late, 'k').messages).toHaveLength(1);
  });
});

describe('changes of messages', () => {
  const message = came(wireMessage(1, 'luis', 'Helo'));
  const edited = told('chat:edited', { messageId: 'id-1', message: 'Hello', editedAt: at(2), seq: 2 });
  const deleted = told('chat:deleted', { messageId: 'id-1', userId: 'luis', timestamp: at(3), seq: 3 });
  const liked = told('chat:reacted', { messageId: 'id-1', userId: 'eva', reaction: '👍', on: true, seq: 4 });
  const disliked = told('chat:reacted', {
    messageId: 'id-1',
    userId: 'eva',
    reaction: '👍',
    on: false,
    seq: 5,
  });

  it('apply, and twice they are as once', () => {
    expect(take(NO_CHAT, message, edited, edited).messages).toMatchObject([
      { text: 'Hello', editedAt: at(2) },
    ]);
    expect(take(NO_CHAT, message, liked, liked).messages).toMatchObject([
      { reactions: [{ reaction: '👍', userIds: ['eva'] }] },
    ]);
    expect(take(NO_CHAT, message, liked, disliked, disliked).messages).toMatchObject([{ reactions: [] }]);
    expect(take(NO_CHAT, message, liked, deleted, deleted).messages).toMatchObject([
      { text: '', deletedBy: 'luis', reactions: [] },
    ]);
  });

  it('are not undone by the message coming again', () => {
    expect(take(NO_CHAT, message, edited, liked, message)).toEqual(take(NO_CHAT, message, edited, liked));
    expect(take(NO_CHAT, message, deleted, message, edited).messages).toMatchObject([
      { text: '', deletedBy: 'luis' },
    ]);
  });

  it('of a message that is not there do nothing', () => {
    for (const change of [edited, deleted, liked, disliked]) expect(take(NO_CHAT, change)).toBe(NO_CHAT);
  });

  it('reach one’s own message by its ack or its echo', () => {
    const ofOwn = told('chat:edited', { messageId: 'id-7', message: 'Hi', editedAt: at(8), seq: 8 });
    const state = take(afterTaken(sent('k', 'Hello'), 'k', taken('k', 7)), ofOwn);
    const echo = came(wireMessage(7, 'ana', 'Hello', { clientMessageId: 'k' }));
    expect(texts(take(state, echo))).toEqual(['Hi']);
    expect(texts(take(sent('k', 'Hello'), echo, ofOwn))).toEqual(['Hi']);
  });
});

describe('what a join brings in place of what was there', () => {
  it('keeps what is on its way, and leaves out what has arrived', () => {
    const state = sent('b', 'two', sent('a', 'one', take(NO_CHAT, came(wireMessage(1, 'luis', 'old')))));
    const next = afterReplace(state, [wireMessage(9, 'ana', 'one', { clientMessageId: 'a' })], false, 'ana');
    expect(next.messages).toMatchObject([
      { text: 'one', status: 'sent' },
      { text: 'two', status: 'sending' },
    ]);
  });

  it('counts as unread only what is new, and nothing at the first join', () => {
    const messages = [wireMessage(1, 'luis', 'a'), wireMessage(2, 'luis', 'b'), wireMessage(3, 'ana', 'c')];
    expect(afterReplace(NO_CHAT, messages, true, 'ana').unread).toBe(0);
    const open = afterOpen(take(NO_CHAT, came(wireMessage(1, 'luis', 'a'))), true);
    expect(afterReplace(afterOpen(open, false), messages, false, 'ana').unread).toBe(1);
    expect(afterReplace(open, messages, false, 'ana').unread).toBe(0);
  });
});

describe('unread', () => {
  it('counts others’ messages once each while the chat is closed', () => {
    const one = came(wireMessage(1, 'luis', 'a'));
    const state = take(NO_CHAT, one, one, came(wireMessage(2, 'ana', 'b')), came(wireMessage(3, 'eva', 'c')));
    expect(state.unread).toBe(2);
    const open = afterOpen(state, true);
    expect(open.unread).toBe(0);
    expect(take(open, came(wireMessage(4, 'luis', 'd'))).unread).toBe(0);
    expect(take(afterOpen(open, false), came(wireMessage(4, 'luis', 'd'))).unread).toBe(1);
  });
});

describe('typing', () => {
  const luis = told('typing:start', { userId: 'luis', username: 'Luis' });

  it('is shown until it stops, the message comes, the user goes, or nothing is heard of it', () => {
    const state = take(NO_CHAT, luis, luis);
    expect(state.typing).toHaveLength(1);
    expect(take(state, told('typing:stop', { userId: 'luis', username: 'Luis' })).typing).toEqual([]);
    expect(take(state, came(wireMessage(1, 'luis', 'a'))).typing).toEqual([]);
    const left = told('user:left', { userId: 'luis', username: 'Luis', timestamp: at(1), seq: 1 });
    expect(take(state, left).typing).toEqual([]);
    expect(withoutOldTypists(state, 1_000 + 7_000).typing).toEqual([]);
    expect(withoutOldTypists(state, 1_000 + 1_000)).toBe(state);
  });

  it('is not shown of oneself', () => {
    expect(take(NO_CHAT, told('typing:start', { userId: 'ana', username: 'Ana' }))).toBe(NO_CHAT);
  });
});
