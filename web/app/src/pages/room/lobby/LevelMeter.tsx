import { type Call, useAudioLevel } from '@plenum/client';
import { Mic } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import styles from './LevelMeter.module.css';

const BARS = 20;

/** Shows that one can be heard. */
export function LevelMeter({ call, userId }: { call: Call; userId: string }) {
  const { t } = useTranslation('room');
  // Quiet speech is a small part of what a microphone can say: the root shows it as people hear it.
  const level = Math.sqrt(useAudioLevel(call, userId));
  const lit = Math.round(level * BARS);
  return (
    <div className={styles.meter} title={t('lobby.speak')}>
      <meter className="visually-hidden" aria-label={t('lobby.level')} value={level} />
      <Mic aria-hidden="true" />
      {Array.from({ length: BARS }, (_, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars are their places.
        <span key={place} data-lit={place < lit || undefined} />
      ))}
    </div>
  );
}
