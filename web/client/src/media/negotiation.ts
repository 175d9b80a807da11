import type { SignalType } from '../contract/SignalType.ts';

/** The part of an `RTCPeerConnection` that descriptions go through. */
export interface Describable {
  readonly signalingState: RTCSignalingState;
  readonly localDescription: RTCSessionDescriptionInit | null;
  readonly remoteDescription: RTCSessionDescriptionInit | null;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit): Promise<void>;
}

/** What goes over the wire beside a description or a candidate. Ends that don't say it are taken for one and the same. */
interface Marks {
  /** The sender's connection: another one after each fresh start. */
  session?: string;
  /** The receiver's, as far as the sender knows. */
  to?: string;
  /** Which of its sender's offers an offer is; an answer says which it answers. */
  round?: number;
}
export type PeerSignal = (RTCSessionDescriptionInit | RTCIceCandidateInit) & Marks;

export type Outcome =
  | 'taken'
  | 'ignored'
  /** The peer has begun afresh, or has to be let begin: only a new connection here can meet it. */
  | 'start-over';

export interface NegotiationOptions {
  /** Exactly one of two peers is: it gives way when both offer at once. */
  polite: boolean;
  session: string;
  send: (type: SignalType, signal: PeerSignal) => void;
  /** Before the first offer of one's own: what it shall speak of. */
  beforeOffer: () => void;
  /** After an offer of the peer was taken, before it is answered. */
  beforeAnswer: () => void;
}

/**
 * Perfect negotiation (WebRTC 1.0, section 10.7) between two connections that may each begin afresh at any time. One
 * thing is done after the other, so that an offer of one's own is either made or not when the peer's is looked at.
 */
export class Negotiation {
  readonly #connection: Describable;
  readonly #options: NegotiationOptions;
  #peer: string | null = null;
  #round = 0;
  #early: RTCIceCandidateInit[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Describable, options: NegotiationOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether the two have agreed once. */
  get agreed(): boolean {
    return this.#peer !== null && this.#connection.remoteDescription !== null;
  }

  /** Asks the peer for an agreement, or again as long as there is no answer. */
  offer(): Promise<void> {
    const offered = this.#last.then(() => this.#offer());
    this.#last = offered.catch(() => {});
    return offered;
  }

  sendCandidate(candidate: RTCIceCandidateInit): void {
    this.#options.send('ice-candidate', { ...candidate, ...this.#marks });
  }

  /** Takes what a peer has sent, one after the other. */
  receive(type: SignalType, signal: PeerSignal): Promise<Outcome> {
    const outcome = this.#last.then(() => this.#take(type, signal));
    this.#last = outcome.catch(() => {});
    return outcome;
  }

  async #offer(): Promise<void> {
    if (this.#closed) return;
    this.#options.beforeOffer();
    await this.#connection.setLocalDescription();
    this.#round += 1;
    this.#sendDescription(this.#round);
  }

  async #take(type: SignalType, { session = '', to, round, ...signal }: PeerSignal): Promise<Outcome> {
    if (this.#closed) return 'ignored';
    if (this.#peer !== null && session !== this.#peer) return type === 'offer' ? 'start-over' : 'ignored';
    if (to !== undefined && to !== this.#options.session) {
      // Meant for a connection of before. Whoever goes on with it has to learn that there is a new one.
      if (type === 'offer' && !this.agreed) await this.#offer();
      return 'ignored';
    }
    if (type === 'ice-candidate') return this.#takeCandidate(signal as RTCIceCandidateInit);
    const description = signal as RTCSessionDescriptionInit;
    return type === 'offer'
      ? this.#takeOffer(session, description, round)
      : this.#takeAnswer(session, description, round);
  }

  async #takeOffer(session: string, offer: RTCSessionDescriptionInit, round?: number): Promise<Outcome> {
    if (this.#connection.signalingState !== 'stable') {
      if (!this.#options.polite) return 'ignored';
      // Two first offers would each bring places of their own for the same tracks.
      if (!this.agreed) return 'start-over';
    }
    await this.#connection.setRemoteDescription(offer);
    this.#peer = session;
    this.#options.beforeAnswer();
    await this.#connection.setLocalDescription();
    this.#sendDescription(round);
    await this.#takeEarly();
    return 'taken';
  }

  async #takeAnswer(
    session: string,
    answer: RTCSessionDescriptionInit,
    round = this.#round,
  ): Promise<Outcome> {
    if (this.#connection.signalingState !== 'have-local-offer' || round !== this.#round) return 'ignored';
    await this.#connection.setRemoteDescription(answer);
    this.#peer = session;
    await this.#takeEarly();
    return 'taken';
  }

  async #takeEarly(): Promise<void> {
    for (const candidate of this.#early.splice(0)) await this.#takeCandidate(candidate);
  }

  async #takeCandidate(candidate: RTCIceCandidateInit): Promise<Outcome> {
    if (this.#connection.remoteDescription === null) {
      this.#early.push(candidate);
      return 'taken';
    }
    try {
      await this.#connection.addIceCandidate(candidate);
      return 'taken';
    } catch {
      // Of an offer that was not taken, or of a round of before: others follow.
      return 'ignored';
    }
  }

  #sendDescription(round?: number): void {
    const description = this.#connection.localDescription;
    if (!description) return;
    const { type, sdp = '' } = description;
    if (type !== 'offer' && type !== 'answer') return;
    this.#options.send(type, { type, sdp, ...this.#marks, ...(round === undefined ? {} : { round }) });
  }

  get #closed(): boolean {
    return this.#connection.signalingState === 'closed';
  }

  get #marks(): Marks {
    return { session: this.#options.session, ...(this.#peer === null ? {} : { to: this.#peer }) };
  }
}
