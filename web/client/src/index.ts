export type { CallOptions, HttpOptions } from './http.ts';
export { ApiProblem, type ClientCode, isAbort } from './problem.ts';
export * from './realtime.ts';
export {
  type Credentials,
  createRest,
  type MeetingChange,
  type NewMeeting,
  type PasswordChange,
  type PersonalTokenRequest,
  type ProfileChange,
  type Registration,
  type Rest,
  type Scope,
} from './rest.ts';
export {
  PlenumProvider,
  type PlenumProviderProps,
  type Session,
  useRest,
  useSession,
} from './session.tsx';
export type * from './types.ts';
