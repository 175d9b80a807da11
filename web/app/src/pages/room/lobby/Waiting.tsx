import type { Call, Meeting, MeetingBody } from '@plenum/client';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../i18n/format.ts';
import { Plain } from '../../../shell/Plain.tsx';
import { Button } from '../../../ui/Button.tsx';
import { PageTitle } from '../../../ui/PageHeader.tsx';
import { MediaProblems } from './MediaProblems.tsx';
import { Preview } from './Preview.tsx';
import type { OwnMedia } from './useOwnMedia.ts';
import styles from './Waiting.module.css';

interface WaitingProps {
  meeting: Meeting;
  call: Call;
  media: OwnMedia;
  details: MeetingBody;
  onLeave: () => void;
}

/** Until a host lets one in. */
export function Waiting({ meeting, call, media, details, onLeave }: WaitingProps) {
  const { t } = useTranslation('room');
  const format = useFormat();
  const [minutes, setMinutes] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setMinutes((before) => before + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Plain>
      <div className={styles.waiting}>
        <div className={styles.words} role="status">
          <span className={styles.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <p className={styles.quiet}>{details.title}</p>
          <PageTitle>{t('outside.waiting')}</PageTitle>
          <p className={styles.quiet}>{t('outside.waitingText')}</p>
          {minutes > 0 && (
            <p className={styles.quiet}>{t('outside.waitingFor', { time: format.duration(minutes) })}</p>
          )}
        </div>
        <Preview call={call} media={media} name={meeting.self.username} />
        <MediaProblems media={media} />
        <Button onClick={onLeave}>{t('outside.stopWaiting')}</Button>
      </div>
    </Plain>
  );
}
