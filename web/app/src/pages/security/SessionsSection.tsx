import { type OwnSession, useRest } from '@plenum/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Laptop, Smartphone } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/format.ts';
import { useAttempt } from '../../problems.ts';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { deviceOf } from './device.ts';

const KEY = ['sessions'];

export function SessionsSection() {
  const { t } = useTranslation('account');
  const rest = useRest();
  const queries = useQueryClient();
  const toasts = useToasts();
  const attempt = useAttempt();
  const sessions = useQuery({ queryKey: KEY, queryFn: ({ signal }) => rest.sessions.list({ signal }) });

  /** What is ended goes from the screen at once, and comes back should it not have worked. */
  const end = async (ending: (session: OwnSession) => boolean, action: () => Promise<void>, said: string) => {
    queries.setQueryData<OwnSession[]>(KEY, (shown) => shown?.filter((session) => !ending(session)));
    if (await attempt(action)) toasts.success(said);
    await queries.invalidateQueries({ queryKey: KEY });
  };

  const others = sessions.data?.filter(({ current }) => !current) ?? [];

  return (
    <Section title={t('sessions.title')} lead={t('sessions.lead')}>
      {sessions.data ? (
        <ul className={styles.list}>
          {sessions.data.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              onEnd={() =>
                void end(
                  ({ id }) => id === session.id,
                  () => rest.sessions.end(session.id),
                  t('sessions.ended'),
                )
              }
            />
          ))}
        </ul>
      ) : sessions.error ? (
        <QueryProblem error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : (
        <Skeleton height="4rem" />
      )}
      {others.length > 0 && (
        <Button
          onClick={() =>
            void end(
              ({ current }) => !current,
              () => rest.sessions.endOthers(),
              t('sessions.othersEnded'),
            )
          }
        >
          {t('sessions.endOthers')}
        </Button>
      )}
    </Section>
  );
}

function SessionRow({ session, onEnd }: { session: OwnSession; onEnd: () => void }) {
  const { t } = useTranslation('account');
  const format = useFormat();
  const { name, mobile } = deviceOf(session.device);
  const Icon = mobile ? Smartphone : Laptop;
  const shown = name ?? t('sessions.unknown');
  return (
    <li>
      <Icon aria-hidden="true" />
      <div className={styles.words}>
        <strong title={session.device ?? undefined}>{shown}</strong>
        <span className={styles.quiet}>
          {t('sessions.since', { date: format.dateTime(session.createdAt) })} ·{' '}
          {t('sessions.used', { ago: format.ago(session.lastUsedAt) })}
        </span>
      </div>
      {session.current ? (
        <Badge tone="accent">{t('sessions.current')}</Badge>
      ) : (
        <Button size="small" onClick={onEnd} aria-label={t('sessions.endOf', { device: shown })}>
          {t('sessions.end')}
        </Button>
      )}
    </li>
  );
}
