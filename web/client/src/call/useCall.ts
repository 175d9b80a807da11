import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Meeting } from '../meeting/useMeeting.ts';
import { CallClient, type MakeTransport } from './client.ts';
import type { CallState } from './state.ts';

export interface UseCallOptions {
  /** Whether one joins the call with the meeting, or by `join` (the default). */
  autoJoin?: boolean;
  /** Carries the media; peers connect to each other without it. */
  transport?: MakeTransport;
}

type Actions = Pick<
  CallClient,
  | 'join'
  | 'leave'
  | 'mute'
  | 'unmute'
  | 'videoOn'
  | 'videoOff'
  | 'shareScreen'
  | 'stopShare'
  | 'chooseMicrophone'
  | 'chooseCamera'
  | 'chooseSpeaker'
  | 'startAudio'
  | 'dismissProblem'
>;

export interface Call extends CallState, Actions {
  client: CallClient;
}

/** The call of a meeting, for as long as this is shown. Use it once for each meeting. */
export function useCall({ client: meeting }: Pick<Meeting, 'client'>, options: UseCallOptions = {}): Call {
  const first = useRef(options);
  const client = useMemo(() => new CallClient(meeting, first.current.transport), [meeting]);

  useEffect(() => {
    const close = client.open();
    if (first.current.autoJoin) client.join();
    return close;
  }, [client]);

  const state = useSyncExternalStore(client.state.subscribe, client.state.getSnapshot);
  return useMemo(
    () => ({
      ...state,
      client,
      join: client.join,
      leave: client.leave,
      mute: client.mute,
      unmute: client.unmute,
      videoOn: client.videoOn,
      videoOff: client.videoOff,
      shareScreen: client.shareScreen,
      stopShare: client.stopShare,
      chooseMicrophone: client.chooseMicrophone,
      chooseCamera: client.chooseCamera,
      chooseSpeaker: client.chooseSpeaker,
      startAudio: client.startAudio,
      dismissProblem: client.dismissProblem,
    }),
    [state, client],
  );
}

/** How loud somebody in the call is, oneself included, from 0 to 1; new some times a second. */
export function useAudioLevel({ client }: Pick<Call, 'client'>, userId: string): number {
  return useSyncExternalStore(client.levels.subscribe, () => client.levels.getSnapshot().get(userId) ?? 0);
}
