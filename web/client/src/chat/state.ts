import type { ChatMessage } from '../contract/ChatMessage.ts';
import type { MessageReacted } from '../contract/MessageReacted.ts';
import type { MessageTaken } from '../contract/MessageTaken.ts';
import type { Reactions } from '../contract/Reactions.ts';
import type { UserId } from '../contract/UserId.ts';
import type { ApiProblem } from '../problem.ts';
import type { Told } from '../socket/events.ts';

/** Messages held at once; the earliest are let go. */
const MESSAGES_HELD = 2_000;
/** Without a new word of it, somebody has stopped typing. */
export const TYPING_SHOWN_MS = 6_000;

export type MessageStatus =
  /** On its way, for as long as that takes. */
  | 'sending'
  | 'sent'
  /** Refused: `problem` says why. */
  | 'failed';

export interface Message {
  /** The same from the first sight of a message to the last: a key for lists. */
  key: string;
  /** The server's id, from when it has taken the message. */
  messageId: string | null;
  userId: UserId;
  username: string;
  /** Empty when it was deleted. */
  text: string;
  timestamp: string;
  status: MessageStatus;
  problem: ApiProblem | null;
  /** The `messageId` of the message that it answers. */
  replyTo: string | null;
  /** The only one who got it, beside its sender. */
  toUserId: UserId | null;
  editedAt: string | null;
  /** Who deleted it. */
  deletedBy: UserId | null;
  reactions: Reactions[];
  /** Its place in the room's log; 0 until it has one. */
  seq: number;
}

export interface Typist {
  userId: UserId;
  username: string;
  until: number;
}

export interface ChatState {
  /** In the room's order; what is on its way comes last. */
  messages: Message[];
  typing: Typist[];
  /** Messages of others that came while the chat was not open. */
  unread: number;
  open: boolean;
}

export const NO_CHAT: ChatState = { messages: [], typing: [], unread: 0, open: false };

export interface Draft {
  key: string;
  text: string;
  replyTo?: string;
  toUserId?: UserId;
}

/** One's own message, at once. */
export function afterSend(
  state: ChatState,
  { key, text, replyTo, toUserId }: Draft,
  self: { userId: UserId; username: string },
  now: number,
): ChatState {
  const message: Message = {
    key,
    messageId: null,
    ...self,
    text,
    timestamp: new Date(now).toISOString(),
    status: 'sending',
    problem: null,
    replyTo: replyTo ?? null,
    toUserId: toUserId ?? null,
    editedAt: null,
    deletedBy: null,
    reactions: [],
    seq: 0,
  };
  return { ...state, messages: [...state.messages, message] };
}

/** The server has it. The message itself comes as well, before or after. */
export function afterTaken(state: ChatState, key: string, taken: MessageTaken): ChatState {
  const message = state.messages.find((one) => one.key === key);
  if (!message || message.messageId !== null) return state;
  const { messageId, seq, timestamp } = taken;
  const sent = { ...message, messageId, seq, timestamp, status: 'sent' as const, problem: null };
  return { ...state, messages: placed(without(state.messages, key), sent) };
}

export function afterFailure(state: ChatState, key: string, problem: ApiProblem): ChatState {
  return changed(
    state,
    (one) => one.key === key && one.messageId === null,
    (one) => ({
      ...one,
      status: 'failed',
      problem,
    }),
  );
}

/** A failed message is on its way again. */
export function afterRetry(state: ChatState, key: string): ChatState {
  return changed(
    state,
    (one) => one.key === key && one.status === 'failed',
    (one) => ({
      ...one,
      status: 'sending',
      problem: null,
    }),
  );
}

/** A message that was not sent is given up. */
export function afterDiscard(state: ChatState, key: string): ChatState {
  return { ...state, messages: state.messages.filter((one) => one.key !== key || one.messageId !== null) };
}

export function afterOpen(state: ChatState, open: boolean): ChatState {
  return { ...state, open, unread: open ? 0 : state.unread };
}

/** What the server has now, in place of what was there; what is on its way stays so. */
export function afterReplace(
  state: ChatState,
  messages: ChatMessage[],
  first: boolean,
  self: UserId,
): ChatState {
  const known = new Set(state.messages.map((one) => one.messageId));
  const news = first ? 0 : messages.filter((one) => one.userId !== self && !known.has(one.messageId)).length;
  let next: ChatState = {
    ...state,
    messages: state.messages.filter((one) => one.messageId === null),
    typing: [],
  };
  for (const message of messages) next = withMessage(next, message, self);
  return { ...next, unread: state.open ? 0 : state.unread + news };
}

