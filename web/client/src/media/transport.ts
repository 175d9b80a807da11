import type { IceServer } from '../contract/IceServer.ts';
import type { SignalType } from '../contract/SignalType.ts';
import type { Quality } from './quality.ts';

/** What one can send, in the order in which connections carry it. */
export const SOURCES = ['microphone', 'camera', 'screen', 'screenAudio'] as const;
export type Source = (typeof SOURCES)[number];

/** Somebody in the call, by the end that they named when they came. */
export interface RemotePeer {
  userId: string;
  peerId: string;
}

export type LinkState = 'connecting' | 'connected' | 'interrupted' | 'failed';

/** What comes from a peer. The streams are the same for as long as the connection is. */
export interface PeerMedia {
  streams: Record<Source, MediaStream>;
  link: LinkState;
  quality: Quality;
}

/** How peers tell each other what they need to find each other. */
export interface Signalling {
  send(to: RemotePeer, type: SignalType, signal: object): void;
}

/** Brings the media of a call from one's own device to the others, and theirs here. */
export interface MediaTransport {
  /** Sends a track in a source's place; `null`: nothing any more. */
  publish(source: Source, track: MediaStreamTrack | null): void;
  /** Who is in the call. `arriving`: one has come to them; otherwise they have come, and turn to us. */
  admit(peers: readonly RemotePeer[], arriving: boolean): void;
  /** Who is not in the call any more. `forGood`: by this name nobody comes back. */
  dismiss(peerId: string, forGood?: boolean): void;
  /** Something from a peer. */
  receive(from: RemotePeer, type: SignalType, signal: unknown): void;
  media(peerId: string): PeerMedia | undefined;
  /** How loud a peer is, from 0 to 1. */
  level(peerId: string): number;
  /** Calls back when something about `media` has changed. */
  subscribe(listener: () => void): () => void;
  setIceServers(servers: readonly IceServer[]): void;
  /** Signals, or the network, were away: what is not connected is connected anew. */
  refresh(): void;
  close(): void;
}
