import type { MeetingBody } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { isLive } from '../../data/times.ts';
import { Badge } from '../../ui/Badge.tsx';

/** What is special about a meeting right now. */
export function MeetingBadges({ meeting }: { meeting: MeetingBody }) {
  const { t } = useTranslation('meetings');
  if (isLive(meeting)) {
    return (
      <Badge tone="accent" live>
        {t('live', { count: meeting.activeParticipants })}
      </Badge>
    );
  }
  if (meeting.status === 'cancelled') return <Badge tone="danger">{t('cancelled')}</Badge>;
  if (meeting.status === 'completed') return <Badge>{t('completed')}</Badge>;
  return null;
}
