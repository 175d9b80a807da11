import type { Call, MediaProblem, MediaProblemCode, MediaSource } from '@plenum/client';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { choices, remember } from './remembered.ts';

/** Whether the browser gives devices to this page at all. */
export const mediaAllowed = (): boolean => window.isSecureContext && navigator.mediaDevices !== undefined;

export interface OwnMedia {
  /** Switches on what was on the last time. */
  start: () => void;
  toggleMicrophone: () => void;
  toggleCamera: () => void;
  chooseMicrophone: (id: string) => void;
  chooseCamera: (id: string) => void;
  chooseSpeaker: (id: string) => void;
  /** A device that is opening: the browser may be asking. */
  starting: { microphone: boolean; camera: boolean };
  problems: MediaProblem[];
  dismiss: () => void;
}

type Problems = Partial<Record<MediaSource, MediaProblemCode>>;

/** One's own microphone and camera, as they were chosen the last time, and what is amiss with them. */
export function useOwnMedia(call: Call): OwnMedia {
  const { client, devices, isMuted, isVideoOn } = call;
  const [starting, setStarting] = useState({ microphone: false, camera: false });
  const [problems, setProblems] = useState<Problems>({});

  // Of the store, not of what is rendered: two devices may fail in the same moment.
  useEffect(
    () =>
      client.state.subscribe(() => {
        const { mediaProblem } = client.state.getSnapshot();
        if (!mediaProblem) return;
        const { source, code } = mediaProblem;
        setProblems((before) => (before[source] === code ? before : { ...before, [source]: code }));
      }),
    [client],
  );

  const open = useCallback(async (source: 'microphone' | 'camera', action: () => Promise<void>) => {
    setProblems(({ [source]: _, ...others }) => others);
    setStarting((before) => ({ ...before, [source]: true }));
    await action();
    setStarting((before) => ({ ...before, [source]: false }));
  }, []);

  const start = useCallback(() => {
    const wanted = choices();
    if (wanted.speakerId) client.chooseSpeaker(wanted.speakerId);
    if (!mediaAllowed()) return;
    if (wanted.microphoneId) void client.chooseMicrophone(wanted.microphoneId);
    if (wanted.cameraId) void client.chooseCamera(wanted.cameraId);
    if (wanted.microphoneOn) void open('microphone', client.unmute);
    if (wanted.cameraOn) void open('camera', client.videoOn);
  }, [client, open]);

  // Browsers tell which devices there are only once one was used: what was chosen counts from then on.
  const { microphones, cameras, speakers, microphoneId, cameraId, speakerId } = devices;
  useEffect(() => {
    const wanted = choices();
    const there = (list: { deviceId: string }[], id: string | null) =>
      id !== null && list.some(({ deviceId }) => deviceId === id);
    if (microphoneId === null && there(microphones, wanted.microphoneId))
      void client.chooseMicrophone(wanted.microphoneId ?? '');
    if (cameraId === null && there(cameras, wanted.cameraId)) void client.chooseCamera(wanted.cameraId ?? '');
    if (speakerId === null && there(speakers, wanted.speakerId)) client.chooseSpeaker(wanted.speakerId ?? '');
  }, [client, microphones, cameras, speakers, microphoneId, cameraId, speakerId]);

  return useMemo(() => {
    const shown = Object.entries(problems) as [MediaSource, MediaProblemCode][];
    return {
      start,
      starting,
      toggleMicrophone: () => {
        remember({ microphoneOn: isMuted });
        if (isMuted) void open('microphone', client.unmute);
        else client.mute();
      },
      toggleCamera: () => {
        remember({ cameraOn: !isVideoOn });
        if (isVideoOn) client.videoOff();
        else void open('camera', client.videoOn);
      },
      chooseMicrophone: (id) => {
        remember({ microphoneId: id || null });
        void client.chooseMicrophone(id);
      },
      chooseCamera: (id) => {
        remember({ cameraId: id || null });
        void client.chooseCamera(id);
      },
      chooseSpeaker: (id) => {
        remember({ speakerId: id || null });
        client.chooseSpeaker(id);
      },
      problems: shown
        .filter(([source]) => !(source === 'microphone' && !isMuted) && !(source === 'camera' && isVideoOn))
        .map(([source, code]) => ({ source, code })),
      dismiss: () => {
        setProblems({});
        client.dismissProblem();
      },
    };
  }, [client, isMuted, isVideoOn, open, problems, start, starting]);
}
