import type { ChatMessage } from '../contract/ChatMessage.ts';
import type { UserId } from '../contract/UserId.ts';
import type { MeetingClient } from '../meeting/client.ts';
import { ApiProblem } from '../problem.ts';
import { randomId } from '../random.ts';
import type { Told } from '../socket/events.ts';
import { isPassing, pause } from '../socket/retry.ts';
import { Store } from '../store.ts';
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
} from './state.ts';

/** Others show that one types for a few seconds: it is said again while one does. */
const TYPING_AGAIN_MS = 3_000;
const TYPING_STOPS_AFTER_MS = 4_000;

export interface SendOptions {
  /** The `messageId` of the message that it answers. */
  replyTo?: string;
  /** The only one in the meeting who gets it. */
  toUserId?: UserId;
}

/** A meeting's chat: what is sent appears at once, and arrives once, whatever happens to the connection. */
export class ChatClient {
  readonly state = new Store<ChatState>(NO_CHAT);
  readonly #meeting: MeetingClient;
  #sending: AbortController | null = null;
  #typingSaidAt = 0;
  #typingStops: ReturnType<typeof setTimeout> | undefined;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(meeting: MeetingClient) {
    this.#meeting = meeting;
    meeting.onLive(() => void this.#flush());
  }

  /** Sends a text; blank ones are not sent. */
  readonly send = (text: string, options: SendOptions = {}): void => {
    const trimmed = text.trim();
    if (!trimmed) return;
    this.#stopTyping();
    const draft = { key: randomId(), text: trimmed, ...options };
    this.state.update((state) => afterSend(state, draft, this.#meeting.self, Date.now()));
    void this.#flush();
  };

  /** Sends a failed message again. */
  readonly retry = (key: string): void => {
    this.state.update((state) => afterRetry(state, key));
    void this.#flush();
  };

  /** Gives up a message that was not sent. */
  readonly discard = (key: string): void => this.state.update((state) => afterDiscard(state, key));

  readonly edit = (messageId: string, message: string) =>
    this.#meeting.act('chat:edit', { meetingId: this.#meeting.meetingId, messageId, message });

  readonly remove = (messageId: string) =>
    this.#meeting.act('chat:delete', { meetingId: this.#meeting.meetingId, messageId });

  /** Sets a reaction, or takes it back; without `on`, whichever it is not. */
  readonly react = (messageId: string, reaction: string, on = !this.#reacted(messageId, reaction)) =>
    this.#meeting.act('chat:react', { meetingId: this.#meeting.meetingId, messageId, reaction, on });

  /** Is called at each change of the text that is being written. */
  readonly typed = (): void => {
    clearTimeout(this.#typingStops);
    this.#typingStops = setTimeout(() => this.#stopTyping(), TYPING_STOPS_AFTER_MS);
    const now = Date.now();
    if (now - this.#typingSaidAt < TYPING_AGAIN_MS || !this.#meeting.state.getSnapshot().live) return;
    this.#typingSaidAt = now;
    this.#meeting.socket.tell('typing:start', { meetingId: this.#meeting.meetingId });
  };

  /** Whether the chat is before the user's eyes: then nothing is unread. */
  readonly setOpen = (open: boolean): void => this.state.update((state) => afterOpen(state, open));

  take(told: Told): void {
    this.state.update((state) => afterEvent(state, told, this.#meeting.self.userId, Date.now()));
    if (told.event === 'typing:start') this.#forgetTypists();
  }

  replace(messages: ChatMessage[], first: boolean): void {
    this.state.update((state) => afterReplace(state, messages, first, this.#meeting.self.userId));
  }

  /** Sends what is on its way, one after the other, so that the order stays. */
  async #flush(): Promise<void> {
    if (this.#sending) return;
    const sending = new AbortController();
    this.#sending = sending;
    const stop = this.#meeting.state.subscribe(
      () => this.#meeting.state.getSnapshot().live || sending.abort(),
    );
    let attempt = 0;
    for (let next = this.#next(); next && !sending.signal.aborted; next = this.#next()) {
      const { key, text, replyTo, toUserId } = next;
      try {
        const taken = await this.#meeting.socket.ask('chat:message', {
          meetingId: this.#meeting.meetingId,
          message: text,
          clientMessageId: key,
          ...(replyTo === null ? {} : { replyTo }),
          ...(toUserId === null ? {} : { toUserId }),
        });
        attempt = 0;
        this.state.update((state) => afterTaken(state, key, taken));
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        if (error.code === 'not_in_meeting') this.#meeting.rejoin();
        else if (isPassing(error)) await pause(attempt++, sending.signal);
        else this.state.update((state) => afterFailure(state, key, error));
      }
    }
    stop();
    this.#sending = null;
    // The room may have come back while the last answer was awaited.
    if (sending.signal.aborted) void this.#flush();
  }

  #next() {
    if (!this.#meeting.state.getSnapshot().live) return undefined;
    return this.state.getSnapshot().messages.find((one) => one.status === 'sending');
  }

  #reacted(messageId: string, reaction: string): boolean {
    const message = this.state.getSnapshot().messages.find((one) => one.messageId === messageId);
    const userIds = message?.reactions.find((one) => one.reaction === reaction)?.userIds;
    return userIds?.includes(this.#meeting.self.userId) ?? false;
  }

  #stopTyping(): void {
    clearTimeout(this.#typingStops);
    if (this.#typingSaidAt === 0) return;
    this.#typingSaidAt = 0;
    this.#meeting.socket.tell('typing:stop', { meetingId: this.#meeting.meetingId });
  }

  #forgetTypists(): void {
    clearTimeout(this.#forgetting);
    const { typing } = this.state.getSnapshot();
    if (typing.length === 0) return;
    const first = Math.min(...typing.map((one) => one.until));
    this.#forgetting = setTimeout(
      () => {
        this.state.update((state) => withoutOldTypists(state, Date.now()));
        this.#forgetTypists();
      },
      Math.max(0, first - Date.now()) + 10,
    );
  }
}
