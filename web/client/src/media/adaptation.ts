import { cameraSending, PAUSED } from './encodings.ts';

/** What two seconds of sending to a peer have shown. */
export interface SendingSample {
  /** What the way to the peer bears, bits per second, where the browser knows. */
  available: number | null;
  /** The share of packets that the peer reports lost, from 0 to 1. */
  loss: number;
}

/** How far the camera steps back for a peer so that the sound arrives. */
export interface Adaptation {
  /** Steps below the usual; `PAUSED`: no picture. */
  step: number;
  bad: number;
  good: number;
  /** Good samples that the next step up takes. */
  patience: number;
}

/** The last step that shows a picture. */
const LEAST = PAUSED - 1;
const STEP_DOWN_AFTER = 2;
const PATIENCE = 3;
const PATIENCE_AT_MOST = 30;
/** Bad samples more that a picture may have after a pause: the browser has to find out first what the way bears. */
const PROBATION = 3;
const LOSS_BAD = 0.05;
const LOSS_TERRIBLE = 0.15;
const LOSS_GOOD = 0.02;
/** Sound, and a picture that is worth it. Below, what there is belongs to the sound. */
const LEAST_FOR_VIDEO = 120_000;

export const UNTROUBLED: Adaptation = { step: 0, bad: 0, good: 0, patience: PATIENCE };

/**
 * Down after two bad samples, up after several good ones; each step down makes the next way up longer, so that a way
 * that bears just too little does not swing.
 */
export function adapt(state: Adaptation, { available, loss }: SendingSample, peers: number): Adaptation {
  // While the picture pauses, only sound shows what the way bears: that says nothing about more.
  const known = state.step === PAUSED ? null : available;
  const starved = known !== null && known < LEAST_FOR_VIDEO;
  if (loss > LOSS_BAD || starved) {
    const bad = state.bad + 1;
    if (bad < STEP_DOWN_AFTER) return { ...state, bad, good: 0 };
    const dire = starved || loss > LOSS_TERRIBLE;
    const step = Math.min(PAUSED, Math.max(state.step + 1, dire ? LEAST : 0));
    const patience = Math.min(PATIENCE_AT_MOST, step > state.step ? state.patience * 2 : state.patience);
    return { step, bad: 0, good: 0, patience };
  }
  if (state.step === 0) {
    // What has gone well for long is forgiven.
    const good = state.good + 1;
    if (state.patience === PATIENCE || good >= PATIENCE_AT_MOST) return UNTROUBLED;
    return { ...state, bad: 0, good };
  }
  const here = cameraSending(peers, state.step)?.maxBitrate ?? 0;
  const room = known === null || known > here * 1.2;
  if (loss > LOSS_GOOD || !room) return { ...state, bad: 0, good: 0 };
  const good = state.good + 1;
  if (good < state.patience) return { ...state, bad: 0, good };
  return { ...state, step: state.step - 1, bad: state.step === PAUSED ? -PROBATION : 0, good: 0 };
}
