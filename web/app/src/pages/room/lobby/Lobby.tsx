import { type ApiProblem, type Call, type MeetingBody, useSession } from '@plenum/client';
import { LogIn, Users } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Plain } from '../../../shell/Plain.tsx';
import { Button } from '../../../ui/Button.tsx';
import { TextField } from '../../../ui/Field.tsx';
import { Notice } from '../../../ui/Notice.tsx';
import { WayBack } from '../Page.tsx';
import type { Who } from '../who.ts';
import { DeviceFields } from './DeviceFields.tsx';
import { LevelMeter } from './LevelMeter.tsx';
import styles from './Lobby.module.css';
import { MediaProblems } from './MediaProblems.tsx';
import { Preview } from './Preview.tsx';
import { mediaAllowed, type OwnMedia } from './useOwnMedia.ts';

interface LobbyProps {
  details: MeetingBody;
  who: Who;
  call: Call;
  media: OwnMedia;
  busy: boolean;
  /** Why the passcode was not right. */
  problem: ApiProblem | null;
  onJoin: (passcode?: string) => void;
}

/** Before the room: how one will be seen and heard, and who is there already. */
export function Lobby({ details, who, call, media, busy, problem, onJoin }: LobbyProps) {
  const { t } = useTranslation('room');
  const { start } = media;
  const active = details.status === 'active';

  useEffect(() => {
    if (active) start();
  }, [start, active]);
  useEffect(() => {
    document.title = `${t('lobby.window', { title: details.title })} · Plenum`;
  }, [t, details.title]);

  return (
    <Plain>
      <div className={styles.lobby}>
        <div className={styles.preview}>
          <Preview call={call} media={media} name={who.username} />
          {mediaAllowed() && !call.isMuted && <LevelMeter call={call} userId={who.userId} />}
          <MediaProblems media={media} />
        </div>
        <section className={styles.meeting} aria-label={t('header.meeting')}>
          <div className={styles.words}>
            {/* Not a `PageTitle`: the focus goes to what joins. */}
            <h1>{details.title}</h1>
            <p className={styles.quiet}>{t('lobby.as', { name: who.username })}</p>
          </div>
          {active ? (
            <Entry details={details} who={who} call={call} busy={busy} problem={problem} onJoin={onJoin} />
          ) : (
            <>
              <Notice>{t(details.status === 'cancelled' ? 'lobby.cancelled' : 'lobby.over')}</Notice>
              <WayBack who={who} />
            </>
          )}
          {who.guestOf !== null && <EndVisit name={who.username} />}
        </section>
        {mediaAllowed() && (
          <section className={styles.devices} aria-label={t('devices.title')}>
            <DeviceFields call={call} media={media} />
          </section>
        )}
      </div>
    </Plain>
  );
}

type EntryProps = Pick<LobbyProps, 'details' | 'who' | 'call' | 'busy' | 'problem' | 'onJoin'>;

function Entry({ details, who, call, busy, problem, onJoin }: EntryProps) {
  const { t } = useTranslation('room');
  const [passcode, setPasscode] = useState('');
  const { activeParticipants: inside } = details;
  const host = details.hostId === who.userId || details.coHosts?.includes(who.userId);
  const known = host || details.participants.includes(who.userId);
  const asks = (details.hasPasscode && !known) || problem !== null;
  const knocks = details.waitingRoom && !known;
  const silent = call.isMuted && !call.isVideoOn;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    onJoin(passcode.trim() || undefined);
  };

  return (
    <form className={styles.entry} onSubmit={submit} noValidate>
      <p className={styles.inside}>
        <Users aria-hidden="true" />
        {inside === 0 ? t('lobby.nobody') : t('lobby.inside', { count: inside })}
      </p>
      {asks && (
        <TextField
          label={t('lobby.passcode')}
          hint={t('lobby.passcodeHint')}
          error={problem && problem.code !== 'passcode_required' ? problem.message : undefined}
          value={passcode}
          onChange={(event) => setPasscode(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          autoFocus
        />
      )}
      {knocks && <p className={styles.quiet}>{t('lobby.waitingRoom')}</p>}
      <Button
        type="submit"
        variant="primary"
        size="large"
        wide
        // Enter joins at once, unless something is to be typed first.
        autoFocus={!asks}
        busy={busy}
        icon={<LogIn />}
        disabled={asks && passcode.trim() === ''}
      >
        {t(knocks ? 'lobby.knock' : silent ? 'lobby.joinWithout' : 'lobby.join')}
      </Button>
    </form>
  );
}

function EndVisit({ name }: { name: string }) {
  const { t } = useTranslation('room');
  const session = useSession();
  return (
    <Button variant="quiet" size="small" onClick={() => void session.logout()}>
      {t('lobby.guestLeave', { name })}
    </Button>
  );
}
