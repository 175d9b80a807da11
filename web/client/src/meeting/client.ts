import { ChatClient } from '../chat/client.ts';
import type { IceServer } from '../contract/IceServer.ts';
import type { Joined } from '../contract/Joined.ts';
import type { UserId } from '../contract/UserId.ts';
import { ApiProblem } from '../problem.ts';
import type { Answer, ClientEvent, Payload, ServerEvent, ServerEvents, Told } from '../socket/events.ts';
import { isPassing, pause } from '../socket/retry.ts';
import { PlenumSocket, type SocketOptions } from '../socket/socket.ts';
import { Store } from '../store.ts';
import { LogPosition, missed } from './log.ts';
import {
  afterEvent,
  afterJoin,
  afterVote,
  hosts,
  type MeetingState,
  NOT_JOINED,
  withoutOldReactions,
} from './state.ts';

const WAIT_FOR_CONNECTION_MS = 10_000;

/** What the server tells of a meeting: everything but what is about the connection. */
const EVENTS = [
  'users:online',
  'user:joined',
  'user:left',
  'chat:message',
  'chat:edited',
  'chat:deleted',
  'chat:reacted',
  'typing:start',
  'typing:stop',
  'call:peers-list',
  'call:peer-joined',
  'call:peer-left',
  'call:seat-taken',
  'call:signal',
  'call:mute-status',
  'call:video-status',
  'screen:started',
  'screen:stopped',
  'hand:raised',
  'hand:lowered',
  'reaction:sent',
  'lobby:waiting',
  'lobby:admitted',
  'lobby:denied',
  'meeting:locked',
  'meeting:unlocked',
  'meeting:muted',
  'meeting:removed',
  'meeting:roles',
  'meeting:ended',
  'poll:opened',
  'poll:counted',
  'poll:closed',
] as const satisfies ServerEvent[];

export type MeetingEvent = (typeof EVENTS)[number];

/** Who one is in a meeting. */
export interface Self {
  userId: UserId;
  username: string;
}

export interface MeetingOptions extends SocketOptions {
  meetingId: string;
  self: Self;
  passcode?: string;
}

type Listener = (data: never) => void;

/** One meeting over a connection of its own: it comes back into the room by itself, and misses nothing of it. */
export class MeetingClient {
  readonly meetingId: string;
  readonly self: Self;
  readonly socket: PlenumSocket;
  readonly state = new Store<MeetingState>(NOT_JOINED);
  readonly chat: ChatClient;
  /** By which peers of a call find each other: new ones with each connection. */
  readonly iceServers = new Store<readonly IceServer[]>([]);
  readonly #position = new LogPosition();
  readonly #listeners = new Map<MeetingEvent, Set<Listener>>();
  #passcode: string | undefined;
  #unsubscribe: (() => void)[] = [];
  #entering: AbortController | null = null;
  /** What is told while a join is on its way: it comes after the picture that the join answers. */
  #held: Told[] = [];
  #fading: ReturnType<typeof setTimeout> | undefined;

  constructor({ meetingId, self, passcode, ...socket }: MeetingOptions) {
    this.meetingId = meetingId;
    this.self = self;
    this.#passcode = passcode;
    this.socket = new PlenumSocket(socket);
    this.chat = new ChatClient(this);
  }

