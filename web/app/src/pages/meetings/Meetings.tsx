import { CalendarPlus, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMeetings } from '../../data/meetings.ts';
import { agenda } from '../../data/times.ts';
import { ButtonLink } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { PageHeader } from '../../ui/PageHeader.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { useNow } from '../../useNow.ts';
import { JoinForm } from '../home/JoinForm.tsx';
import { MeetingList, MeetingListSkeleton } from './MeetingList.tsx';
import styles from './Meetings.module.css';

/** From how many on it helps to look for one by its title. */
const MANY = 8;

export default function Meetings() {
  const { t } = useTranslation('meetings');
  const meetings = useMeetings();
  const now = useNow();
  const [search, setSearch] = useState('');

  const all = meetings.data ?? [];
  const wanted = search.trim().toLocaleLowerCase();
  const shown = wanted ? all.filter(({ title }) => title.toLocaleLowerCase().includes(wanted)) : all;
  const { today, upcoming, past } = agenda(shown, now);

  return (
    <>
      <PageHeader
        title={t('list.title')}
        actions={
          <div className={styles.join}>
            <JoinForm />
          </div>
        }
      />
      {all.length > MANY && (
        <input
          type="search"
          className={styles.search}
          aria-label={t('list.search')}
          placeholder={t('list.search')}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {meetings.isPending ? (
        <MeetingListSkeleton />
      ) : meetings.isError && !meetings.data ? (
        <QueryProblem error={meetings.error} onRetry={() => void meetings.refetch()} />
      ) : all.length === 0 ? (
        <Card>
          <EmptyState
            icon={<CalendarPlus />}
            title={t('list.none')}
            actions={
              <ButtonLink to="/meetings/new" variant="primary" icon={<Plus />}>
                {t('list.first')}
              </ButtonLink>
            }
          >
            {t('list.noneText')}
          </EmptyState>
        </Card>
      ) : wanted && shown.length === 0 ? (
        <p className={styles.quiet} role="status">
          {t('list.notFound', { search: search.trim() })}
        </p>
      ) : (
        <div className={styles.sections}>
          {(today.length > 0 || !wanted) && (
            <section>
              <h2>{t('list.today')}</h2>
              {today.length > 0 ? (
                <MeetingList meetings={today} now={now} />
              ) : (
                <p className={styles.quiet}>{t('list.nothingToday')}</p>
              )}
            </section>
          )}
          {upcoming.length > 0 && (
            <section>
              <h2>{t('list.upcoming')}</h2>
              <MeetingList meetings={upcoming} now={now} />
            </section>
          )}
          {past.length > 0 && (
            <section>
              <h2>{t('list.past')}</h2>
              <MeetingList meetings={past} now={now} />
            </section>
          )}
        </div>
      )}
    </>
  );
}
