import type { UserId } from '../contract/UserId.ts';
import { canShareScreen } from '../media/devices.ts';
import { LevelMeter } from '../media/level.ts';
import { LocalMedia } from '../media/local.ts';
import { MeshTransport } from '../media/mesh.ts';
import { Playback } from '../media/playback.ts';
import { afterLevels, SILENCE, type Speakers } from '../media/speaking.ts';
import type { MediaTransport, RemotePeer, Signalling } from '../media/transport.ts';
import type { MeetingClient } from '../meeting/client.ts';
import { ApiProblem } from '../problem.ts';
import { randomId } from '../random.ts';
import type { ClientEvent, Payload } from '../socket/events.ts';
import { isPassing, pause } from '../socket/retry.ts';
import { Store } from '../store.ts';
import { SignalQueue } from './signals.ts';
import { ANNOUNCED_AT_FIRST, type CallPhase, type CallState, nextAnnouncement, peerOf } from './state.ts';

const LEVELS_EVERY_MS = 200;

export type MakeTransport = (ownPeerId: string, signalling: Signalling) => MediaTransport;

/** The call of a meeting: one's own devices, and everybody else's sound and pictures. */
export class CallClient {
  readonly state: Store<CallState>;
  /** How loud each user is, from 0 to 1; apart from `state`, because it changes all the time. */
  readonly levels = new Store<ReadonlyMap<UserId, number>>(new Map());
  readonly #meeting: MeetingClient;
  readonly #makeTransport: MakeTransport;
  readonly #local: LocalMedia;
  readonly #playback = new Playback();
  readonly #meter = new LevelMeter();
  readonly #signals: SignalQueue;
  readonly #subscriptions: (() => void)[] = [];
  #phase: CallPhase = 'idle';
  #problem: ApiProblem | null = null;
  #mutedByHost = false;
  /** The name of this end: another one each time that the call is joined, the same while it is. */
  #peerId = '';
  #transport: MediaTransport | null = null;
  /** Who is in the call, by the names of their ends. */
  readonly #here = new Map<string, UserId>();
  /** Whether the server has given this connection the user's seat. */
  #seated = false;
  #entering: AbortController | null = null;
  #announced = ANNOUNCED_AT_FIRST;
  #announcing = false;
  #speakers: Speakers = SILENCE;
  #listening: ReturnType<typeof setInterval> | undefined;