  /** Into the meeting, or to its door again; with a passcode where one is needed. */
  readonly join = (passcode?: string): void => {
    if (passcode !== undefined) this.#passcode = passcode;
    this.state.update((state) => ({ ...state, phase: 'joining', problem: null, endReason: null }));
    if (this.socket.online) {
      void this.#enter();
      return;
    }
    this.#stop();
    this.#unsubscribe = [
      this.socket.onOnline(() => void this.#enter()),
      this.socket.connection.subscribe(() => this.#connectionChanged()),
      this.socket.on('call:ice-servers', (servers) => this.iceServers.set(servers)),
      ...EVENTS.map((event) => this.socket.on(event, (data) => this.#hear({ event, data } as Told))),
    ];
    this.socket.open();
  };

  /** Out of the meeting, its chat and its call. */
  readonly leave = (): void => {
    this.socket.tell('leave:meeting', { meetingId: this.meetingId });
    this.#stop();
    this.state.set(NOT_JOINED);
  };

  /** Calls back at each such event of this meeting, those that were missed included. */
  on<E extends MeetingEvent>(event: E, listener: (data: ServerEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Calls back whenever one is in, with everything that was missed already told. */
  onLive(listener: () => void): () => void {
    let before = this.state.getSnapshot().live;
    return this.state.subscribe(() => {
      const { live } = this.state.getSnapshot();
      if (live && !before) queueMicrotask(listener);
      before = live;
    });
  }

  readonly raiseHand = () => this.act('hand:raise', this.#here);
  readonly lowerHand = (userId?: UserId) => this.act('hand:lower', this.#of(userId));
  readonly sendReaction = (reaction: string) => this.act('reaction:send', { ...this.#here, reaction });

  readonly vote = async (pollId: string, choices: number[]) => {
    await this.act('poll:vote', { ...this.#here, pollId, choices });
    this.state.update((state) => afterVote(state, pollId, choices));
  };

  readonly openPoll = async (question: string, options: string[], { multiple = false } = {}) => {
    const { pollId } = await this.act('poll:open', { ...this.#here, question, options, multiple });
    return pollId;
  };
  readonly closePoll = (pollId: string) => this.act('poll:close', { ...this.#here, pollId });

  readonly admit = (userId: UserId) => this.act('lobby:admit', { ...this.#here, userId });
  readonly admitAll = () => this.act('lobby:admit-all', this.#here);
  readonly deny = (userId: UserId) => this.act('lobby:deny', { ...this.#here, userId });
  readonly lock = () => this.act('meeting:lock', this.#here);
  readonly unlock = () => this.act('meeting:unlock', this.#here);
  /** One user, or without one everybody else. */
  readonly mute = (userId?: UserId) => this.act('meeting:mute', this.#of(userId));
  readonly stopPresenter = (userId: UserId) => this.act('screen:stop', this.#of(userId));
  readonly remove = (userId: UserId) => this.act('meeting:remove', { ...this.#here, userId });
  readonly end = async (): Promise<void> => {
    try {
      await this.act('meeting:end', this.#here);
    } catch (error) {
      // The end itself closes the connection, before the answer is here.
      if (this.state.getSnapshot().phase !== 'ended') throw error;
    }
  };

  /** Asks something of the room as soon as one is in it. */
  async act<E extends ClientEvent>(event: E, payload: Payload<E>): Promise<Answer<E>> {
    await this.#untilLive();
    try {
      return await this.socket.ask(event, payload);
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'not_in_meeting') this.rejoin();
      throw error;
    }
  }

  /** When the server says that one is not in the room after all. */
  rejoin(): void {
    if (!this.state.getSnapshot().live) return;
    this.state.update((state) => ({ ...state, live: false }));
    void this.#enter();
  }

  get isHost(): boolean {
    return hosts(this.state.getSnapshot(), this.self.userId);
  }

  get #here(): { meetingId: string } {
    return { meetingId: this.meetingId };
  }

  #of(userId: UserId | undefined) {
    return userId === undefined ? this.#here : { ...this.#here, userId };
  }

  #stop(): void {
    this.#entering?.abort();
    this.#entering = null;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    this.socket.close();
    this.state.update((state) => (state.live ? { ...state, live: false } : state));
  }

  #connectionChanged(): void {
    if (this.socket.online) return;
    this.#entering?.abort();
    this.#entering = null;
    this.state.update((state) => (state.live ? { ...state, live: false } : state));
  }

  async #enter(): Promise<void> {
    const { phase } = this.state.getSnapshot();
    if (phase !== 'joining' && phase !== 'in' && phase !== 'waiting') return;
    this.#entering?.abort();
    const entering = new AbortController();
    this.#entering = entering;
    this.#held = [];
    const passcode = this.#passcode === undefined ? {} : { passcode: this.#passcode };
    for (let attempt = 0; !entering.signal.aborted; attempt += 1) {
      try {
        const joined = await this.socket.ask('join:meeting', {
          ...this.#here,
          ...this.#position.resume,
          ...passcode,
        });
        if (!entering.signal.aborted) this.#entered(joined);
        return;
      } catch (error) {
        if (entering.signal.aborted) return;
        if (!(error instanceof ApiProblem)) throw error;
        if (!isPassing(error)) {
          this.#entering = null;
          this.#refused(error);
          return;
        }
      }
      await pause(attempt, entering.signal);
    }
  }

  #entered(joined: Joined): void {
    this.#entering = null;
    if (joined.recovered) {
      for (const told of missed(joined)) this.#take(told);
    } else {
      this.chat.replace(joined.messages, joined.first);
    }
    this.#position.reached(joined);
    this.state.update((state) => afterJoin(state, joined));
    for (const told of this.#held.splice(0)) this.#take(told);
  }

  #refused(problem: ApiProblem): void {
    switch (problem.code) {
      case 'waiting_room':
        this.state.update((state) => ({ ...state, phase: 'waiting' }));
        // A host may have let one in at once; what was denied was an earlier knock.
        for (const told of this.#held.splice(0)) if (told.event !== 'lobby:denied') this.#take(told);
        break;
      case 'meeting_ended':
        this.state.set({ ...NOT_JOINED, phase: 'ended' });
        this.#stop();
        break;
      case 'removed_from_meeting':
        this.state.set({ ...NOT_JOINED, phase: 'removed' });
        this.#stop();
        break;
      default:
        this.state.set({ ...NOT_JOINED, phase: 'refused', problem });
    }
  }

  #hear(told: Told): void {
    if ('meetingId' in told.data && told.data.meetingId !== this.meetingId) return;
    if (this.#entering) this.#held.push(told);
    else this.#take(told);
  }

  #take(told: Told): void {
    if (!this.#position.admits(told)) return;
    this.state.update((state) => afterEvent(state, told, Date.now()));
    this.chat.take(told);
    for (const listener of this.#listeners.get(told.event as MeetingEvent) ?? [])
      listener(told.data as never);
    switch (told.event) {
      case 'lobby:admitted':
        if (this.state.getSnapshot().phase === 'waiting') void this.#enter();
        break;
      case 'lobby:denied':
        this.state.update((state) => (state.phase === 'waiting' ? { ...state, phase: 'denied' } : state));
        break;
      case 'reaction:sent':
        this.#fade();
        break;
      case 'meeting:removed':
      case 'meeting:ended':
        this.#stop();
        break;
      default:
    }
  }

  #fade(): void {
    clearTimeout(this.#fading);
    const first = this.state.getSnapshot().reactions[0];
    if (!first) return;
    this.#fading = setTimeout(
      () => {
        this.state.update((state) => withoutOldReactions(state, Date.now()));
        this.#fade();
      },
      Math.max(0, first.until - Date.now()) + 10,
    );
  }

  #untilLive(): Promise<void> {
    const { live, phase } = this.state.getSnapshot();
    if (live) return Promise.resolve();
    if (phase !== 'in' && phase !== 'joining')
      return Promise.reject(new ApiProblem({ code: 'not_in_meeting', message: 'Not in the meeting' }));
    return new Promise((resolve, reject) => {
      const settle = (problem?: ApiProblem) => {
        clearTimeout(timer);
        unsubscribe();
        if (problem) reject(problem);
        else resolve();
      };
      const timer = setTimeout(
        () => settle(new ApiProblem({ code: 'network', message: 'There is no connection' })),
        WAIT_FOR_CONNECTION_MS,
      );
      const unsubscribe = this.state.subscribe(() => {
        if (this.state.getSnapshot().live) settle();
      });
    });
  }
}
