import type { Message } from '@plenum/client';

export interface Group {
  key: string;
  userId: string;
  username: string;
  toUserId: string | null;
  timestamp: string;
  messages: Message[];
}

const TOGETHER_MS = 5 * 60_000;

/** Messages of one person in a row, to the same people and soon after each other, stand together. */
export function grouped(messages: Message[], firstNew: string | null): Group[] {
  const groups: Group[] = [];
  for (const message of messages) {
    const group = groups.at(-1);
    const before = group?.messages.at(-1);
    const together =
      group !== undefined &&
      before !== undefined &&
      group.userId === message.userId &&
      group.toUserId === message.toUserId &&
      message.key !== firstNew &&
      Date.parse(message.timestamp) - Date.parse(before.timestamp) < TOGETHER_MS;
    if (together) group.messages.push(message);
    else {
      const { key, userId, username, toUserId, timestamp } = message;
      groups.push({ key, userId, username, toUserId, timestamp, messages: [message] });
    }
  }
  return groups;
}

/** The first of the latest `unread` messages of others. */
export function firstUnread(messages: Message[], unread: number, self: string): string | null {
  if (unread === 0) return null;
  const others = messages.filter((message) => message.userId !== self && message.messageId !== null);
  return others.at(-unread)?.key ?? others[0]?.key ?? null;
}
