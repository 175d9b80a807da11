import type { Call, Meeting } from '@plenum/client';
import { CircleCheck, CloudOff, MonitorSmartphone, VolumeX, WifiOff } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProblemText } from '../../../problems.ts';
import { Button } from '../../../ui/Button.tsx';
import { classes } from '../../../ui/classes.ts';
import { Spinner } from '../../../ui/Spinner.tsx';
import { useOnline } from '../../../useOnline.ts';
import styles from './Banner.module.css';

const BACK_SHOWN_MS = 4_000;
/** A connection that is back at once is no news. */
const TROUBLE_AFTER_MS = 1_200;

interface BannerProps {
  meeting: Meeting;
  call: Call;
  onJoinCall: () => void;
}

/** How the connection is, when it is not well; and for a moment when it is well again. */
export function Banner({ meeting, call, onJoinCall }: BannerProps) {
  const { t } = useTranslation('room');
  const text = useProblemText();
  const online = useOnline();
  const trouble = useTrouble(!meeting.live || !online);
  const { notice } = meeting.connection;

  if (trouble === 'now') {
    const [icon, words] = !online
      ? [<WifiOff key="offline" />, t('banner.offline')]
      : [<Spinner key="again" />, t(notice === 'draining' ? 'banner.draining' : 'banner.reconnecting')];
    return (
      <Line tone="warning" icon={icon}>
        {words}
      </Line>
    );
  }
  if (notice === 'rooms_standing_still')
    return (
      <Line tone="warning" icon={<CloudOff />}>
        {t('banner.standing')}
      </Line>
    );
  if (trouble === 'over')
    return (
      <Line tone="good" icon={<CircleCheck />}>
        {t('banner.back')}
      </Line>
    );
  if (call.phase === 'elsewhere')
    return (
      <Line tone="info" icon={<MonitorSmartphone />} action={{ label: t('banner.here'), act: onJoinCall }}>
        {t('banner.elsewhere')}
      </Line>
    );
  if (call.phase === 'refused')
    return (
      <Line tone="warning" icon={<CloudOff />} action={{ label: t('banner.joinCall'), act: onJoinCall }}>
        {t('banner.callRefused', { reason: text(call.problem) })}
      </Line>
    );
  if (call.audioBlocked)
    return (
      <Line tone="info" icon={<VolumeX />} action={{ label: t('banner.playSound'), act: call.startAudio }}>
        {t('banner.audio')}
      </Line>
    );
  return <div role="status" />;
}

interface LineProps {
  tone: 'warning' | 'good' | 'info';
  icon: ReactNode;
  action?: { label: string; act: () => void };
  children: string;
}

function Line({ tone, icon, action, children }: LineProps) {
  return (
    <div role="status">
      <div className={classes(styles.banner, styles[tone])}>
        {icon}
        <span>{children}</span>
        {action && (
          <Button size="small" onClick={action.act}>
            {action.label}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Trouble that lasts, and for a moment that it is over. */
function useTrouble(away: boolean): 'no' | 'now' | 'over' {
  const [trouble, setTrouble] = useState<'no' | 'now' | 'over'>('no');
  const latest = useRef(trouble);
  latest.current = trouble;
  useEffect(() => {
    if (away) {
      const timer = setTimeout(() => setTrouble('now'), TROUBLE_AFTER_MS);
      return () => clearTimeout(timer);
    }
    if (latest.current !== 'now') return;
    setTrouble('over');
    const timer = setTimeout(() => setTrouble('no'), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [away]);
  return trouble;
}
