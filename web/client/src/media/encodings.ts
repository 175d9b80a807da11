/** How one video is sent to one peer. */
export interface VideoSending {
  maxBitrate: number;
  maxFramerate: number;
  /** Lines of the picture at most. */
  height: number;
}

export const AUDIO_BITRATE = 40_000;

/** In a mesh everybody sends to everybody: the more there are, the less each gets. */
const CAMERA: { peers: number; sending: VideoSending }[] = [
  { peers: 1, sending: { maxBitrate: 1_200_000, maxFramerate: 30, height: 720 } },
  { peers: 3, sending: { maxBitrate: 600_000, maxFramerate: 30, height: 540 } },
  { peers: 6, sending: { maxBitrate: 300_000, maxFramerate: 24, height: 360 } },
];
const CAMERA_OF_MANY: VideoSending = { maxBitrate: 150_000, maxFramerate: 15, height: 180 };

const SCREEN: { peers: number; sending: VideoSending }[] = [
  { peers: 3, sending: { maxBitrate: 2_000_000, maxFramerate: 15, height: 1_440 } },
  { peers: 6, sending: { maxBitrate: 1_000_000, maxFramerate: 10, height: 1_080 } },
];
const SCREEN_OF_MANY: VideoSending = { maxBitrate: 500_000, maxFramerate: 5, height: 1_080 };

/** Each step less than what the number of peers allows; past the last one, the camera pauses. */
const STEPS = [1, 0.5, 0.25];
export const PAUSED = STEPS.length;

/** How the camera is sent, or `null` when it pauses, `step` steps below what that many peers allow. */
export function cameraSending(peers: number, step = 0): VideoSending | null {
  const { maxBitrate, maxFramerate, height } =
    CAMERA.find((row) => peers <= row.peers)?.sending ?? CAMERA_OF_MANY;
  const share = STEPS[step];
  if (share === undefined) return null;
  return {
    maxBitrate: maxBitrate * share,
    maxFramerate: step === 0 ? maxFramerate : Math.min(maxFramerate, 15),
    height: Math.max(180, height * Math.sqrt(share)),
  };
}

export function screenSending(peers: number): VideoSending {
  return SCREEN.find((row) => peers <= row.peers)?.sending ?? SCREEN_OF_MANY;
}

/** By what a picture of so many lines is divided to have `height` at most. */
export function scaleDown(lines: number | undefined, height: number): number {
  return Math.max(1, (lines ?? height) / height);
}
