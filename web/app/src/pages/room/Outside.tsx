import type { Meeting, MeetingBody } from '@plenum/client';
import {
  CalendarX,
  CircleSlash,
  ClipboardList,
  DoorClosed,
  DoorOpen,
  Hourglass,
  KeyRound,
  Lock,
  PartyPopper,
  UsersRound,
  UserX,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import { useProblemText } from '../../problems.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { Page, WayBack } from './Page.tsx';
import type { Who } from './who.ts';

interface PlaceProps {
  details: MeetingBody;
  who: Who;
}

/** Why one is not in the meeting, and what can be done about it. */
export function Outside({
  meeting,
  details,
  who,
  onAgain,
}: PlaceProps & { meeting: Meeting; onAgain: () => void }) {
  const { t } = useTranslation('room');
  const text = useProblemText();
  const { pathname } = useLocation();
  const back = <WayBack who={who} />;
  const again = (label: string) => (
    <Button variant="primary" onClick={onAgain}>
      {label}
    </Button>
  );
  const page = (icon: ReactNode, title: string, words: ReactNode, actions: ReactNode) => (
    <Page icon={icon} title={title} actions={actions}>
      {words}
    </Page>
  );

  switch (meeting.phase) {
    case 'denied':
      return page(
        <DoorClosed />,
        t('outside.denied'),
        t('outside.deniedText'),
        <>
          {again(t('outside.askAgain'))}
          {back}
        </>,
      );
    case 'removed':
      return page(<UserX />, t('outside.removed'), t('outside.removedText'), <WayBack who={who} primary />);
    case 'ended':
      return page(
        <PartyPopper />,
        t('outside.ended'),
        t(`outside.ended${meeting.endReason ?? 'Text'}`),
        <>
          <WayBack who={who} primary />
          <ReportLink details={details} who={who} />
        </>,
      );
    default:
  }

  const problem = meeting.problem ?? meeting.connection.problem;
  const retry = (
    <>
      {again(t('outside.tryAgain'))}
      {back}
    </>
  );
  switch (problem?.code) {
    case 'meeting_locked':
      return page(<Lock />, t('outside.locked'), t('outside.lockedText'), retry);
    case 'meeting_full':
      return page(<UsersRound />, t('outside.full'), t('outside.fullText'), retry);
    case 'waiting_room_full':
      return page(<UsersRound />, t('outside.lobbyFull'), t('outside.lobbyFullText'), retry);
    case 'too_many_tries':
      return page(<Hourglass />, t('outside.tries'), t('outside.triesText'), retry);
    case 'meeting_not_found':
      return page(<CalendarX />, t('outside.gone'), t('outside.goneText'), <WayBack who={who} primary />);
    case 'guests_not_allowed':
      return page(
        <KeyRound />,
        t('outside.guests'),
        t('outside.guestsText'),
        <>
          <ButtonLink to={`/login?${new URLSearchParams({ next: pathname })}`} variant="primary">
            {t('outside.login')}
          </ButtonLink>
          {back}
        </>,
      );
    default:
      return page(<CircleSlash />, t('outside.refused'), text(problem), retry);
  }
}

/** After one has left by oneself. */
export function Left({ details, who, onRejoin }: PlaceProps & { onRejoin: () => void }) {
  const { t } = useTranslation('room');
  return (
    <Page
      icon={<DoorOpen />}
      title={t('outside.left')}
      actions={
        <>
          <Button variant="primary" onClick={onRejoin}>
            {t('outside.rejoin')}
          </Button>
          <WayBack who={who} />
          <ReportLink details={details} who={who} />
        </>
      }
    >
      {t('outside.leftText')}
    </Page>
  );
}

function ReportLink({ details, who }: PlaceProps) {
  const { t } = useTranslation('room');
  const host = details.hostId === who.userId || details.coHosts?.includes(who.userId);
  if (!host) return null;
  return (
    <ButtonLink to={`/meetings/${details.meetingId}/report`} icon={<ClipboardList />}>
      {t('outside.report')}
    </ButtonLink>
  );
}
