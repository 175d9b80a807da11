import { type CallOptions, createSend, type HttpOptions } from './http.ts';
import type { Answer, ClientEvent, Payload } from './socket/events.ts';
import type {
  Account,
  AccountBody,
  AddressBody,
  AppTokens,
  AuditBody,
  ChatStats,
  GuestAccount,
  IdentityBody,
  IncidentBody,
  LiveRoom,
  LiveSocket,
  MeetingBody,
  MeetingReport,
  MeetingStatus,
  NewPersonalToken,
  Overview,
  OwnSession,
  PersonalTokenBody,
  Profile,
  ProviderAddress,
  Providers,
  PublicProfile,
  RecoveryCodes,
  SecondFactorBody,
  SecondFactorProposal,
  SeenConnection,
  Today,
  UserId,
} from './types.ts';

export interface Registration {
  email: string;
  password: string;
  name: string;
  last_name: string;
  age: number | string;
  invitation?: string;
}

export interface Credentials {
  email: string;
  password: string;
  /** Where there is a second factor: what the authenticator app shows, or a recovery code. */
  code?: string;
}

export interface ProfileChange {
  name?: string;
  last_name?: string;
  age?: number | string;
  email?: string;
}

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  confirmPassword: string;
}

export type Scope = 'read' | 'write' | 'realtime';

export interface PersonalTokenRequest {
  name: string;
  scopes: Scope[];
  expiresInDays?: number;
}

export interface NewMeeting {
  title: string;
  /** `YYYY-MM-DD`, in `timeZone`. */
  date: string;
  /** `HH:mm`, in `timeZone`. */
  time: string;
  /** An IANA name; UTC without it. */
  timeZone?: string;
  description?: string;
  /** Minutes. */
  estimatedDuration?: number;
  maxParticipants?: number;
  /** Whether people wait until a host lets them in. */
  waitingRoom?: boolean;
  /** Whether people without an account may come by the link. */
  guestsAllowed?: boolean;
  /** 4 to 32 characters; `null` takes it off. */
  passcode?: string | null;
}

export type MeetingChange = Partial<NewMeeting> & { status?: MeetingStatus; coHosts?: UserId[] };

export type Rest = ReturnType<typeof createRest>;