export function afterEvent(state: ChatState, told: Told, self: UserId, now: number): ChatState {
  switch (told.event) {
    case 'chat:message': {
      const { userId, messageId } = told.data;
      const known = state.messages.some((one) => one.messageId === messageId);
      const unread = known || state.open || userId === self ? state.unread : state.unread + 1;
      const next = withMessage(state, told.data, self);
      return { ...next, unread, typing: next.typing.filter((one) => one.userId !== userId) };
    }
    case 'chat:edited': {
      const { messageId, message, editedAt } = told.data;
      return changed(
        state,
        (one) => one.messageId === messageId && one.deletedBy === null,
        (one) => ({
          ...one,
          text: message,
          editedAt,
        }),
      );
    }
    case 'chat:deleted': {
      const { messageId, userId } = told.data;
      return changed(
        state,
        (one) => one.messageId === messageId,
        (one) => ({
          ...one,
          text: '',
          reactions: [],
          deletedBy: userId,
        }),
      );
    }
    case 'chat:reacted': {
      const reacted = told.data;
      return changed(
        state,
        (one) => one.messageId === reacted.messageId && one.deletedBy === null,
        (one) => ({
          ...one,
          reactions: withReaction(one.reactions, reacted),
        }),
      );
    }
    case 'typing:start': {
      const { userId, username } = told.data;
      if (userId === self) return state;
      const others = state.typing.filter((one) => one.userId !== userId);
      return { ...state, typing: [...others, { userId, username, until: now + TYPING_SHOWN_MS }] };
    }
    case 'typing:stop':
    case 'user:left': {
      const typing = state.typing.filter((one) => one.userId !== told.data.userId);
      return typing.length === state.typing.length ? state : { ...state, typing };
    }
    default:
      return state;
  }
}

export function withoutOldTypists(state: ChatState, now: number): ChatState {
  const typing = state.typing.filter((one) => one.until > now);
  return typing.length === state.typing.length ? state : { ...state, typing };
}

function withMessage(state: ChatState, wire: ChatMessage, self: UserId): ChatState {
  const own = wire.userId === self ? wire.clientMessageId : undefined;
  const held = state.messages.find(
    (one) => one.messageId === wire.messageId || (own !== undefined && one.key === own),
  );
  // Known already: later changes of it may have been told since.
  if (held && held.messageId !== null) return state;
  const message: Message = {
    key: held?.key ?? own ?? wire.messageId,
    messageId: wire.messageId,
    userId: wire.userId,
    username: wire.username,
    text: wire.message,
    timestamp: wire.timestamp,
    status: 'sent',
    problem: null,
    replyTo: wire.replyTo ?? null,
    toUserId: wire.toUserId ?? null,
    editedAt: wire.editedAt ?? null,
    deletedBy: null,
    reactions: wire.reactions ?? [],
    seq: wire.seq,
  };
  return { ...state, messages: placed(held ? without(state.messages, held.key) : state.messages, message) };
}

/** A message that has its place in the log goes there: nearly always behind all others that have one. */
function placed(messages: Message[], message: Message): Message[] {
  const after = messages.findLastIndex((one) => one.messageId !== null && one.seq <= message.seq);
  const all = messages.toSpliced(after + 1, 0, message);
  return all.length > MESSAGES_HELD ? all.slice(-MESSAGES_HELD) : all;
}

function without(messages: Message[], key: string): Message[] {
  return messages.filter((one) => one.key !== key);
}

function changed(
  state: ChatState,
  which: (one: Message) => boolean,
  change: (one: Message) => Message,
): ChatState {
  if (!state.messages.some(which)) return state;
  return { ...state, messages: state.messages.map((one) => (which(one) ? change(one) : one)) };
}

function withReaction(all: Reactions[], { userId, reaction, on }: MessageReacted): Reactions[] {
  const held = all.find((one) => one.reaction === reaction);
  if (!on) {
    return all
      .map((one) => (one === held ? { ...one, userIds: one.userIds.filter((id) => id !== userId) } : one))
      .filter((one) => one.userIds.length > 0);
  }
  if (!held) return [...all, { reaction, userIds: [userId] }];
  if (held.userIds.includes(userId)) return all;
  return all.map((one) => (one === held ? { ...one, userIds: [...one.userIds, userId] } : one));
}
