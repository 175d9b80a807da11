import { ApiProblem, type MeetingBody, useSession } from '@plenum/client';
import { CalendarDays, CalendarX, Clock, DoorOpen, Users } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useMeetingDetails } from '../../data/meetings.ts';
import { endsAt, isOver, ownTimeZone } from '../../data/times.ts';
import { useFormat } from '../../i18n/format.ts';
import { ButtonLink } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { PageHeader } from '../../ui/PageHeader.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { useNow } from '../../useNow.ts';
import { MeetingBadges } from '../meetings/MeetingBadges.tsx';
import { HostActions } from './HostActions.tsx';
import styles from './Meeting.module.css';
import { People } from './People.tsx';
import { Sharing } from './Sharing.tsx';

export default function Meeting() {
  const { t } = useTranslation('meetings');
  const { id = '' } = useParams();
  const { data: meeting, error, refetch } = useMeetingDetails(id);

  if (error instanceof ApiProblem && error.status === 404) {
    return (
      <EmptyState
        icon={<CalendarX />}
        title={t('page.gone')}
        heading="h1"
        actions={
          <ButtonLink to="/meetings" variant="primary">
            {t('page.toList')}
          </ButtonLink>
        }
      >
        {t('page.goneText')}
      </EmptyState>
    );
  }
  if (meeting) return <Details meeting={meeting} />;
  if (error) return <QueryProblem error={error} onRetry={() => void refetch()} />;
  return (
    <div className={styles.page} aria-busy="true">
      <Skeleton width="60%" height="2rem" />
      <Skeleton height="12rem" />
    </div>
  );
}

function Details({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  const { profile } = useSession();
  const now = useNow();
  const host = meeting.hostId === profile?.id;

  return (
    <>
      <PageHeader
        title={meeting.title}
        aside={<MeetingBadges meeting={meeting} />}
        actions={host && <HostActions meeting={meeting} />}
      />
      <div className={styles.page}>
        <Card className={styles.main}>
          <Facts meeting={meeting} />
          {meeting.description && <p className={styles.description}>{meeting.description}</p>}
          <People meeting={meeting} />
        </Card>
        <Card className={styles.side}>
          {meeting.status === 'active' ? (
            <>
              <ButtonLink to={`/meetings/${meeting.meetingId}/room`} variant="primary" size="large" wide>
                {t('join')}
              </ButtonLink>
              {isOver(meeting, now) && <p className={styles.quiet}>{t('page.timePassed')}</p>}
            </>
          ) : (
            <Notice tone={meeting.status === 'cancelled' ? 'warning' : 'info'}>
              {t(`page.${meeting.status}`)}
              {host && ` ${t('page.canReopen')}`}
            </Notice>
          )}
          <Sharing meeting={meeting} />
        </Card>
      </div>
    </>
  );
}

function Facts({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const elsewhere = meeting.timeZone !== ownTimeZone();
  return (
    <dl className={styles.facts}>
      <div>
        <dt>
          <CalendarDays aria-hidden="true" />
          <span className="visually-hidden">{t('page.date')}</span>
        </dt>
        <dd>{format.longDate(meeting.startsAt)}</dd>
      </div>
      <div>
        <dt>
          <Clock aria-hidden="true" />
          <span className="visually-hidden">{t('page.time')}</span>
        </dt>
        <dd>
          {format.time(meeting.startsAt)} – {format.time(endsAt(meeting))}{' '}
          <span className={styles.quiet}>({format.duration(meeting.estimatedDuration)})</span>
          {elsewhere && (
            <div className={styles.quiet}>
              {t('page.elsewhere', { time: meeting.time, zone: meeting.timeZone.replaceAll('_', ' ') })}
            </div>
          )}
        </dd>
      </div>
      <div>
        <dt>
          <Users aria-hidden="true" />
          <span className="visually-hidden">{t('page.places')}</span>
        </dt>
        <dd>{t('page.upTo', { count: meeting.maxParticipants })}</dd>
      </div>
      {(meeting.hasPasscode || meeting.waitingRoom || meeting.guestsAllowed) && (
        <div>
          <dt>
            <DoorOpen aria-hidden="true" />
            <span className="visually-hidden">{t('page.entry')}</span>
          </dt>
          <dd>
            {meeting.waitingRoom && <div>{t('page.waitingRoom')}</div>}
            {meeting.guestsAllowed && <div>{t('page.guests')}</div>}
            {meeting.passcode ? (
              <div>
                {t('page.passcode')} <code>{meeting.passcode}</code>
              </div>
            ) : (
              meeting.hasPasscode && <div>{t('page.needsPasscode')}</div>
            )}
          </dd>
        </div>
      )}
    </dl>
  );
}
