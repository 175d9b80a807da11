/** What one has chosen for sound and picture, on this device. */
export interface Choices {
  microphoneId: string | null;
  cameraId: string | null;
  speakerId: string | null;
  microphoneOn: boolean;
  cameraOn: boolean;
}

const STORED = 'plenum.devices';
const AT_FIRST: Choices = {
  microphoneId: null,
  cameraId: null,
  speakerId: null,
  microphoneOn: true,
  cameraOn: true,
};

export function choices(): Choices {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? '{}');
    return { ...AT_FIRST, ...(stored as Partial<Choices>) };
  } catch {
    return AT_FIRST;
  }
}

export function remember(change: Partial<Choices>): void {
  localStorage.setItem(STORED, JSON.stringify({ ...choices(), ...change }));
}
