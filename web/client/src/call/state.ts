import type { CallPeer } from '../contract/CallPeer.ts';
import type { UserId } from '../contract/UserId.ts';
import type { Devices } from '../media/devices.ts';
import type { MediaProblem } from '../media/problem.ts';
import type { Quality } from '../media/quality.ts';
import type { LinkState, PeerMedia } from '../media/transport.ts';
import type { ApiProblem } from '../problem.ts';

export type CallPhase =
  | 'idle'
  | 'joining'
  | 'in'
  /** Not let in: `problem` says why. */
  | 'refused'
  /** The same user has come into the call by another tab or device. */
  | 'elsewhere';

/** Somebody else in the call. */
export interface Peer extends CallPeer {
  /** While the camera is on. */
  camera: MediaStream | null;
  /** While this peer presents. */
  screen: MediaStream | null;
  speaking: boolean;
  quality: Quality;
  connection: LinkState;
}

export interface CallState {
  phase: CallPhase;
  problem: ApiProblem | null;
  /** In the order they came, without oneself. */
  peers: Peer[];
  isMuted: boolean;
  isVideoOn: boolean;
  isSharing: boolean;
  /** What one's own camera sees. */
  camera: MediaStream | null;
  /** What one presents. */
  screen: MediaStream | null;
  /** Whether a host has muted one, until one unmutes. */
  mutedByHost: boolean;
  presenter: UserId | null;
  speaking: boolean;
  /** Who of the others speaks, or did last. */
  activeSpeaker: UserId | null;
  devices: Devices;
  mediaProblem: MediaProblem | null;
  /** Whether the browser plays no sound before a click: `startAudio` is to be called on one. */
  audioBlocked: boolean;
  canShareScreen: boolean;
}

/** A peer as it is shown: what the server says of it, with what comes from it. */
export function peerOf(
  peer: CallPeer,
  media: PeerMedia | undefined,
  presenter: UserId | null,
  speaking: boolean,
): Peer {
  return {
    ...peer,
    camera: peer.isVideoOn ? (media?.streams.camera ?? null) : null,
    screen: presenter === peer.userId ? (media?.streams.screen ?? null) : null,
    speaking: speaking && !peer.isMuted,
    quality: media?.quality ?? 'unknown',
    connection: media?.link ?? 'connecting',
  };
}

/** What the server knows of one, and what it has to be told. */
export interface Announced {
  isMuted: boolean;
  isVideoOn: boolean;
}

/** Whoever comes into a call is muted, with video off. */
export const ANNOUNCED_AT_FIRST: Announced = { isMuted: true, isVideoOn: false };

export function nextAnnouncement(
  known: Announced,
  wanted: Announced,
): { event: 'call:mute' | 'call:unmute' | 'call:video-on' | 'call:video-off'; known: Announced } | null {
  if (known.isMuted !== wanted.isMuted)
    return {
      event: wanted.isMuted ? 'call:mute' : 'call:unmute',
      known: { ...known, isMuted: wanted.isMuted },
    };
  if (known.isVideoOn !== wanted.isVideoOn)
    return {
      event: wanted.isVideoOn ? 'call:video-on' : 'call:video-off',
      known: { ...known, isVideoOn: wanted.isVideoOn },
    };
  return null;
}
