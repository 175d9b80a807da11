import type { IceServer } from '../contract/IceServer.ts';
import type { SignalType } from '../contract/SignalType.ts';
import { PeerLink } from './link.ts';
import type { PeerSignal } from './negotiation.ts';
import type { MediaTransport, PeerMedia, RemotePeer, Signalling, Source } from './transport.ts';

const MEASURED_EVERY_MS = 2_000;
/** Who comes back so soon by the same name goes on with the same connection: only their signals were away. */
const KEPT_MS = 15_000;

/** Everybody connected to everybody. */
export class MeshTransport implements MediaTransport {
  readonly #ownPeerId: string;
  readonly #signalling: Signalling;
  readonly #links = new Map<string, PeerLink>();
  readonly #kept = new Map<string, ReturnType<typeof setTimeout>>();
  /** Those that were given up. Who comes back by such a name may think that the connection still stands. */
  readonly #dropped = new Set<string>();
  readonly #tracks = new Map<Source, MediaStreamTrack>();
  readonly #listeners = new Set<() => void>();
  readonly #measuring: ReturnType<typeof setInterval>;
  #configuration: RTCConfiguration = {};

  constructor(ownPeerId: string, signalling: Signalling) {
    this.#ownPeerId = ownPeerId;
    this.#signalling = signalling;
    this.#measuring = setInterval(() => {
      for (const link of this.#links.values()) void link.measure();
    }, MEASURED_EVERY_MS);
  }

  publish(source: Source, track: MediaStreamTrack | null): void {
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    for (const link of this.#links.values()) link.publish(source, track);
  }

  admit(peers: readonly RemotePeer[], arriving: boolean): void {
    for (const peer of peers) {
      clearTimeout(this.#kept.get(peer.peerId));
      this.#kept.delete(peer.peerId);
      const link = this.#links.get(peer.peerId);
      if (link) link.mend();
      else this.#begin(peer).start(arriving || this.#dropped.delete(peer.peerId));
    }
    this.#share();
  }

  dismiss(peerId: string, forGood = false): void {
    if (forGood) {
      this.#drop(peerId);
      this.#share();
      return;
    }
    if (!this.#links.has(peerId) || this.#kept.has(peerId)) return;
    this.#kept.set(
      peerId,
      setTimeout(() => {
        this.#drop(peerId);
        this.#dropped.add(peerId);
      }, KEPT_MS),
    );
    this.#share();
  }

  receive(from: RemotePeer, type: SignalType, signal: unknown): void {
    if (this.#kept.has(from.peerId)) return;
    void this.#receive(from, type, signal as PeerSignal);
  }

  media(peerId: string): PeerMedia | undefined {
    return this.#links.get(peerId);
  }

  level(peerId: string): number {
    return this.#links.get(peerId)?.level() ?? 0;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setIceServers(servers: readonly IceServer[]): void {
    this.#configuration = { iceServers: [...servers] };
    for (const link of this.#links.values()) link.setConfiguration(this.#configuration);
  }

  refresh(): void {
    for (const [peerId, link] of this.#links) if (!this.#kept.has(peerId)) link.mend();
  }

  close(): void {
    clearInterval(this.#measuring);
    this.#listeners.clear();
    for (const peerId of [...this.#links.keys()]) this.#drop(peerId);
  }

  async #receive(from: RemotePeer, type: SignalType, signal: PeerSignal): Promise<void> {
    const link = this.#links.get(from.peerId) ?? this.#begin(from);
    const outcome = await link.receive(type, signal);
    if (outcome !== 'start-over' || this.#links.get(from.peerId) !== link) return;
    link.close();
    const { to: _, ...first } = signal;
    const anew = this.#begin(from);
    anew.start(false);
    await anew.receive(type, first);
  }

  #begin(peer: RemotePeer): PeerLink {
    const link = new PeerLink({
      peer,
      polite: this.#ownPeerId > peer.peerId,
      configuration: this.#configuration,
      tracks: this.#tracks,
      peers: this.#links.size - this.#kept.size + 1,
      send: (type, signal) => {
        if (this.#links.get(peer.peerId) === link) this.#signalling.send(peer, type, signal);
      },
      changed: () => this.#changed(),
    });
    this.#links.set(peer.peerId, link);
    this.#changed();
    return link;
  }

  #drop(peerId: string): void {
    clearTimeout(this.#kept.get(peerId));
    this.#kept.delete(peerId);
    this.#links.get(peerId)?.close();
    this.#links.delete(peerId);
    this.#changed();
  }

  /** What one's own way out bears is for all who are here. */
  #share(): void {
    const peers = this.#links.size - this.#kept.size;
    for (const link of this.#links.values()) link.share(peers);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
