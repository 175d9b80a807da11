import { ApiProblem, useSession } from '@plenum/client';
import { CalendarX, DoorClosed } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Loading } from '../../shell/Loading.tsx';
import { Plain } from '../../shell/Plain.tsx';
import { Button } from '../../ui/Button.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Door } from './Door.tsx';
import { useMeetingOf } from './details.ts';
import { Page, WayBack } from './Page.tsx';
import { useWho } from './who.ts';

/** Finds the meeting that an address means, and goes to its door. */
export function Entrance({ way }: { way: { id: string } | { code: string } }) {
  const { t } = useTranslation('room');
  const who = useWho();
  const session = useSession();
  const { data: details, error, refetch } = useMeetingOf(way);

  if (!who) return <Loading />;
  if (details) return <Door details={details} who={who} />;
  if (!error) return <Loading />;
  if (error instanceof ApiProblem && error.status === 404) {
    const of = 'code' in way ? 'link' : 'outside';
    return (
      <Page icon={<CalendarX />} title={t(`${of}.gone`)} actions={<WayBack who={who} />}>
        {t(`${of}.goneText`)}
      </Page>
    );
  }
  if (who.guestOf !== null && error instanceof ApiProblem && error.status === 403) {
    return (
      <Page
        icon={<DoorClosed />}
        title={t('link.otherGuest')}
        actions={
          <Button variant="primary" onClick={() => void session.logout()}>
            {t('link.endVisit')}
          </Button>
        }
      >
        {t('link.otherGuestText')}
      </Page>
    );
  }
  return (
    <Plain>
      <QueryProblem error={error} onRetry={() => void refetch()} />
    </Plain>
  );
}
