import { Video } from '@plenum/client';
import { Hand, MicOff, MonitorUp, Pin, PinOff, SignalLow, SignalMedium, WifiOff } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../../../ui/Avatar.tsx';
import { classes } from '../../../ui/classes.ts';
import { Spinner } from '../../../ui/Spinner.tsx';
import type { Seat } from '../seats.ts';
import styles from './Tile.module.css';

interface TileProps {
  seat: Seat;
  pinned: boolean;
  onPin: (userId: string | null) => void;
  /** In pixels, where the stage has counted it. */
  height?: number;
}

/** One person: what their camera sees, or their initials, and how they are. */
export const Tile = memo(function Tile({ seat, pinned, onPin, height }: TileProps) {
  const { t } = useTranslation('room');
  const { userId, username, self } = seat;
  const name = self ? t('nameYou', { name: username }) : username;
  const states = [
    seat.isMuted && t('stage.muted'),
    seat.speaking && t('stage.speaking'),
    seat.handRaised && t('stage.hand'),
    seat.presenting && t('stage.presenting'),
  ].filter(Boolean);

  return (
    <div className={classes(styles.tile, seat.speaking && styles.speaking, seat.handRaised && styles.raised)}>
      {seat.camera ? (
        <Video
          stream={seat.camera}
          className={classes(styles.video, self && styles.mirrored)}
          aria-hidden="true"
        />
      ) : (
        <div className={styles.face}>
          <Avatar name={username} picture={seat.picture} size={avatarSize(height)} />
        </div>
      )}
      <Condition seat={seat} />
      <div className={styles.plate}>
        {seat.isMuted && <MicOff aria-hidden="true" className={styles.muted} />}
        {seat.handRaised && <Hand aria-hidden="true" className={styles.hand} />}
        {seat.presenting && <MonitorUp aria-hidden="true" className={styles.presents} />}
        <span>{name}</span>
        {states.length > 0 && <span className="visually-hidden">({states.join(', ')})</span>}
      </div>
      <button
        type="button"
        className={styles.pin}
        aria-pressed={pinned}
        aria-label={t(pinned ? 'stage.unpin' : 'stage.pin', { name: username })}
        title={t(pinned ? 'stage.unpin' : 'stage.pin', { name: username })}
        onClick={() => onPin(pinned ? null : userId)}
      >
        {pinned ? <PinOff aria-hidden="true" /> : <Pin aria-hidden="true" />}
      </button>
    </div>
  );
});

/** In rem: large enough to know somebody by, small enough for the name below. */
function avatarSize(height: number | undefined): number {
  return Math.round(Math.max(2.5, Math.min(7, ((height ?? 110) / 16) * 0.4)) * 4) / 4;
}

/** What is amiss with the connection to somebody. */
function Condition({ seat }: { seat: Seat }) {
  const { t } = useTranslation('room');
  if (seat.self || !seat.inCall) return null;
  if (seat.connection === 'connecting' || seat.connection === 'interrupted')
    return (
      <span className={styles.condition}>
        <Spinner />
        {t(`stage.${seat.connection}`)}
      </span>
    );
  if (seat.connection === 'failed')
    return (
      <span className={classes(styles.condition, styles.bad)}>
        <WifiOff aria-hidden="true" />
        {t('stage.failed')}
      </span>
    );
  if (seat.quality === 'poor')
    return (
      <span className={classes(styles.condition, styles.bad)} title={t('stage.poor')}>
        <SignalLow aria-hidden="true" />
        <span className="visually-hidden">{t('stage.poor')}</span>
      </span>
    );
  if (seat.quality === 'fair')
    return (
      <span className={styles.condition} title={t('stage.weak')}>
        <SignalMedium aria-hidden="true" />
        <span className="visually-hidden">{t('stage.weak')}</span>
      </span>
    );
  return null;
}
