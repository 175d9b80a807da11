import type { Meeting } from '@plenum/client';
import { DoorOpen } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { Button } from '../../../ui/Button.tsx';
import styles from './Knocks.module.css';

/** For hosts: who waits to be let in, until they have answered or looked away. */
export function Knocks({ meeting, onShow }: { meeting: Meeting; onShow: () => void }) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  const [ignored, setIgnored] = useState<ReadonlySet<string>>(new Set());
  const knocking = meeting.isHost
    ? meeting.lobby.filter(({ userId, since }) => !ignored.has(userId + since))
    : [];
  const [first] = knocking;
  const many = knocking.length > 1;

  return (
    <div aria-live="polite" className={styles.place}>
      {first && (
        <div className={styles.knock}>
          <DoorOpen aria-hidden="true" />
          <p>
            {many
              ? t('says.knockMany', { count: knocking.length })
              : t('says.knocks', { name: first.username })}
          </p>
          <div className={styles.actions}>
            <Button
              size="small"
              variant="primary"
              onClick={() => void attempt(() => (many ? meeting.admitAll() : meeting.admit(first.userId)))}
            >
              {t(many ? 'people.admitAll' : 'people.admit')}
            </Button>
            {many ? (
              <Button size="small" onClick={onShow}>
                {t('says.show')}
              </Button>
            ) : (
              <Button size="small" onClick={() => void attempt(() => meeting.deny(first.userId))}>
                {t('people.deny')}
              </Button>
            )}
            <Button
              size="small"
              variant="quiet"
              onClick={() =>
                setIgnored(new Set([...ignored, ...knocking.map(({ userId, since }) => userId + since)]))
              }
            >
              {t('says.later')}
            </Button>
          </div>
        </div>
      )}
    </div>
  );
}