/** Every route of accounts and meetings. What goes wrong is thrown as an `ApiProblem`. */
export function createRest(options: HttpOptions = {}) {
  const send = createSend(options);
  const base = options.baseUrl ?? '';
  const get = <T>(path: string, call?: CallOptions) => send<T>('GET', path, undefined, call);
  const post = <T = void>(path: string, body: object = {}, call?: CallOptions) =>
    send<T>('POST', path, body, call);
  const put = <T = void>(path: string, body: object | Blob, call?: CallOptions) =>
    send<T>('PUT', path, body, call);
  const remove = <T = void>(path: string, call?: CallOptions, body?: object) =>
    send<T>('DELETE', path, body, call);

  return {
    auth: {
      register: (input: Registration, call?: CallOptions) => post<Account>('/api/auth/register', input, call),
      login: (input: Credentials, call?: CallOptions) => post<Account>('/api/auth/login', input, call),
      logout: (call?: CallOptions) => post('/api/auth/logout', {}, call),
      updatePassword: (input: PasswordChange, call?: CallOptions) =>
        put('/api/auth/update-password', input, call),
      requestPasswordReset: (email: string, call?: CallOptions) =>
        post<AddressBody>('/api/auth/reset-password', { email }, call),
      confirmPasswordReset: (oobCode: string, newPassword: string, call?: CallOptions) =>
        post<AddressBody>('/api/auth/confirm-password-reset', { oobCode, newPassword }, call),
      verify: (email: string, code: string, call?: CallOptions) =>
        post<AddressBody>('/api/auth/verify', { email, code }, call),
      resendCode: (email: string, call?: CallOptions) =>
        post<AddressBody>('/api/auth/resend-code', { email }, call),
      /** Signs in for one meeting, by the code of its link. */
      guest: (input: { code: string; name: string }, call?: CallOptions) =>
        post<GuestAccount>('/api/auth/guest', input, call),
      connection: (call?: CallOptions) => get<SeenConnection>('/api/auth/connection', call),
      /** For apps without cookies; `HttpOptions.token` then gives what it answers. */
      token: (input: Credentials | { refreshToken: string }, call?: CallOptions) =>
        post<AppTokens>('/api/auth/token', input, call),
    },

    sessions: {
      list: (call?: CallOptions) => get<OwnSession[]>('/api/auth/sessions', call),
      end: (id: string, call?: CallOptions) => remove(`/api/auth/sessions/${encodeURIComponent(id)}`, call),
      endOthers: (call?: CallOptions) => remove('/api/auth/sessions', call),
    },

    secondFactor: {
      get: (call?: CallOptions) => get<SecondFactorBody>('/api/auth/second-factor', call),
      propose: (password: string, call?: CallOptions) =>
        post<SecondFactorProposal>('/api/auth/second-factor', { password }, call),
      confirm: (code: string, call?: CallOptions) =>
        post<RecoveryCodes>('/api/auth/second-factor/confirm', { code }, call),
      check: (code: string, call?: CallOptions) => post('/api/auth/second-factor/check', { code }, call),
      renewRecoveryCodes: (call?: CallOptions) =>
        post<RecoveryCodes>('/api/auth/second-factor/recovery-codes', {}, call),
      remove: (call?: CallOptions) => remove('/api/auth/second-factor', call),
    },

    personalTokens: {
      list: (call?: CallOptions) => get<PersonalTokenBody[]>('/api/auth/personal-tokens', call),
      create: (input: PersonalTokenRequest, call?: CallOptions) =>
        post<NewPersonalToken>('/api/auth/personal-tokens', input, call),
      remove: (id: string, call?: CallOptions) =>
        remove(`/api/auth/personal-tokens/${encodeURIComponent(id)}`, call),
    },

    /** Signing in at other providers. */
    providers: {
      list: async (call?: CallOptions) => (await get<Providers>('/api/auth/oauth', call)).providers,
      /** Where a browser goes (not `fetch`) to sign in there. */
      loginAddress: (name: string) => `${base}/api/auth/oauth/${encodeURIComponent(name)}`,
      /** Where a browser goes to link the account of the session with one there. The password, where there is one. */
      link: async (name: string, currentPassword?: string, call?: CallOptions) =>
        (
          await post<ProviderAddress>(
            `/api/auth/oauth/${encodeURIComponent(name)}/link`,
            { currentPassword },
            call,
          )
        ).url,
      identities: (call?: CallOptions) => get<IdentityBody[]>('/api/auth/identities', call),
      unlink: (name: string, currentPassword?: string, call?: CallOptions) =>
        remove(`/api/auth/identities/${encodeURIComponent(name)}`, call, { currentPassword }),
    },

    users: {
      me: (call?: CallOptions) => get<Profile>('/api/me', call),
      update: (change: ProfileChange, call?: CallOptions) => put<Profile>('/api/users/profile', change, call),
      removeMe: (call?: CallOptions) => remove('/api/users/profile', call),
      setAvatar: (picture: Blob, call?: CallOptions) =>
        put<Profile>('/api/users/profile/avatar', picture, { timeoutMs: 60_000, ...call }),
      removeAvatar: (call?: CallOptions) => remove<Profile>('/api/users/profile/avatar', call),
      get: (id: string, call?: CallOptions) =>
        get<PublicProfile>(`/api/users/${encodeURIComponent(id)}`, call),
      search: (query: string, call?: CallOptions) =>
        get<PublicProfile[]>(`/api/users/search?query=${encodeURIComponent(query)}`, call),
      /** `picture` of a profile as an `<img>` takes it. */
      pictureAddress: (picture: string | null) => (picture?.startsWith('/') ? base + picture : picture),
    },

    /** For admins; from everybody else the server takes none of it. */
    admin: {
      overview: (call?: CallOptions) => get<Overview>('/api/admin/overview', call),
      rooms: (call?: CallOptions) => get<LiveRoom[]>('/api/admin/rooms', call),
      endRoom: (id: string, reason: string, call?: CallOptions) =>
        post(`/api/admin/rooms/${encodeURIComponent(id)}/end`, { reason }, call),
      /** Where a browser gets a room's recording, a file for `plenum replay`. */
      recordingAddress: (id: string, texts: boolean) =>
        `${base}/api/admin/rooms/${encodeURIComponent(id)}/recording?texts=${texts}`,
      sockets: (user?: string, call?: CallOptions) =>
        get<LiveSocket[]>(`/api/admin/sockets${queryOf({ user })}`, call),
      cutSocket: (id: string, reason: string, call?: CallOptions) =>
        post(`/api/admin/sockets/${encodeURIComponent(id)}/cut`, { reason }, call),
      accounts: (search: { query?: string; after?: string }, call?: CallOptions) =>
        get<AccountBody[]>(`/api/admin/accounts${queryOf(search)}`, call),
      disable: (id: string, reason: string, call?: CallOptions) =>
        post(`/api/admin/accounts/${encodeURIComponent(id)}/disable`, { reason }, call),
      enable: (id: string, reason: string, call?: CallOptions) =>
        post(`/api/admin/accounts/${encodeURIComponent(id)}/enable`, { reason }, call),
      endSessions: (id: string, reason: string, call?: CallOptions) =>
        post(`/api/admin/accounts/${encodeURIComponent(id)}/end-sessions`, { reason }, call),
      incidents: (which: { user?: string; kind?: string }, call?: CallOptions) =>
        get<IncidentBody[]>(`/api/admin/incidents${queryOf(which)}`, call),
      audit: (before?: number, call?: CallOptions) =>
        get<AuditBody[]>(`/api/admin/audit${queryOf({ before })}`, call),
      /** Where a browser gets all of the record, a JSON object a line. */
      exportAddress: () => `${base}/api/admin/audit/export`,
    },

    meetings: {
      create: (meeting: NewMeeting, call?: CallOptions) => post<MeetingBody>('/api/meetings', meeting, call),
      list: (call?: CallOptions) => get<MeetingBody[]>('/api/meetings', call),
      today: (userId: string, call?: CallOptions) =>
        get<Today>(`/api/meetings/today/${encodeURIComponent(userId)}`, call),
      get: (id: string, call?: CallOptions) => get<MeetingBody>(meetingPath(id), call),
      byCode: (code: string, call?: CallOptions) =>
        get<MeetingBody>(`/api/meetings/code/${encodeURIComponent(code)}`, call),
      /** Who was there, for hosts. */
      report: (id: string, call?: CallOptions) => get<MeetingReport>(`${meetingPath(id)}/report`, call),
      /** Does what the event of this name does, without a socket. What belongs to one is refused with `needs_socket`. */
      act: <E extends ClientEvent>(
        id: string,
        event: E,
        fields: Omit<Payload<E>, 'meetingId'>,
        call?: CallOptions,
      ) => post<Answer<E>>(`${meetingPath(id)}/acts/${event}`, fields, call),
      update: (id: string, change: MeetingChange, call?: CallOptions) =>
        put<MeetingBody>(meetingPath(id), change, call),
      remove: (id: string, call?: CallOptions) => remove(meetingPath(id), call),
      join: (id: string, call?: CallOptions) => post<MeetingBody>(`${meetingPath(id)}/join`, {}, call),
      leave: (id: string, call?: CallOptions) => post<MeetingBody>(`${meetingPath(id)}/leave`, {}, call),
      stats: (call?: CallOptions) => get<ChatStats>('/api/chat/stats', call),
    },
  };
}

function meetingPath(id: string): string {
  return `/api/meetings/${encodeURIComponent(id)}`;
}

function queryOf(fields: Record<string, string | number | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, `${value}`]))}` : '';
}
