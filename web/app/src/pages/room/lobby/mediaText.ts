import type { MediaProblem } from '@plenum/client';
import type { TFunction } from 'i18next';

/** What is amiss with a device and how to mend it, in one text. */
export function mediaText(t: TFunction<'room'>, { source, code }: MediaProblem): string {
  return `${t(`media.${code}.${source}`)}. ${t(`media.${code}.fix`)}`;
}
