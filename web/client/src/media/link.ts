import type { SignalType } from '../contract/SignalType.ts';
import { randomId } from '../random.ts';
import { type Adaptation, adapt, UNTROUBLED } from './adaptation.ts';
import { AUDIO_BITRATE, cameraSending, scaleDown, screenSending, type VideoSending } from './encodings.ts';
import { Negotiation, type Outcome, type PeerSignal } from './negotiation.ts';
import {
  counted,
  type LinkCounts,
  lossBetween,
  type Quality,
  qualityOf,
  type StatsEntry,
} from './quality.ts';
import { type LinkState, type PeerMedia, type RemotePeer, SOURCES, type Source } from './transport.ts';

/** Whether a break mends itself is awaited so long; the polite end awaits the other one's try as well. */
const RESTART_AFTER_MS = 3_000;
const POLITE_WAITS_MS = 2_000;
const RESTART_AGAIN_MS = 8_000;
/** An offer is to come from whoever has arrived. Without one after this time, this end offers. */
const OFFER_AWAITED_MS = 6_000;

export interface LinkOptions {
  peer: RemotePeer;
  polite: boolean;
  configuration: RTCConfiguration;
  tracks: ReadonlyMap<Source, MediaStreamTrack>;
  /** How many peers one sends to. */
  peers: number;
  send: (type: SignalType, signal: PeerSignal) => void;
  changed: () => void;
}

