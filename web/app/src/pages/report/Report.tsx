import { ApiProblem, type MeetingReport, useRest } from '@plenum/client';
import { useQuery } from '@tanstack/react-query';
import { Download, ShieldAlert, UsersRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { useFormat } from '../../i18n/format.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { PageHeader } from '../../ui/PageHeader.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { csvOf } from './csv.ts';
import styles from './Report.module.css';

/** Who was in a meeting, when, and for how long: for its hosts. */
export default function Report() {
  const { t } = useTranslation('room');
  const rest = useRest();
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery({
    queryKey: ['report', id],
    queryFn: ({ signal }) => rest.meetings.report(id, { signal }),
  });
  const back = (
    <ButtonLink to={`/meetings/${id}`} variant="secondary">
      {t('report.meeting')}
    </ButtonLink>
  );

  if (data) return <Attendances report={data} />;
  if (error instanceof ApiProblem && (error.status === 403 || error.status === 404)) {
    return (
      <EmptyState
        icon={<ShieldAlert />}
        heading="h1"
        title={t(error.status === 403 ? 'report.notHost' : 'outside.gone')}
        actions={back}
      />
    );
  }
  if (error) return <QueryProblem error={error} onRetry={() => void refetch()} />;
  return (
    <div aria-busy="true">
      <Skeleton width="40%" height="2rem" />
      <Skeleton height="16rem" />
    </div>
  );
}

function Attendances({ report }: { report: MeetingReport }) {
  const { t } = useTranslation('room');
  const format = useFormat();
  const { people, beganAt, endedAt } = report;
  const begins = beganAt && format.dateTime(beganAt);

  return (
    <>
      <PageHeader
        title={t('report.title')}
        actions={
          <>
            <ButtonLink to={`/meetings/${report.meetingId}`}>{t('report.meeting')}</ButtonLink>
            {people.length > 0 && (
              <Button icon={<Download />} onClick={() => download(report)}>
                {t('report.download')}
              </Button>
            )}
          </>
        }
      >
        {report.title}
        {begins && ` · ${begins}${endedAt ? ` – ${format.time(endedAt)}` : ''}`}
        {` · ${t('report.people', { count: people.length })}`}
      </PageHeader>
      {people.length === 0 ? (
        <EmptyState icon={<UsersRound />} title={t('report.nobody')}>
          {t('report.nobodyText')}
        </EmptyState>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
        <section className={styles.scroll} aria-label={t('report.title')} tabIndex={0}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('report.name')}</th>
                <th scope="col">{t('report.first')}</th>
                <th scope="col">{t('report.last')}</th>
                <th scope="col">{t('report.duration')}</th>
                <th scope="col">{t('report.visits')}</th>
              </tr>
            </thead>
            <tbody>
              {people.map(({ userId, username, guest, seconds, visits }) => {
                const first = visits[0];
                const last = visits.at(-1);
                return (
                  <tr key={userId}>
                    <th scope="row">
                      <span className={styles.person}>
                        <Avatar name={username} picture={null} size={2} />
                        {username}
                        {guest && <Badge>{t('people.guest')}</Badge>}
                      </span>
                    </th>
                    <td>{first && format.time(first.joinedAt)}</td>
                    <td>{last?.leftAt ? format.time(last.leftAt) : endedAt ? '–' : t('report.still')}</td>
                    <td>{format.duration(Math.round(seconds / 60))}</td>
                    <td>{visits.length}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

function download(report: MeetingReport): void {
  const address = URL.createObjectURL(new Blob([csvOf(report)], { type: 'text/csv' }));
  const anchor = document.createElement('a');
  anchor.href = address;
  anchor.download = 'attendance.csv';
  anchor.click();
  URL.revokeObjectURL(address);
}
