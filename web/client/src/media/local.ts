import { Store } from '../store.ts';
import { MediaInputs } from './devices.ts';
import type { MediaProblem, MediaSource } from './problem.ts';
import type { Source } from './transport.ts';

export interface LocalState {
  /** Whether nothing is to be heard, by the user's wish or for want of a microphone. */
  isMuted: boolean;
  isVideoOn: boolean;
  isSharing: boolean;
  /** What the camera sees. */
  camera: MediaStream | null;
  /** What is presented. */
  screen: MediaStream | null;
  problem: MediaProblem | null;
}

const NOTHING: LocalState = {
  isMuted: true,
  isVideoOn: false,
  isSharing: false,
  camera: null,
  screen: null,
  problem: null,
};

/** What one sends: the tracks of the devices in use, as the user wishes. */
export class LocalMedia {
  readonly state = new Store<LocalState>(NOTHING);
  readonly inputs = new MediaInputs();
  readonly tracks = new Map<Source, MediaStreamTrack>();
  readonly #published: (source: Source, track: MediaStreamTrack | null) => void;
  readonly #screenEnded: () => void;
  /** Wishes count as they are when a device has opened, which the user may be asked about first. */
  readonly #wanted = { microphone: false, camera: false };
  readonly #opening = new Set<'microphone' | 'camera'>();

  constructor(
    published: (source: Source, track: MediaStreamTrack | null) => void,
    /** The user has ended it by the browser's own button. */
    screenEnded: () => void,
  ) {
    this.#published = published;
    this.#screenEnded = screenEnded;
  }

  async unmute(): Promise<void> {
    this.#wanted.microphone = true;
    this.#solved('microphone');
    await this.#use('microphone');
  }

  /** The device stays open, so that the next word is not lost. */
  mute(): void {
    this.#wanted.microphone = false;
    const track = this.tracks.get('microphone');
    if (track) track.enabled = false;
    this.#show({ isMuted: true });
  }

  async videoOn(): Promise<void> {
    this.#wanted.camera = true;
    this.#solved('camera');
    await this.#use('camera');
  }

  /** The device is let go, and its light goes off. */
  videoOff(): void {
    this.#wanted.camera = false;
    this.#put('camera', null);
    this.#show({ isVideoOn: false, camera: null });
  }

  /** Asks the user what to present; whether there is something now. */
  async openScreen(): Promise<boolean> {
    this.#solved('screen');
    const { track: screen, problem } = await this.inputs.screen();
    if (problem) this.#show({ problem });
    if (!screen) return false;
    screen.picture.onended = () => {
      this.closeScreen();
      this.#screenEnded();
    };
    this.#put('screen', screen.picture);
    this.#put('screenAudio', screen.sound);
    this.#show({ isSharing: true, screen: new MediaStream([screen.picture]) });
    return true;
  }

  closeScreen(): void {
    this.#put('screen', null);
    this.#put('screenAudio', null);
    this.#show({ isSharing: false, screen: null });
  }

  async chooseMicrophone(microphoneId: string): Promise<void> {
    this.inputs.choose({ microphoneId });
    if (!this.tracks.has('microphone')) return;
    this.#put('microphone', null);
    await this.#use('microphone');
  }

  async chooseCamera(cameraId: string): Promise<void> {
    this.inputs.choose({ cameraId });
    if (!this.tracks.has('camera')) return;
    this.#put('camera', null);
    await this.#use('camera');
  }

  dismissProblem(): void {
    this.#show({ problem: null });
  }

  /** Lets every device go. */
  close(): void {
    this.#wanted.microphone = false;
    this.#wanted.camera = false;
    for (const source of [...this.tracks.keys()]) this.#put(source, null);
    this.state.set(NOTHING);
  }

  async #use(source: 'microphone' | 'camera'): Promise<void> {
    if (this.#opening.has(source)) return;
    if (!this.tracks.has(source)) {
      this.#opening.add(source);
      const { track, problem } = await this.inputs[source]();
      this.#opening.delete(source);
      if (problem) this.#lost(source, problem);
      if (!track) return;
      if (source === 'camera' && !this.#wanted.camera) return track.stop();
      track.onended = () => void this.#ended(source);
      this.#put(source, track);
    }
    const track = this.tracks.get(source);
    if (!track) return;
    if (source === 'camera') {
      this.#show({ isVideoOn: true, camera: new MediaStream([track]) });
    } else {
      track.enabled = this.#wanted.microphone;
      this.#show({ isMuted: !track.enabled });
    }
  }

  /** It was unplugged, say: another one takes its place, if there is one. */
  async #ended(source: 'microphone' | 'camera'): Promise<void> {
    this.#put(source, null);
    await this.inputs.list();
    if (this.#wanted[source]) await this.#use(source);
    else this.#lost(source, null);
  }

  #lost(source: 'microphone' | 'camera', problem: MediaProblem | null): void {
    this.#wanted[source] = false;
    const gone = source === 'camera' ? { isVideoOn: false, camera: null } : { isMuted: true };
    this.#show({ ...gone, ...(problem ? { problem } : {}) });
  }

  #put(source: Source, track: MediaStreamTrack | null): void {
    const before = this.tracks.get(source);
    if (before) {
      before.onended = null;
      before.stop();
    }
    if (!before && !track) return;
    if (track) this.tracks.set(source, track);
    else this.tracks.delete(source);
    this.#published(source, track);
  }

  #solved(source: MediaSource): void {
    if (this.state.getSnapshot().problem?.source === source) this.dismissProblem();
  }

  #show(change: Partial<LocalState>): void {
    this.state.update((state) => ({ ...state, ...change }));
  }
}
