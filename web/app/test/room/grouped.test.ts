import type { Message } from '@plenum/client';
import { describe, expect, it } from 'vitest';
import { firstUnread, grouped } from '../../src/pages/room/chat/grouped.ts';

const message = (key: string, userId: string, minute: number, toUserId: string | null = null): Message => ({
  key,
  messageId: key,
  userId,
  username: userId,
  text: key,
  timestamp: new Date(Date.UTC(2030, 0, 1, 9, minute)).toISOString(),
  status: 'sent',
  problem: null,
  replyTo: null,
  toUserId,
  editedAt: null,
  deletedBy: null,
  reactions: [],
  seq: minute,
});
const keys = (messages: Message[], firstNew: string | null = null) =>
  grouped(messages, firstNew).map((group) => group.messages.map(({ key }) => key).join(' '));

describe('grouped', () => {
  it('puts together what one person says in a row', () => {
    const said = [message('a', 'ana', 0), message('b', 'ana', 1), message('c', 'luis', 2)];
    expect(keys(said)).toEqual(['a b', 'c']);
  });

  it('parts what is private, what came later, and what is new', () => {
    expect(keys([message('a', 'ana', 0), message('b', 'ana', 0, 'luis')])).toEqual(['a', 'b']);
    expect(keys([message('a', 'ana', 0), message('b', 'ana', 9)])).toEqual(['a', 'b']);
    expect(keys([message('a', 'ana', 0), message('b', 'ana', 1)], 'b')).toEqual(['a', 'b']);
  });
});

describe('firstUnread', () => {
  it('is the first of what others have said since', () => {
    const said = [
      message('a', 'ana', 0),
      message('b', 'ana', 1),
      message('c', 'me', 2),
      message('d', 'ana', 3),
    ];
    expect(firstUnread(said, 2, 'me')).toBe('b');
    expect(firstUnread(said, 0, 'me')).toBeNull();
    expect(firstUnread(said, 99, 'me')).toBe('a');
  });
});
