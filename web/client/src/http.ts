import { ApiProblem, type ClientCode } from './problem.ts';
import type { ErrorBody } from './types.ts';

const TIMEOUT_MS = 15_000;
/** Waits before a GET is tried again, and the longest that a server may ask for instead. */
const BACKOFF_MS = [300, 1_000];
const LONGEST_WAIT_MS = 5_000;

export interface HttpOptions {
  /** Where Plenum is, without a slash at the end. Without it: where the page comes from. */
  baseUrl?: string;
  /** The language of messages, asked for at each request. */
  language?: () => string;
  /** For apps without cookies: the token of the moment, as `Authorization: Bearer`. */
  token?: () => string | null;
  /** Hears of every problem, before whoever asked does. */
  onProblem?: (problem: ApiProblem) => void;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Sends a request, and gives the `data` of its answer; any other answer is thrown as an `ApiProblem`. */
export type Send = <T>(method: Method, path: string, body?: object | Blob, call?: CallOptions) => Promise<T>;

export function createSend(options: HttpOptions): Send {
  return async <T>(method: Method, path: string, body?: object | Blob, call: CallOptions = {}) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once<T>(options, method, path, body, call);
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error;
        const wait = BACKOFF_MS[attempt];
        if (method !== 'GET' || !error.passing || wait === undefined) {
          options.onProblem?.(error);
          throw error;
        }
        const asked = Math.min(error.retryAfterMs ?? 0, LONGEST_WAIT_MS);
        await sleep(Math.max(asked, wait * (0.5 + Math.random())), call.signal);
      }
    }
  };
}

async function once<T>(
  options: HttpOptions,
  method: Method,
  path: string,
  body: object | Blob | undefined,
  call: CallOptions,
): Promise<T> {
  const headers = new Headers({ Accept: 'application/json' });
  const language = options.language?.();
  if (language) headers.set('Accept-Language', language);
  const token = options.token?.();
  if (token) headers.set('Authorization', `Bearer ${token}`);
  if (body) headers.set('Content-Type', body instanceof Blob ? body.type : 'application/json');

  const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
  try {
    const response = await fetch(`${options.baseUrl ?? ''}${path}`, {
      method,
      headers,
      body: body === undefined || body instanceof Blob ? (body ?? null) : JSON.stringify(body),
      credentials: token ? 'omit' : 'include',
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    });
    return unwrap<T>(response, await response.text());
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    if (call.signal?.aborted) throw call.signal.reason;
    throw timeout.aborted
      ? clientProblem('timeout', 'The server took too long to answer')
      : clientProblem('network', 'The server can not be reached');
  }
}

interface Envelope {
  success?: boolean;
  data?: unknown;
  error?: ErrorBody;
}

function unwrap<T>(response: Response, text: string): T {
  let envelope: Envelope | null;
  try {
    envelope = JSON.parse(text);
  } catch {
    envelope = null;
  }
  if (envelope?.success === true && response.ok) return envelope.data as T;
  if (envelope?.error?.code) throw new ApiProblem(envelope.error, response);
  throw new ApiProblem({ code: 'bad_answer', message: `Unexpected answer (${response.status})` }, response);
}

function clientProblem(code: ClientCode, message: string): ApiProblem {
  return new ApiProblem({ code, message });
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
