import { describe, expect, it } from 'vitest';
import { ANNOUNCED_AT_FIRST, nextAnnouncement } from '../src/call/state.ts';
import { type Adaptation, adapt, UNTROUBLED } from '../src/media/adaptation.ts';
import { cameraSending, PAUSED, scaleDown, screenSending } from '../src/media/encodings.ts';
import { mediaProblemCode } from '../src/media/problem.ts';
import { counted, lossBetween, qualityOf } from '../src/media/quality.ts';
import { afterLevels, SILENCE, type Speakers } from '../src/media/speaking.ts';

describe('what is sent to each of so many peers', () => {
  it.each([
    [1, 1_200_000, 720],
    [2, 600_000, 540],
    [3, 600_000, 540],
    [4, 300_000, 360],
    [6, 300_000, 360],
    [7, 150_000, 180],
    [20, 150_000, 180],
  ])('%i peers: %i bits per second, %i lines', (peers, maxBitrate, height) => {
    expect(cameraSending(peers)).toMatchObject({ maxBitrate, height });
  });

  it('becomes less with each step, and nothing at the last', () => {
    const rates = [0, 1, 2].map((step) => cameraSending(2, step)?.maxBitrate ?? 0);
    expect(rates).toEqual([600_000, 300_000, 150_000]);
    expect(cameraSending(2, PAUSED)).toBeNull();
    expect(cameraSending(7, 2)?.height).toBe(180);
  });

  it('is a screen that stays readable', () => {
    expect(screenSending(1).height).toBeGreaterThanOrEqual(1_080);
    expect(screenSending(9).height).toBeGreaterThanOrEqual(1_080);
    expect(screenSending(9).maxBitrate).toBeLessThan(screenSending(1).maxBitrate);
  });

  it('is never made larger than it is', () => {
    expect(scaleDown(720, 360)).toBe(2);
    expect(scaleDown(480, 720)).toBe(1);
    expect(scaleDown(undefined, 720)).toBe(1);
  });
});

describe('adaptation', () => {
  const fine = { available: 5_000_000, loss: 0 };
  const lossy = { available: 5_000_000, loss: 0.1 };
  const adapted = (state: Adaptation, samples: { available: number | null; loss: number }[], peers = 1) =>
    samples.reduce((now, sample) => adapt(now, sample, peers), state);
  const times = <T>(n: number, sample: T) => Array.from({ length: n }, () => sample);

  it('bears one bad moment', () => {
    expect(adapted(UNTROUBLED, [lossy, fine, lossy, fine]).step).toBe(0);
  });

  it('steps back while packets are lost', () => {
    expect(adapted(UNTROUBLED, times(2, lossy)).step).toBe(1);
    expect(adapted(UNTROUBLED, times(4, lossy)).step).toBe(2);
    expect(adapted(UNTROUBLED, times(20, lossy)).step).toBe(PAUSED);
  });

  it('shows hardly anything at once, and then nothing, where there is hardly enough for the sound', () => {
    for (const dire of [
      { available: 60_000, loss: 0 },
      { available: null, loss: 0.3 },
    ]) {
      expect(adapted(UNTROUBLED, times(2, dire)).step).toBe(PAUSED - 1);
      expect(adapted(UNTROUBLED, times(4, dire)).step).toBe(PAUSED);
    }
  });

  it('comes back step by step, later after each setback', () => {
    let state = adapted(UNTROUBLED, times(2, lossy));
    const first = state.patience;
    state = adapted(state, times(first - 1, fine));
    expect(state.step).toBe(1);
    state = adapted(state, [fine]);
    expect(state.step).toBe(0);
    state = adapted(state, times(2, lossy));
    expect(state.patience).toBeGreaterThan(first);
    expect(adapted(state, times(100, fine))).toEqual(UNTROUBLED);
  });

  it('comes back from a pause, in which nobody can tell what the way bears', () => {
    const little = { available: 60_000, loss: 0 };
    const paused = adapted(UNTROUBLED, times(4, little));
    const back = adapted(paused, times(paused.patience, little));
    expect(back.step).toBe(PAUSED - 1);
    expect(adapted(back, times(4, little)).step).toBe(PAUSED - 1);
    expect(adapted(back, times(5, little))).toMatchObject({ step: PAUSED, patience: paused.patience * 2 });
  });

  it('does not come back where there is no room', () => {
    const state = adapted(UNTROUBLED, times(2, lossy));
    expect(adapted(state, times(50, { available: 600_000, loss: 0 })).step).toBe(1);
  });
});

