import { io, type Socket } from 'socket.io-client';
import type { ErrorBody } from '../contract/ErrorBody.ts';
import type { NoticeCode } from '../contract/NoticeCode.ts';
import { ApiProblem } from '../problem.ts';
import { Store } from '../store.ts';
import type {
  Ack,
  Answer,
  ClientEvent,
  ClientToServerEvents,
  Payload,
  ServerEvent,
  ServerEvents,
  ServerToClientEvents,
} from './events.ts';

const ASK_TIMEOUT_MS = 10_000;
const RECONNECT_AFTER_MS = 500;
const RECONNECT_AFTER_AT_MOST_MS = 5_000;
const CONNECT_AFTER_GOODBYE_MS = 1_000;

export interface SocketOptions {
  /** Where Plenum is, without a slash at the end. Without it: where the page comes from. */
  baseUrl?: string;
  /** For apps without cookies: the token of the moment, as `Authorization: Bearer`. */
  token?: () => string | null;
}

export type ConnectionStatus =
  /** Not asked for, or closed. */
  | 'idle'
  /** For the first time. */
  | 'connecting'
  | 'online'
  /** It was cut, and is tried again. */
  | 'reconnecting'
  /** The device has no network; tried again once it has. */
  | 'offline'
  /** The server wants no connection of this user: nobody is signed in, say. `open` tries again. */
  | 'refused';

export interface Connection {
  status: ConnectionStatus;
  /** Since when it is so, in milliseconds of `Date.now()`. */
  since: number;
  /** What the server has said about itself, while that holds. */
  notice: NoticeCode | null;
  /** Why it is `refused`. */
  problem: ApiProblem | null;
}

interface Emitter<T> {
  on(event: string, listener: (data: T) => void): void;
  off(event: string, listener: (data: T) => void): void;
}

/** One connection to Plenum, that comes back by itself for as long as it is open. */
export class PlenumSocket {
  readonly connection = new Store<Connection>({
    status: 'idle',
    since: Date.now(),
    notice: null,
    problem: null,
  });
  readonly #options: SocketOptions;
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  #watching: AbortController | null = null;

