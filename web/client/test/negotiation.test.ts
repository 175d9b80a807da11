import { describe, expect, it } from 'vitest';
import type { SignalType } from '../src/index.ts';
import { type Describable, Negotiation, type PeerSignal } from '../src/media/negotiation.ts';

/** An `RTCPeerConnection` as far as its signalling states go (JSEP, section 3.2), with implicit rollback. */
class Connection implements Describable {
  signalingState: RTCSignalingState = 'stable';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly candidates: string[] = [];
  readonly #name: string;
  #descriptions = 0;
  #before: RTCSessionDescriptionInit | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    const answers = this.signalingState === 'have-remote-offer';
    if (this.signalingState === 'stable') this.#before = this.localDescription;
    this.#descriptions += 1;
    this.localDescription = {
      type: answers ? 'answer' : 'offer',
      sdp: `${this.#name}/${this.#descriptions}`,
    };
    this.signalingState = answers ? 'stable' : 'have-local-offer';
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer')
      throw new DOMException('no offer', 'InvalidStateError');
    if (description.type === 'offer' && this.signalingState === 'have-local-offer')
      this.localDescription = this.#before;
    this.remoteDescription = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate({ candidate = '' }: RTCIceCandidateInit): Promise<void> {
    await Promise.resolve();
    const of = candidate.split(' ')[0];
    if (of !== this.remoteDescription?.sdp) throw new DOMException('of another round', 'OperationError');
    this.candidates.push(candidate);
  }

  close(): void {
    this.signalingState = 'closed';
  }
}

type Sent = [SignalType, PeerSignal];

/** One end, that begins afresh when it has to. */
class End {
  readonly sent: Sent[] = [];
  readonly #name: string;
  readonly #polite: boolean;
  #lives = 0;
  connection: Connection;
  negotiation: Negotiation;

  constructor(name: string, polite: boolean) {
    this.#name = name;
    this.#polite = polite;
    [this.connection, this.negotiation] = this.#begin();
  }

  restart(): void {
    this.connection.close();
    [this.connection, this.negotiation] = this.#begin();
  }

  async receive([type, signal]: Sent): Promise<void> {
    if ((await this.negotiation.receive(type, signal)) !== 'start-over') return;
    this.restart();
    const { to: _, ...first } = signal;
    await this.negotiation.receive(type, first);
  }

  candidate(name: string): void {
    this.negotiation.sendCandidate({ candidate: `${this.connection.localDescription?.sdp} ${name}` });
  }

  #begin(): [Connection, Negotiation] {
    this.#lives += 1;
    const life = `${this.#name}${this.#lives}`;
    const connection = new Connection(life);
    const negotiation = new Negotiation(connection, {
      polite: this.#polite,
      session: life,
      send: (type, signal) => this.sent.push([type, signal]),
      beforeOffer: () => {},
      beforeAnswer: () => {},
    });
    return [connection, negotiation];
  }
}

/** Brings over what the two have sent, turn by turn, until nothing is left. */
async function settle(a: End, b: End, aFirst = true): Promise<void> {
  for (let turn = aFirst; a.sent.length + b.sent.length > 0; turn = !turn) {
    const [from, to] = turn ? [a, b] : [b, a];
    const signal = from.sent.shift();
    if (signal) await to.receive(signal);
  }
}

function expectAgreed(a: End, b: End): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    expect(one.connection.signalingState).toBe('stable');
    expect(one.connection.remoteDescription).toEqual(other.connection.localDescription);
  }
}

const two = () => [new End('a', false), new End('b', true)] as const;

describe('two ends agree', () => {
  it('when one offers', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    await settle(a, b);
    expectAgreed(a, b);
    expect([a.negotiation.agreed, b.negotiation.agreed]).toEqual([true, true]);
  });

  it.each([true, false])('when both offer first at once', async (aFirst) => {
    const [a, b] = two();
    await Promise.all([a.negotiation.offer(), b.negotiation.offer()]);
    await settle(a, b, aFirst);
    expectAgreed(a, b);
    // The impolite one’s offer stands, and both speak of its places.
    expect(a.connection.localDescription?.type).toBe('offer');
  });

  it.each([true, false])('when both look for another way at once', async (aFirst) => {
    const [a, b] = two();
    await a.negotiation.offer();
    await settle(a, b);
    const { connection } = b;
    await Promise.all([a.negotiation.offer(), b.negotiation.offer()]);
    await settle(a, b, aFirst);
    expectAgreed(a, b);
    expect(b.connection).toBe(connection);
  });

  it('when an offer was lost, or its answer', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    a.sent.length = 0;
    await a.negotiation.offer();
    await settle(a, b);
    expectAgreed(a, b);
    await a.negotiation.offer();
    const offer = a.sent.shift();
    if (offer) await b.receive(offer);
    b.sent.length = 0;
    await a.negotiation.offer();
    await settle(a, b);
    expectAgreed(a, b);
  });

  it('when an answer comes after the offer was renewed', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    await a.negotiation.offer();
    await settle(a, b);
    expectAgreed(a, b);
  });
});

describe('an end that begins afresh', () => {
  it.each([0, 1])('is met by a fresh end when it offers', async (which) => {
    const ends = two();
    await ends[0].negotiation.offer();
    await settle(...ends);
    const fresh = which === 0 ? ends[0] : ends[1];
    const other = which === 0 ? ends[1] : ends[0];
    const { connection } = other;
    fresh.restart();
    await fresh.negotiation.offer();
    await settle(...ends);
    expectAgreed(...ends);
    expect(other.connection).not.toBe(connection);
  });

  it.each([0, 1])('makes itself known to who goes on with the one of before', async (which) => {
    const ends = two();
    await ends[0].negotiation.offer();
    await settle(...ends);
    const fresh = which === 0 ? ends[0] : ends[1];
    const other = which === 0 ? ends[1] : ends[0];
    fresh.restart();
    await other.negotiation.offer();
    await settle(...ends);
    expectAgreed(...ends);
  });

  it('is not troubled by what was meant for the one of before', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    await settle(a, b);
    a.candidate('late');
    b.restart();
    await settle(a, b);
    expect(b.connection.candidates).toEqual([]);
    expect(b.connection.signalingState).toBe('stable');
  });
});

describe('candidates', () => {
  it('wait for the description they belong to', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    a.candidate('one');
    a.sent.reverse();
    await settle(a, b);
    expectAgreed(a, b);
    expect(b.connection.candidates).toEqual(['a1/1 one']);
  });

  it('of an offer that gave way are let go', async () => {
    const [a, b] = two();
    await a.negotiation.offer();
    await settle(a, b);
    await Promise.all([a.negotiation.offer(), b.negotiation.offer()]);
    b.candidate('in vain');
    await settle(a, b, false);
    expectAgreed(a, b);
    expect(a.connection.candidates).toEqual([]);
  });
});

describe('clients that mark nothing', () => {
  it('are understood all the same', async () => {
    const a = new End('a', false);
    const other = new Connection('x');
    await a.negotiation.offer();
    const [, offer = {}] = a.sent.shift() ?? [];
    await other.setRemoteDescription(offer as RTCSessionDescriptionInit);
    await other.setLocalDescription();
    await a.receive(['answer', other.localDescription as PeerSignal]);
    await a.receive(['ice-candidate', { candidate: `${other.localDescription?.sdp} one` }]);
    expect(a.connection.signalingState).toBe('stable');
    expect(a.connection.candidates).toEqual(['x/1 one']);
  });
});
