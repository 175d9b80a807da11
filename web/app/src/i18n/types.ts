import type enAccount from './locales/en/account.json';
import type enAdmin from './locales/en/admin.json';
import type enAuth from './locales/en/auth.json';
import type enCommon from './locales/en/common.json';
import type enMeetings from './locales/en/meetings.json';
import type enRoom from './locales/en/room.json';
import type esAccount from './locales/es/account.json';
import type esAdmin from './locales/es/admin.json';
import type esAuth from './locales/es/auth.json';
import type esCommon from './locales/es/common.json';
import type esMeetings from './locales/es/meetings.json';
import type esRoom from './locales/es/room.json';

/** The parts into which texts are divided. A new one is a file for each language, and a line in both of these. */
interface English {
  common: typeof enCommon;
  auth: typeof enAuth;
  meetings: typeof enMeetings;
  account: typeof enAccount;
  admin: typeof enAdmin;
  room: typeof enRoom;
}

interface Spanish {
  common: typeof esCommon;
  auth: typeof esAuth;
  meetings: typeof esMeetings;
  account: typeof esAccount;
  admin: typeof esAdmin;
  room: typeof esRoom;
}

/** Fails to compile when one language has a text that the other lacks. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
export const complete: Same<English, Spanish> = true;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: English;
  }
}