describe('a connection’s quality', () => {
  it('is read from what the browser counts', () => {
    const counts = counted([
      { type: 'inbound-rtp', packetsReceived: 90, packetsLost: 10 },
      { type: 'inbound-rtp', packetsReceived: 10, packetsLost: -1 },
      { type: 'remote-inbound-rtp', fractionLost: 0.02, roundTripTime: 0.3 },
      { type: 'remote-inbound-rtp', fractionLost: 0.2 },
      { type: 'remote-inbound-rtp', fractionLost: 0.9, timestamp: 1_000 },
      { type: 'transport', timestamp: 20_000, selectedCandidatePairId: 'p2' },
      { id: 'p1', type: 'candidate-pair', currentRoundTripTime: 9 },
      { id: 'p2', type: 'candidate-pair', currentRoundTripTime: 0.1, availableOutgoingBitrate: 9 },
      { id: 'p3', type: 'candidate-pair', currentRoundTripTime: 9 },
    ]);
    expect(counts).toEqual({ received: 100, lost: 10, sentLoss: 0.2, roundTrip: 0.1, available: 9 });
    expect(lossBetween({ ...counts, received: 0, lost: 0 }, counts)).toBeCloseTo(10 / 110);
    expect(lossBetween(counts, counts)).toBe(0);
  });

  it('is as bad as the worse of loss and delay', () => {
    expect(qualityOf(0, 0.05)).toBe('good');
    expect(qualityOf(0.05, 0.05)).toBe('fair');
    expect(qualityOf(0, 0.3)).toBe('fair');
    expect(qualityOf(0.2, 0.05)).toBe('poor');
    expect(qualityOf(0, 0.8)).toBe('poor');
    expect(qualityOf(0, null)).toBe('good');
  });
});

describe('who speaks', () => {
  const hear = (state: Speakers, now: number, levels: Record<string, number>) =>
    afterLevels(state, new Map(Object.entries(levels)), 'ana', now);

  it('does so over short pauses', () => {
    const spoken = hear(SILENCE, 0, { luis: 0.2, ana: 0 });
    expect([...hear(spoken, 500, { luis: 0, ana: 0 }).until.keys()]).toEqual(['luis']);
    expect([...hear(spoken, 2_000, { luis: 0, ana: 0 }).until.keys()]).toEqual([]);
  });

  it('stays the active one until somebody else speaks alone, or much louder', () => {
    let state = hear(SILENCE, 0, { luis: 0.2, eva: 0 });
    expect(state.active).toBe('luis');
    state = hear(state, 200, { luis: 0.2, eva: 0.25 });
    expect(state.active).toBe('luis');
    expect(hear(state, 400, { luis: 0.1, eva: 0.4 }).active).toBe('eva');
    state = hear(state, 3_000, { luis: 0, eva: 0 });
    expect(state.active).toBe('luis');
    expect(hear(state, 3_200, { luis: 0, eva: 0.1 }).active).toBe('eva');
    expect(hear(state, 3_200, { eva: 0 }).active).toBeNull();
  });

  it('is never oneself among the others', () => {
    const state = hear(SILENCE, 0, { ana: 0.5, luis: 0 });
    expect(state.active).toBeNull();
    expect(state.until.has('ana')).toBe(true);
  });
});

describe('what the server has to be told of oneself', () => {
  it('is nothing when it knows', () => {
    expect(nextAnnouncement(ANNOUNCED_AT_FIRST, { isMuted: true, isVideoOn: false })).toBeNull();
  });

  it('is one thing after the other', () => {
    const wanted = { isMuted: false, isVideoOn: true };
    const first = nextAnnouncement(ANNOUNCED_AT_FIRST, wanted);
    expect(first?.event).toBe('call:unmute');
    const second = first && nextAnnouncement(first.known, wanted);
    expect(second?.event).toBe('call:video-on');
    expect(second && nextAnnouncement(second.known, wanted)).toBeNull();
  });
});

describe('a browser’s refusal of a device', () => {
  it.each([
    ['NotAllowedError', 'permission_denied'],
    ['NotFoundError', 'no_device'],
    ['OverconstrainedError', 'no_device'],
    ['NotReadableError', 'device_busy'],
    ['TypeError', 'not_supported'],
  ])('%s is %s', (name, code) => {
    expect(mediaProblemCode(Object.assign(new Error(), { name }))).toBe(code);
  });
});
