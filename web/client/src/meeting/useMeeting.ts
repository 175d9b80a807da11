import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { useSession } from '../session.tsx';
import type { ServerEvents } from '../socket/events.ts';
import type { Connection, SocketOptions } from '../socket/socket.ts';
import { MeetingClient, type MeetingEvent, type Self } from './client.ts';
import { hosts, type MeetingState } from './state.ts';

export interface UseMeetingOptions extends SocketOptions {
  passcode?: string;
  /** Whether one joins as soon as this is shown (`true`), or by `join`. */
  autoJoin?: boolean;
  /** Who one is, where that is not whom `useSession` says. */
  self?: Self;
}

type Actions = Pick<
  MeetingClient,
  | 'meetingId'
  | 'self'
  | 'join'
  | 'leave'
  | 'raiseHand'
  | 'lowerHand'
  | 'sendReaction'
  | 'vote'
  | 'openPoll'
  | 'closePoll'
  | 'admit'
  | 'admitAll'
  | 'deny'
  | 'lock'
  | 'unlock'
  | 'mute'
  | 'stopPresenter'
  | 'remove'
  | 'end'
>;

export interface Meeting extends MeetingState, Actions {
  isHost: boolean;
  connection: Connection;
  client: MeetingClient;
}

/**
 * A meeting, for as long as this is shown; `null` while nobody is signed in. Options other than `self` count as they are
 * at the beginning.
 */
export function useMeeting(meetingId: string | null, options: UseMeetingOptions = {}): Meeting | null {
  const { profile, refresh } = useSession();
  const self =
    options.self ??
    (profile ? { userId: profile.uid, username: `${profile.name} ${profile.last_name}` } : null);
  const first = useRef({ options, self });
  first.current.self = self;

  const userId = self?.userId;
  const client = useMemo(() => {
    const { options, self } = first.current;
    if (meetingId === null || !self || self.userId !== userId) return null;
    const { autoJoin: _, self: __, ...rest } = options;
    return new MeetingClient({ meetingId, self, ...rest });
  }, [meetingId, userId]);

  useEffect(() => {
    if (!client) return;
    if (first.current.options.autoJoin ?? true) client.join();
    return client.leave;
  }, [client]);

  const state = useSyncExternalStore(client?.state.subscribe ?? nothing, client?.state.getSnapshot ?? none);
  const connection = useSyncExternalStore(
    client?.socket.connection.subscribe ?? nothing,
    client?.socket.connection.getSnapshot ?? none,
  );
  // Somebody may have signed out elsewhere: then the session shows it.
  const refused = connection?.status === 'refused';
  useEffect(() => {
    if (refused) void refresh();
  }, [refused, refresh]);

  return useMemo(
    () => (client && state && connection ? meetingOf(client, state, connection) : null),
    [client, state, connection],
  );
}

/** Calls back at each such event of a meeting, those that were missed during an interruption included. */
export function useMeetingEvent<E extends MeetingEvent>(
  meeting: Meeting | null,
  event: E,
  listener: (data: ServerEvents[E]) => void,
): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  }, [listener]);
  const client = meeting?.client;
  useEffect(() => client?.on(event, (data) => latest.current(data)), [client, event]);
}

function meetingOf(client: MeetingClient, state: MeetingState, connection: Connection): Meeting {
  return {
    ...state,
    connection,
    client,
    isHost: hosts(state, client.self.userId),
    meetingId: client.meetingId,
    self: client.self,
    join: client.join,
    leave: client.leave,
    raiseHand: client.raiseHand,
    lowerHand: client.lowerHand,
    sendReaction: client.sendReaction,
    vote: client.vote,
    openPoll: client.openPoll,
    closePoll: client.closePoll,
    admit: client.admit,
    admitAll: client.admitAll,
    deny: client.deny,
    lock: client.lock,
    unlock: client.unlock,
    mute: client.mute,
    stopPresenter: client.stopPresenter,
    remove: client.remove,
    end: client.end,
  };
}

const nothing = () => () => {};
const none = () => null;