  constructor(options: SocketOptions = {}) {
    this.#options = options;
    const withToken = options.token !== undefined;
    this.#socket = io(options.baseUrl ?? '', {
      autoConnect: false,
      forceNew: true,
      // WebSocket saves a round trip. Browsers send no headers of ours by it, so with a token polling begins.
      transports: withToken ? ['polling', 'websocket'] : ['websocket', 'polling'],
      tryAllTransports: true,
      withCredentials: !withToken,
      reconnectionDelay: RECONNECT_AFTER_MS,
      reconnectionDelayMax: RECONNECT_AFTER_AT_MOST_MS,
    });
    this.#socket.on('connect', () => this.#became('online'));
    this.#socket.on('disconnect', (reason) => this.#lost(reason));
    this.#socket.on('connect_error', (error) => this.#failed(error));
    this.#socket.io.on('reconnect_attempt', () => this.#takeToken());
    this.#socket.on('server:notice', ({ code }) =>
      this.connection.update((now) => ({ ...now, notice: code === 'rooms_moving_again' ? null : code })),
    );
  }

  get online(): boolean {
    return this.#socket.connected;
  }

  open(): void {
    if (this.#watching) this.close();
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    window.addEventListener('online', () => this.#hurry(), { signal });
    window.addEventListener('offline', () => this.#waitsAgain(), { signal });
    // Timers of hidden pages are slowed down: who looks at the page again does not wait for them.
    document.addEventListener('visibilitychange', () => document.hidden || this.#hurry(), { signal });
    this.#became('connecting');
    this.#takeToken();
    this.#socket.connect();
  }

  close(): void {
    this.#watching?.abort();
    this.#watching = null;
    this.#socket.disconnect();
    this.#became('idle');
  }

  /** Calls back at each such event, until what it gives is called. */
  on<E extends ServerEvent>(event: E, listener: (data: ServerEvents[E]) => void): () => void {
    // The library's types tell an event from its own by its name, which a type parameter does not show.
    const socket = this.#socket as unknown as Emitter<ServerEvents[E]>;
    socket.on(event, listener);
    return () => socket.off(event, listener);
  }

  /** Calls back at each connection that begins. */
  onOnline(listener: () => void): () => void {
    this.#socket.on('connect', listener);
    return () => this.#socket.off('connect', listener);
  }

  /** Sends an event, and gives the `data` of its ack. A refusal, or no answer, is thrown as an `ApiProblem`. */
  async ask<E extends ClientEvent>(
    event: E,
    payload: Payload<E>,
    timeoutMs = ASK_TIMEOUT_MS,
  ): Promise<Answer<E>> {
    if (!this.online) throw new ApiProblem({ code: 'network', message: 'There is no connection' });
    let answer: Ack<Answer<E>>;
    try {
      answer = await (this.#socket as Socket).timeout(timeoutMs).emitWithAck(event, payload);
    } catch {
      throw this.online
        ? new ApiProblem({ code: 'timeout', message: 'The server took too long to answer' })
        : new ApiProblem({ code: 'network', message: 'The connection was lost' });
    }
    if (!answer.ok) throw new ApiProblem(answer.error);
    return answer.data;
  }

  /** Sends an event when there is a connection, whatever becomes of it. */
  tell<E extends ClientEvent>(event: E, payload: Payload<E>): void {
    if (this.online) (this.#socket as Socket).emit(event, payload);
  }

  #became(status: ConnectionStatus, problem: ApiProblem | null = null): void {
    const before = this.connection.getSnapshot();
    const notice = status === 'online' || status === 'idle' ? null : before.notice;
    const since = before.status === status ? before.since : Date.now();
    this.connection.set({ status, since, notice, problem });
  }

  #waitsAgain(): void {
    if (!this.#watching || this.online) return;
    const { status } = this.connection.getSnapshot();
    if (status === 'refused') return;
    if (!navigator.onLine) this.#became('offline');
    else this.#became(status === 'connecting' ? 'connecting' : 'reconnecting');
  }

  #lost(reason: Socket.DisconnectReason): void {
    if (!this.#watching) return;
    this.#became(navigator.onLine ? 'reconnecting' : 'offline');
    // The server has said goodbye: the next handshake tells why, or that it was only for now.
    if (reason === 'io server disconnect') this.#connectSoon();
  }

  #failed(error: Error): void {
    const problem = refusal(error);
    if (problem) {
      this.#socket.disconnect();
      this.#became('refused', problem);
      return;
    }
    this.#waitsAgain();
    if (!this.#socket.active) this.#connectSoon();
  }

  #connectSoon(): void {
    const watching = this.#watching;
    setTimeout(() => {
      if (!watching || watching !== this.#watching || this.#socket.active) return;
      this.#takeToken();
      this.#socket.connect();
    }, CONNECT_AFTER_GOODBYE_MS);
  }

  #hurry(): void {
    const { status } = this.connection.getSnapshot();
    if (!this.#watching || this.online || status === 'refused') return;
    this.#socket.disconnect();
    this.#waitsAgain();
    this.#takeToken();
    this.#socket.connect();
  }

  #takeToken(): void {
    const token = this.#options.token?.();
    if (token) this.#socket.io.opts.extraHeaders = { Authorization: `Bearer ${token}` };
  }
}

/** What the server has answered to a handshake that it would not accept a moment later either. */
function refusal(error: Error & { context?: unknown }): ApiProblem | null {
  const answer = error.context;
  if (!(answer instanceof XMLHttpRequest)) return null;
  const { status, responseText } = answer;
  if (status !== 401 && status !== 403) return null;
  return new ApiProblem(bodyOf(responseText) ?? { code: 'bad_answer', message: error.message }, {
    status,
    headers: new Headers(),
  });
}

function bodyOf(text: string): ErrorBody | null {
  try {
    const { error } = JSON.parse(text) as { error?: ErrorBody };
    return error?.code ? error : null;
  } catch {
    return null;
  }
}
