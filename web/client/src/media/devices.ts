import { Store } from '../store.ts';
import { type MediaProblem, type MediaSource, mediaProblemCode } from './problem.ts';

export interface Device {
  deviceId: string;
  label: string;
}

/** What there is, and what was chosen (`null`: what the system prefers). Names are known once one was used. */
export interface Devices {
  microphones: Device[];
  cameras: Device[];
  speakers: Device[];
  microphoneId: string | null;
  cameraId: string | null;
  speakerId: string | null;
  canChooseSpeaker: boolean;
}

const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const AUDIO: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export const canShareScreen = (): boolean =>
  typeof navigator !== 'undefined' && typeof navigator.mediaDevices?.getDisplayMedia === 'function';

/** A track, or why there is none. `null`: the user has thought better of it. */
export type Opened<T> = { track: T; problem: null } | { track: null; problem: MediaProblem | null };

/** The microphones, cameras, speakers and screens of this device. */
export class MediaInputs {
  readonly devices = new Store<Devices>({
    microphones: [],
    cameras: [],
    speakers: [],
    microphoneId: null,
    cameraId: null,
    speakerId: null,
    canChooseSpeaker: typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype,
  });
  #watching: AbortController | null = null;

  /** Keeps the lists current. */
  watch(): void {
    if (this.#watching || !navigator.mediaDevices) return;
    this.#watching = new AbortController();
    navigator.mediaDevices.addEventListener('devicechange', () => void this.list(), {
      signal: this.#watching.signal,
    });
    void this.list();
  }

  unwatch(): void {
    this.#watching?.abort();
    this.#watching = null;
  }

  async list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: MediaDeviceKind): Device[] =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map(({ deviceId, label }) => ({ deviceId, label }));
    const lists = { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
    this.devices.update((devices) => ({
      ...devices,
      ...lists,
      // What was unplugged is not chosen any more.
      microphoneId: held(devices.microphoneId, lists.microphones),
      cameraId: held(devices.cameraId, lists.cameras),
      speakerId: held(devices.speakerId, lists.speakers),
    }));
  }

  choose(change: Partial<Pick<Devices, 'microphoneId' | 'cameraId' | 'speakerId'>>): void {
    this.devices.update((devices) => ({ ...devices, ...change }));
  }

  async microphone(): Promise<Opened<MediaStreamTrack>> {
    const { microphoneId } = this.devices.getSnapshot();
    return this.#open('microphone', (exact) => ({ audio: { ...AUDIO, ...chosen(exact && microphoneId) } }));
  }

  async camera(): Promise<Opened<MediaStreamTrack>> {
    const { cameraId } = this.devices.getSnapshot();
    return this.#open('camera', (exact) => ({
      video: exact && cameraId ? { ...VIDEO, ...chosen(cameraId) } : { ...VIDEO, facingMode: 'user' },
    }));
  }

  /** A screen, a window or a tab, as the user picks; with its sound, where there is some. */
  async screen(): Promise<Opened<{ picture: MediaStreamTrack; sound: MediaStreamTrack | null }>> {
    const source = 'screen';
    if (!canShareScreen()) return { track: null, problem: { code: unavailable(), source } };
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: true,
      });
      const [picture] = stream.getVideoTracks();
      const [sound = null] = stream.getAudioTracks();
      if (!picture) return { track: null, problem: { code: 'no_device', source } };
      picture.contentHint = 'detail';
      return { track: { picture, sound }, problem: null };
    } catch (error) {
      const code = mediaProblemCode(error);
      return { track: null, problem: code === 'permission_denied' ? null : { code, source } };
    }
  }

  async #open(
    source: MediaSource,
    constraints: (exact: boolean) => MediaStreamConstraints,
  ): Promise<Opened<MediaStreamTrack>> {
    if (!navigator.mediaDevices) return { track: null, problem: { code: unavailable(), source } };
    for (const exact of [true, false]) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia(constraints(exact));
        const [track] = stream.getTracks();
        if (!track) break;
        track.contentHint = source === 'camera' ? 'motion' : 'speech';
        // The browser tells names only now.
        void this.list();
        return { track, problem: null };
      } catch (error) {
        const code = mediaProblemCode(error);
        if (code !== 'no_device' || !exact) return { track: null, problem: { code, source } };
      }
    }
    return { track: null, problem: { code: 'no_device', source } };
  }
}

function unavailable() {
  return window.isSecureContext ? 'not_supported' : 'insecure_origin';
}

function chosen(deviceId: string | null | false): MediaTrackConstraints {
  return deviceId ? { deviceId: { exact: deviceId } } : {};
}

function held(deviceId: string | null, list: Device[]): string | null {
  return list.some((device) => device.deviceId === deviceId) ? deviceId : null;
}
