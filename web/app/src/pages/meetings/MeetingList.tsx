import type { MeetingBody } from '@plenum/client';
import { useSession } from '@plenum/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { endsAt, isLive, isNear, isOver } from '../../data/times.ts';
import { useFormat } from '../../i18n/format.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { MeetingBadges } from './MeetingBadges.tsx';
import styles from './MeetingList.module.css';

const AT_ONCE = 20;

export function MeetingList({ meetings, now }: { meetings: MeetingBody[]; now: Date }) {
  const { t } = useTranslation('meetings');
  const [most, setMost] = useState(AT_ONCE);
  const more = meetings.length - most;
  return (
    <>
      <ul className={styles.list}>
        {meetings.slice(0, most).map((meeting) => (
          <MeetingRow key={meeting.meetingId} meeting={meeting} now={now} />
        ))}
      </ul>
      {more > 0 && (
        <Button variant="quiet" wide onClick={() => setMost(most + AT_ONCE)}>
          {t('list.more', { count: Math.min(more, AT_ONCE) })}
        </Button>
      )}
    </>
  );
}

function MeetingRow({ meeting, now }: { meeting: MeetingBody; now: Date }) {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const { profile } = useSession();
  const over = isOver(meeting, now);
  const host = meeting.hostId === profile?.id;
  return (
    <li className={styles.row} data-over={over || undefined}>
      <div className={styles.day} aria-hidden="true">
        <span>{format.month(meeting.startsAt)}</span>
        <strong>{format.day(meeting.startsAt)}</strong>
      </div>
      <div className={styles.words}>
        <div className={styles.title}>
          <Link to={`/meetings/${meeting.meetingId}`}>{meeting.title}</Link>
          <MeetingBadges meeting={meeting} />
        </div>
        <p className={styles.when}>
          <span className="visually-hidden">{format.longDate(meeting.startsAt)}, </span>
          {format.time(meeting.startsAt)} – {format.time(endsAt(meeting))}
          {host && <> · {t('youHost')}</>}
        </p>
      </div>
      {!over && isNear(meeting, now) && (
        <ButtonLink
          to={`/meetings/${meeting.meetingId}/room`}
          variant={isLive(meeting) ? 'primary' : 'secondary'}
          size="small"
          className={styles.join}
          aria-label={t('joinTitle', { title: meeting.title })}
        >
          {t('join')}
        </ButtonLink>
      )}
    </li>
  );
}

export function MeetingListSkeleton() {
  return (
    <ul className={styles.list} aria-busy="true">
      {[0, 1, 2].map((place) => (
        <li key={place} className={styles.row}>
          <Skeleton width="3.25rem" height="3.25rem" />
          <div className={styles.words}>
            <Skeleton width="14rem" height="1.125rem" />
            <Skeleton width="9rem" height="0.875rem" />
          </div>
        </li>
      ))}
    </ul>
  );
}
