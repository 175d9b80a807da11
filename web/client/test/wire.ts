import type { ChatMessage, Joined } from '../src/index.ts';
import type { ServerEvent, ServerEvents, Told } from '../src/socket/events.ts';

/** What the server would send. */
export const meetingId = 'm1';
export const at = (seconds: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, seconds)).toISOString();

export function told<E extends ServerEvent>(event: E, data: Omit<ServerEvents[E], 'meetingId'>): Told {
  return { event, data: { meetingId, ...data } } as unknown as Told;
}

export function wireMessage(
  seq: number,
  userId: string,
  message: string,
  more: Partial<ChatMessage> = {},
): ChatMessage {
  return {
    messageId: `id-${seq}`,
    meetingId,
    userId,
    username: userId,
    message,
    timestamp: at(seq),
    seq,
    ...more,
  };
}

export function wireJoined(more: Partial<Joined> = {}): Joined {
  const state = {
    hostId: 'ana',
    coHosts: [],
    locked: false,
    hands: [],
    presenter: null,
    polls: [],
    call: [],
    waiting: [],
  };
  return {
    meetingId,
    participants: [],
    count: 0,
    epoch: 'e1',
    seq: 0,
    messages: [],
    events: [],
    state,
    recovered: false,
    first: true,
    ...more,
  };
}
