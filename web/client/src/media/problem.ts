export type MediaProblemCode =
  /** The user, the browser or the system does not allow it. */
  | 'permission_denied'
  | 'no_device'
  /** Browsers give no devices to pages that came without TLS. */
  | 'insecure_origin'
  /** Another program holds it, or it does not answer. */
  | 'device_busy'
  | 'not_supported';

export type MediaSource = 'microphone' | 'camera' | 'screen';

/** Why something can't be heard or seen. */
export interface MediaProblem {
  code: MediaProblemCode;
  source: MediaSource;
}

/** What a browser's refusal means. */
export function mediaProblemCode(error: unknown): MediaProblemCode {
  if (!(error instanceof Error)) return 'not_supported';
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'permission_denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_device';
    case 'NotReadableError':
    case 'AbortError':
      return 'device_busy';
    default:
      return 'not_supported';
  }
}