/** One peer's connection: four places, in the order of `SOURCES`, whose tracks change without a new negotiation. */
export class PeerLink implements PeerMedia {
  readonly peer: RemotePeer;
  readonly streams: Record<Source, MediaStream> = {
    microphone: new MediaStream(),
    camera: new MediaStream(),
    screen: new MediaStream(),
    screenAudio: new MediaStream(),
  };
  link: LinkState = 'connecting';
  quality: Quality = 'unknown';
  readonly #connection: RTCPeerConnection;
  readonly #negotiation: Negotiation;
  readonly #options: LinkOptions;
  readonly #tracks: Map<Source, MediaStreamTrack>;
  #places: RTCRtpTransceiver[] = [];
  #peers: number;
  #adaptation: Adaptation = UNTROUBLED;
  #counts: LinkCounts | null = null;
  #loss = 0;
  #mending: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.peer = options.peer;
    this.#peers = options.peers;
    this.#tracks = new Map(options.tracks);
    this.#connection = new RTCPeerConnection({ ...options.configuration, bundlePolicy: 'max-bundle' });
    this.#negotiation = new Negotiation(this.#connection, {
      polite: options.polite,
      session: randomId(),
      send: options.send,
      beforeOffer: () => this.#makePlaces(),
      beforeAnswer: () => this.#takePlaces(),
    });
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate) this.#negotiation.sendCandidate(candidate.toJSON());
    };
    this.#connection.onconnectionstatechange = () => this.#connectionChanged();
  }

  /** Offers at once, or waits for the peer's offer first. */
  start(offers: boolean): void {
    if (offers) void this.#negotiation.offer();
    this.#mendIn(offers ? RESTART_AGAIN_MS : OFFER_AWAITED_MS);
  }

  receive(type: SignalType, signal: PeerSignal): Promise<Outcome> {
    return this.#negotiation.receive(type, signal);
  }

  publish(source: Source, track: MediaStreamTrack | null): void {
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    const place = this.#places[SOURCES.indexOf(source)];
    if (place) void this.#send(source, place);
  }

  /** How many peers one sends to from now on. */
  share(peers: number): void {
    if (this.#peers === peers) return;
    this.#peers = peers;
    this.#encodeVideos();
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#connection.setConfiguration({ ...configuration, bundlePolicy: 'max-bundle' });
  }

  /** Looks for another way to the peer, if there is none at the moment. */
  mend(): void {
    if (this.#connection.connectionState === 'connected' || this.#connection.connectionState === 'closed')
      return;
    if (this.#negotiation.agreed) this.#connection.restartIce();
    void this.#negotiation.offer();
    this.#mendIn(RESTART_AGAIN_MS);
  }

  level(): number {
    const sources = this.#places[0]?.receiver.getSynchronizationSources() ?? [];
    return Math.max(0, ...sources.map((source) => source.audioLevel ?? 0));
  }

  /** Measures the connection, and sends what it bears. Called every two seconds. */
  async measure(): Promise<void> {
    if (this.#connection.connectionState !== 'connected') return;
    const report = await this.#connection.getStats();
    const now = counted(report.values() as Iterable<StatsEntry>);
    const before = this.#counts;
    this.#counts = now;
    if (!before) return;
    // One bad moment is not a bad connection.
    this.#loss = 0.5 * this.#loss + 0.5 * Math.max(lossBetween(before, now), now.sentLoss);
    const quality = qualityOf(this.#loss, now.roundTrip);
    if (quality !== this.quality) {
      this.quality = quality;
      this.#options.changed();
    }
    const { step } = this.#adaptation;
    this.#adaptation = adapt(
      this.#adaptation,
      { available: this.#tracks.has('camera') ? now.available : null, loss: now.sentLoss },
      this.#peers,
    );
    if (this.#adaptation.step !== step) this.#encodeVideos();
  }

  close(): void {
    clearTimeout(this.#mending);
    this.#connection.onicecandidate = null;
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }

  #makePlaces(): void {
    if (this.#places.length > 0) return;
    for (const source of SOURCES) this.#connection.addTransceiver(kindOf(source), { direction: 'sendrecv' });
    this.#takePlaces();
  }

  #takePlaces(): void {
    if (this.#places.length > 0) return;
    this.#places = this.#connection.getTransceivers();
    for (const [index, source] of SOURCES.entries()) {
      const place = this.#places[index];
      if (!place) continue;
      place.direction = 'sendrecv';
      this.streams[source].addTrack(place.receiver.track);
      void this.#send(source, place);
    }
    this.#options.changed();
  }

  async #send(source: Source, place: RTCRtpTransceiver): Promise<void> {
    await place.sender.replaceTrack(this.#tracks.get(source) ?? null);
    if (kindOf(source) === 'audio') await encode(place.sender, { maxBitrate: AUDIO_BITRATE, ...FIRST });
    else await this.#encodeVideo(source, place);
  }

  #encodeVideos(): void {
    for (const [index, source] of SOURCES.entries()) {
      const place = this.#places[index];
      if (place && kindOf(source) === 'video') void this.#encodeVideo(source, place);
    }
  }

  async #encodeVideo(source: Source, { sender }: RTCRtpTransceiver): Promise<void> {
    const sending =
      source === 'camera' ? cameraSending(this.#peers, this.#adaptation.step) : screenSending(this.#peers);
    await encode(sender, sending ? videoEncoding(sending, sender.track) : { active: false });
  }

  #connectionChanged(): void {
    const { connectionState } = this.#connection;
    clearTimeout(this.#mending);
    switch (connectionState) {
      case 'connected':
        this.link = 'connected';
        // Encodings can be set only once there are some.
        for (const [index, source] of SOURCES.entries()) {
          const place = this.#places[index];
          if (place) void this.#send(source, place);
        }
        break;
      case 'disconnected':
        this.link = 'interrupted';
        this.#mendIn(RESTART_AFTER_MS + (this.#options.polite ? POLITE_WAITS_MS : 0));
        break;
      case 'failed':
        this.link = 'failed';
        this.quality = 'poor';
        this.#mendIn(this.#options.polite ? POLITE_WAITS_MS : 0);
        break;
      default:
        if (this.link === 'connected') this.link = 'interrupted';
        this.#mendIn(RESTART_AGAIN_MS);
    }
    this.#options.changed();
  }

  #mendIn(ms: number): void {
    clearTimeout(this.#mending);
    this.#mending = setTimeout(() => this.mend(), ms);
  }
}

const FIRST = { priority: 'high', networkPriority: 'high' } as const;

function kindOf(source: Source): 'audio' | 'video' {
  return source === 'microphone' || source === 'screenAudio' ? 'audio' : 'video';
}

function videoEncoding({ maxBitrate, maxFramerate, height }: VideoSending, track: MediaStreamTrack | null) {
  const scaleResolutionDownBy = scaleDown(track?.getSettings().height, height);
  return { active: true, maxBitrate: Math.round(maxBitrate), maxFramerate, scaleResolutionDownBy };
}

async function encode(sender: RTCRtpSender, encoding: Partial<RTCRtpEncodingParameters>): Promise<void> {
  const parameters = sender.getParameters();
  const [first] = parameters.encodings;
  if (!first) return;
  Object.assign(first, encoding);
  try {
    await sender.setParameters(parameters);
  } catch {
    // Before the first agreement some browsers take none; they are set again when the connection stands.
  }
}
