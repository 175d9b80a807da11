import type { Meeting, MeetingBody } from '@plenum/client';
import { Lock, LockOpen, MicOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../i18n/format.ts';
import { useAttempt } from '../../../problems.ts';
import { Avatar } from '../../../ui/Avatar.tsx';
import { Button } from '../../../ui/Button.tsx';
import { CopyButton } from '../../../ui/CopyButton.tsx';
import { useToasts } from '../../../ui/Toast.tsx';
import { Panel } from '../Panel.tsx';
import type { Seat } from '../seats.ts';
import styles from './PeoplePanel.module.css';
import { Person } from './Person.tsx';

export interface PeoplePanelProps {
  meeting: Meeting;
  seats: Seat[];
  details: MeetingBody;
  link: string;
  pinned: string | null;
  onPin: (userId: string | null) => void;
  onWriteTo: (userId: string) => void;
  onClose: () => void;
}

/** Who is in the meeting, and who waits; with a host's tools for hosts. */
export function PeoplePanel(props: PeoplePanelProps) {
  const { t } = useTranslation('room');
  const { meeting, link, onClose } = props;
  // Raised hands first, in the order they were raised: they want to be seen.
  const raised = meeting.hands.flatMap(
    ({ userId }) => props.seats.find((seat) => seat.userId === userId) ?? [],
  );
  const seats = [...raised, ...props.seats.filter((seat) => !seat.handRaised)];
  return (
    <Panel title={t('people.title')} onClose={onClose}>
      <div className={styles.scroll}>
        {meeting.isHost && <Waiting meeting={meeting} />}
        <section>
          <h3 className={styles.heading}>
            {t('people.here')} <span>{seats.length}</span>
          </h3>
          <ul className={styles.people}>
            {seats.map((seat) => (
              <Person key={seat.userId} seat={seat} {...props} />
            ))}
          </ul>
        </section>
      </div>
      <footer className={styles.foot}>
        {meeting.isHost && <HostTools meeting={meeting} />}
        <CopyButton text={link} label={t('people.copyLink')} size="small" />
      </footer>
    </Panel>
  );
}

function HostTools({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  const toasts = useToasts();
  const { locked } = meeting;
  const muteAll = async () => {
    if (await attempt(() => meeting.mute())) toasts.success(t('people.mutedAll'));
  };
  return (
    <>
      <Button size="small" icon={<MicOff />} onClick={() => void muteAll()}>
        {t('people.muteAll')}
      </Button>
      <Button
        size="small"
        icon={locked ? <LockOpen /> : <Lock />}
        title={t('people.lockText')}
        onClick={() => void attempt(locked ? meeting.unlock : meeting.lock)}
      >
        {t(locked ? 'people.unlock' : 'people.lock')}
      </Button>
    </>
  );
}

function Waiting({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('room');
  const format = useFormat();
  const attempt = useAttempt();
  const { lobby } = meeting;
  if (lobby.length === 0) return null;
  return (
    <section className={styles.waiting}>
      <h3 className={styles.heading}>
        {t('people.waiting')} <span>{lobby.length}</span>
        {lobby.length > 1 && (
          <Button size="small" variant="primary" onClick={() => void attempt(meeting.admitAll)}>
            {t('people.admitAll')}
          </Button>
        )}
      </h3>
      <ul className={styles.people}>
        {lobby.map(({ userId, username, since }) => (
          <li key={userId} className={styles.knocks}>
            <Avatar name={username} picture={null} size={2.25} />
            <span className={styles.who}>
              <strong>{username}</strong>
              <span>{t('people.waitingSince', { time: format.time(since) })}</span>
            </span>
            <Button
              size="small"
              variant="primary"
              aria-label={t('people.admitName', { name: username })}
              onClick={() => void attempt(() => meeting.admit(userId))}
            >
              {t('people.admit')}
            </Button>
            <Button
              size="small"
              variant="quiet"
              aria-label={t('people.denyName', { name: username })}
              onClick={() => void attempt(() => meeting.deny(userId))}
            >
              {t('people.deny')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
