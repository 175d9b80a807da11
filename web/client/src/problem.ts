import type { ErrorBody, ErrorCode, ErrorDetail } from './types.ts';

/** What can go wrong before the server has answered, or in place of an answer. */
export type ClientCode = 'network' | 'timeout' | 'bad_answer';

/** A request that did not go well. `message` is for people, in the language that was asked for. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ErrorCode | ClientCode;
  /** Every problem of the input; at least the one that `code` names. */
  readonly details: ErrorDetail[];
  /** The HTTP status, 0 without an answer. */
  readonly status: number;
  /** By which the server's log knows the request. */
  readonly requestId: string | null;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | null;

  constructor(
    error: ErrorBody | { code: ClientCode; message: string },
    answer?: { status: number; headers: Headers },
  ) {
    super(error.message);
    this.code = error.code;
    this.details = 'details' in error && error.details ? error.details : [error as ErrorDetail];
    this.status = answer?.status ?? 0;
    this.requestId = answer?.headers.get('X-Request-Id') ?? null;
    const seconds = Number(answer?.headers.get('Retry-After') ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : null;
  }

  /** Whether the same request may succeed a little later. */
  get passing(): boolean {
    return this.code === 'network' || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** Whether it says that nobody is signed in (any more). */
  get signedOut(): boolean {
    return this.code === 'no_session' || this.code === 'invalid_session' || this.code === 'invalid_bearer';
  }
}

/** Whether an error is only that its caller has lost interest. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