  constructor(
    meeting: MeetingClient,
    makeTransport: MakeTransport = (peerId, signalling) => new MeshTransport(peerId, signalling),
  ) {
    this.#meeting = meeting;
    this.#makeTransport = makeTransport;
    this.#signals = new SignalQueue((signal) => this.#ask('call:signal', { ...this.#of, ...signal }));
    this.#local = new LocalMedia(
      (source, track) => {
        this.#transport?.publish(source, track);
        if (source === 'microphone') this.#meter.listen(track);
      },
      () => meeting.socket.tell('screen:stop', this.#of),
    );
    this.state = new Store(this.#view());
  }

  /** Follows the meeting and the devices, until what it gives is called. */
  readonly open = (): (() => void) => {
    const meeting = this.#meeting;
    const refresh = () => this.#transport?.refresh();
    window.addEventListener('online', refresh);
    this.#subscriptions.push(
      () => window.removeEventListener('online', refresh),
      meeting.state.subscribe(() => this.#meetingChanged()),
      meeting.onLive(() => void this.#enter()),
      meeting.iceServers.subscribe(() => this.#transport?.setIceServers(meeting.iceServers.getSnapshot())),
      meeting.on('call:peers-list', ({ participants }) => this.#arrived(participants)),
      meeting.on('call:peer-joined', (peer) => this.#came(peer)),
      meeting.on('call:peer-left', ({ peerId }) => this.#went(peerId)),
      meeting.on('call:signal', ({ fromUserId, fromPeerId, toPeerId, signalType, signal }) => {
        if (toPeerId !== this.#peerId || !this.#here.has(fromPeerId)) return;
        this.#transport?.receive({ userId: fromUserId, peerId: fromPeerId }, signalType, signal);
      }),
      // The one that it went to is another: this connection's own joins take the seat from none.
      meeting.on('call:seat-taken', () => {
        if (this.#phase === 'in' || this.#phase === 'joining') this.#end('elsewhere');
      }),
      meeting.on('meeting:muted', () => this.#muteByHost()),
      meeting.on('screen:stopped', ({ userId }) => {
        if (userId === meeting.self.userId) this.#local.closeScreen();
      }),
      this.#local.state.subscribe(() => this.#localChanged()),
      this.#local.inputs.devices.subscribe(() => this.#devicesChanged()),
      this.#playback.blocked.subscribe(() => this.#show()),
    );
    this.#local.inputs.watch();
    this.#listening = setInterval(() => this.#listen(), LEVELS_EVERY_MS);
    return () => {
      clearInterval(this.#listening);
      this.leave();
      for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
      this.#local.inputs.unwatch();
      this.#meter.close();
    };
  };

  /** Into the call, as soon as one is in the meeting. */
  readonly join = (): void => {
    if (this.#phase === 'in' || this.#phase === 'joining') return;
    this.#phase = 'joining';
    this.#problem = null;
    this.#peerId = randomId();
    this.#transport = this.#makeTransport(this.#peerId, {
      send: (to, signalType, signal) => {
        if (!this.#seated || !this.#here.has(to.peerId)) return;
        this.#signals.push({ toUserId: to.userId, toPeerId: to.peerId, signalType, signal });
      },
    });
    this.#transport.subscribe(() => this.#show());
    this.#transport.setIceServers(this.#meeting.iceServers.getSnapshot());
    for (const [source, track] of this.#local.tracks) this.#transport.publish(source, track);
    this.#show();
    void this.#enter();
  };

  /** Out of the call; every device is let go. */
  readonly leave = (): void => {
    if (this.#phase === 'in') this.#meeting.socket.tell('call:leave', this.#of);
    this.#end('idle');
  };

  readonly unmute = (): Promise<void> => {
    this.#mutedByHost = false;
    this.#meter.wake();
    return this.#local.unmute();
  };
  readonly mute = (): void => this.#local.mute();
  readonly videoOn = (): Promise<void> => this.#local.videoOn();
  readonly videoOff = (): void => this.#local.videoOff();

  /** Asks the user what to show, and presents it. Throws `screen_taken` while somebody else presents. */
  readonly shareScreen = async (): Promise<void> => {
    if (this.#local.state.getSnapshot().isSharing || !(await this.#local.openScreen())) return;
    try {
      await this.#meeting.act('screen:start', this.#of);
    } catch (error) {
      this.#local.closeScreen();
      throw error;
    }
  };

  readonly stopShare = (): void => {
    if (!this.#local.state.getSnapshot().isSharing) return;
    this.#local.closeScreen();
    this.#meeting.socket.tell('screen:stop', this.#of);
  };

  readonly chooseMicrophone = (deviceId: string): Promise<void> => this.#local.chooseMicrophone(deviceId);
  readonly chooseCamera = (deviceId: string): Promise<void> => this.#local.chooseCamera(deviceId);
  readonly chooseSpeaker = (speakerId: string): void => this.#local.inputs.choose({ speakerId });
  readonly startAudio = (): void => this.#playback.start();
  readonly dismissProblem = (): void => this.#local.dismissProblem();

  get #of(): { meetingId: string } {
    return { meetingId: this.#meeting.meetingId };
  }

  async #ask<E extends ClientEvent>(event: E, payload: Payload<E>): Promise<void> {
    try {
      await this.#meeting.socket.ask(event, payload);
    } catch (error) {
      // Another tab has the seat, or nobody: the meeting's picture tells.
      if (this.#seated && error instanceof ApiProblem && error.code === 'not_in_call') this.#meeting.rejoin();
      throw error;
    }
  }

  async #enter(): Promise<void> {
    const { live, call } = this.#meeting.state.getSnapshot();
    if ((this.#phase !== 'joining' && this.#phase !== 'in') || !live) return;
    const seat = call.find((peer) => peer.userId === this.#meeting.self.userId);
    if (this.#phase === 'in' && seat && seat.peerId !== this.#peerId) {
      this.#end('elsewhere');
      return;
    }
    this.#entering?.abort();
    const entering = new AbortController();
    this.#entering = entering;
    for (let attempt = 0; !entering.signal.aborted; attempt += 1) {
      try {
        await this.#meeting.socket.ask('call:join', { ...this.#of, peerId: this.#peerId });
        if (!entering.signal.aborted) await this.#entered();
        return;
      } catch (error) {
        if (entering.signal.aborted) return;
        if (!(error instanceof ApiProblem)) throw error;
        // It goes on by itself when the meeting is back.
        if (error.code === 'network') return;
        if (!isPassing(error)) {
          this.#problem = error;
          this.#end('refused');
          return;
        }
      }
      await pause(attempt, entering.signal);
    }
  }

  async #entered(): Promise<void> {
    this.#phase = 'in';
    this.#seated = true;
    this.#announced = ANNOUNCED_AT_FIRST;
    this.#show();
    void this.#announce();
    this.#transport?.refresh();
    if (!this.#local.state.getSnapshot().isSharing) return;
    try {
      await this.#meeting.socket.ask('screen:start', this.#of);
    } catch (error) {
      // Somebody else presents by now.
      if (error instanceof ApiProblem && !isPassing(error)) this.#local.closeScreen();
    }
  }

  #arrived(peers: readonly RemotePeer[]): void {
    if (this.#phase !== 'joining' && this.#phase !== 'in') return;
    this.#phase = 'in';
    this.#seated = true;
    const here = new Map(peers.map((peer) => [peer.peerId, peer.userId]));
    for (const peerId of [...this.#here.keys()]) if (!here.has(peerId)) this.#went(peerId);
    for (const [peerId, userId] of here) this.#here.set(peerId, userId);
    this.#transport?.admit(peers, true);
    this.#show();
  }

  #came(peer: RemotePeer): void {
    if (this.#phase !== 'in') return;
    // Whoever comes again by another end has left the one of before.
    for (const [peerId, userId] of [...this.#here])
      if (userId === peer.userId && peerId !== peer.peerId) this.#went(peerId, true);
    this.#here.set(peer.peerId, peer.userId);
    this.#transport?.admit([peer], false);
    this.#show();
  }

  #went(peerId: string, forGood = false): void {
    this.#here.delete(peerId);
    this.#signals.clear(peerId);
    this.#transport?.dismiss(peerId, forGood);
    this.#show();
  }

  #end(phase: CallPhase): void {
    this.#entering?.abort();
    this.#entering = null;
    this.#phase = phase;
    if (phase !== 'refused') this.#problem = null;
    this.#signals.clear();
    this.#seated = false;
    this.#here.clear();
    this.#transport?.close();
    this.#transport = null;
    this.#speakers = SILENCE;
    this.#mutedByHost = false;
    this.#local.close();
    this.#show();
    this.#playback.stop();
  }

  #meetingChanged(): void {
    const { phase, live } = this.#meeting.state.getSnapshot();
    if (!live) this.#seated = false;
    // During an interruption one stays `in`; anything else is the end of the call.
    if (this.#phase === 'in' && phase !== 'in') this.#end('idle');
    else this.#show();
  }

  #muteByHost(): void {
    this.#announced = { ...this.#announced, isMuted: true };
    if (!this.#local.state.getSnapshot().isMuted) this.#mutedByHost = true;
    this.#local.mute();
  }

  #localChanged(): void {
    this.#show();
    void this.#announce();
  }

  #devicesChanged(): void {
    void this.#playback.setSpeaker(this.#local.inputs.devices.getSnapshot().speakerId);
    this.#show();
  }

  /** Tells the server what of oneself is to be heard and seen, until it knows. */
  async #announce(): Promise<void> {
    if (this.#announcing) return;
    this.#announcing = true;
    const entering = this.#entering;
    try {
      for (let attempt = 0; this.#phase === 'in' && entering && !entering.signal.aborted; ) {
        const next = nextAnnouncement(this.#announced, this.#local.state.getSnapshot());
        if (!next) break;
        try {
          await this.#ask(next.event, this.#of);
          if (entering === this.#entering) this.#announced = next.known;
          attempt = 0;
        } catch (error) {
          if (!(error instanceof ApiProblem)) throw error;
          // It is told when the call is joined again.
          if (!isPassing(error) || error.code === 'network') break;
          await pause(attempt++, entering.signal);
        }
      }
    } finally {
      this.#announcing = false;
    }
    // Another round has begun meanwhile.
    if (entering !== this.#entering) void this.#announce();
  }

  #listen(): void {
    const others = new Map<string, number>();
    for (const peer of this.#meeting.state.getSnapshot().call)
      if (this.#here.has(peer.peerId))
        others.set(peer.userId, peer.isMuted ? 0 : (this.#transport?.level(peer.peerId) ?? 0));
    const own = this.#local.state.getSnapshot().isMuted ? 0 : this.#meter.level();
    const before = this.#speakers;
    const levels = new Map(others).set(this.#meeting.self.userId, own);
    this.#speakers = afterLevels(before, levels, this.#meeting.self.userId, Date.now());
    this.levels.set(levels);
    const same =
      before.active === this.#speakers.active &&
      before.until.size === this.#speakers.until.size &&
      [...this.#speakers.until.keys()].every((id) => before.until.has(id));
    if (!same) this.#show();
  }

  #show(): void {
    const view = this.#view();
    this.state.set(view);
    const streams = [...this.#here.keys()].flatMap((peerId) => {
      const media = this.#transport?.media(peerId);
      return media ? [media.streams.microphone, media.streams.screenAudio] : [];
    });
    this.#playback.play(streams.filter((stream) => stream.getTracks().length > 0));
  }

  #view(): CallState {
    const { call, presenter } = this.#meeting.state.getSnapshot();
    const { problem: mediaProblem, ...local } = this.#local.state.getSnapshot();
    const own = this.#meeting.self.userId;
    return {
      ...local,
      mediaProblem,
      phase: this.#phase,
      problem: this.#problem,
      peers: call
        .filter((peer) => peer.userId !== own && this.#here.has(peer.peerId))
        .map((peer) =>
          peerOf(peer, this.#transport?.media(peer.peerId), presenter, this.#speakers.until.has(peer.userId)),
        ),
      mutedByHost: this.#mutedByHost,
      presenter,
      speaking: this.#speakers.until.has(own),
      activeSpeaker: this.#speakers.active,
      devices: this.#local.inputs.devices.getSnapshot(),
      audioBlocked: this.#playback.blocked.getSnapshot(),
      canShareScreen: canShareScreen(),
    };
  }
}
