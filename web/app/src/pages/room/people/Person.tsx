import { useRest } from '@plenum/client';
import {
  Crown,
  Ellipsis,
  Hand,
  MessageSquareLock,
  Mic,
  MicOff,
  MonitorX,
  Pin,
  PinOff,
  UserX,
  VideoIcon,
  VideoOff,
} from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { Avatar } from '../../../ui/Avatar.tsx';
import { Badge } from '../../../ui/Badge.tsx';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../../ui/Dialog.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../../ui/Menu.tsx';
import type { Seat } from '../seats.ts';
import styles from './PeoplePanel.module.css';
import type { PeoplePanelProps } from './PeoplePanel.tsx';

type PersonProps = PeoplePanelProps & { seat: Seat };

export function Person(props: PersonProps) {
  const { t } = useTranslation('room');
  const { seat } = props;
  return (
    <li>
      <Avatar name={seat.username} picture={seat.picture} size={2.25} />
      <span className={styles.who}>
        <strong>{seat.self ? t('nameYou', { name: seat.username }) : seat.username}</strong>
        <span className={styles.badges}>
          {seat.role && <Badge tone="accent">{t(`people.${seat.role}`)}</Badge>}
          {seat.guest && <Badge>{t('people.guest')}</Badge>}
          {!seat.inCall && <span>{t('people.notInCall')}</span>}
        </span>
      </span>
      <States seat={seat} />
      {!seat.self && <Actions {...props} />}
    </li>
  );
}

function States({ seat }: { seat: Seat }) {
  const { t } = useTranslation('room');
  const states = [
    seat.handRaised && { label: t('people.hand'), icon: <Hand />, tone: styles.hand },
    seat.inCall && {
      label: t(seat.isMuted ? 'people.muted' : 'people.unmuted'),
      icon: seat.isMuted ? <MicOff /> : <Mic />,
      tone: seat.isMuted ? styles.off : seat.speaking ? styles.speaks : undefined,
    },
    seat.inCall && {
      label: t(seat.isVideoOn ? 'people.video' : 'people.noVideo'),
      icon: seat.isVideoOn ? <VideoIcon /> : <VideoOff />,
      tone: seat.isVideoOn ? undefined : styles.off,
    },
  ];
  return (
    <span className={styles.states}>
      {states.map(
        (state) =>
          state && (
            <span
              key={state.label}
              className={state.tone}
              role="img"
              aria-label={state.label}
              title={state.label}
            >
              {state.icon}
            </span>
          ),
      )}
    </span>
  );
}

function Actions({ seat, meeting, pinned, onPin, onWriteTo }: PersonProps) {
  const { t } = useTranslation('room');
  const rest = useRest();
  const attempt = useAttempt();
  const [removing, setRemoving] = useState(false);
  const { userId, username } = seat;
  const founder = meeting.hostId === meeting.self.userId;
  const isPinned = pinned === userId;
  const isCoHost = seat.role === 'coHost';

  const setCoHost = (on: boolean) => {
    const others = meeting.coHosts.filter((id) => id !== userId);
    return rest.meetings.update(meeting.meetingId, { coHosts: on ? [...others, userId] : others });
  };

  return (
    <>
      <Menu
        trigger={
          <IconButton size="small" icon={<Ellipsis />} label={t('people.actions', { name: username })} />
        }
      >
        <MenuItem icon={<MessageSquareLock aria-hidden="true" />} onSelect={() => onWriteTo(userId)}>
          {t('people.message')}
        </MenuItem>
        {seat.inCall && (
          <MenuItem
            icon={isPinned ? <PinOff aria-hidden="true" /> : <Pin aria-hidden="true" />}
            onSelect={() => onPin(isPinned ? null : userId)}
          >
            {t(isPinned ? 'people.unpin' : 'people.pin')}
          </MenuItem>
        )}
        {meeting.isHost && (
          <>
            <MenuSeparator />
            {seat.inCall && !seat.isMuted && (
              <MenuItem
                icon={<MicOff aria-hidden="true" />}
                onSelect={() => void attempt(() => meeting.mute(userId))}
              >
                {t('people.mute')}
              </MenuItem>
            )}
            {seat.handRaised && (
              <MenuItem
                icon={<Hand aria-hidden="true" />}
                onSelect={() => void attempt(() => meeting.lowerHand(userId))}
              >
                {t('people.lowerHand')}
              </MenuItem>
            )}
            {seat.presenting && (
              <MenuItem
                icon={<MonitorX aria-hidden="true" />}
                onSelect={() => void attempt(() => meeting.stopPresenter(userId))}
              >
                {t('people.stopPresenting')}
              </MenuItem>
            )}
            {founder && !seat.guest && (
              <MenuItem
                icon={<Crown aria-hidden="true" />}
                onSelect={() => void attempt(() => setCoHost(!isCoHost))}
              >
                {t(isCoHost ? 'people.noCoHost' : 'people.makeCoHost')}
              </MenuItem>
            )}
            {seat.role !== 'host' && (
              <MenuItem icon={<UserX aria-hidden="true" />} danger onSelect={() => setRemoving(true)}>
                {t('people.remove')}
              </MenuItem>
            )}
          </>
        )}
      </Menu>
      {removing && (
        <RemoveDialog
          name={username}
          onRemove={() => attempt(() => meeting.remove(userId))}
          onClose={() => setRemoving(false)}
        />
      )}
    </>
  );
}

interface RemoveDialogProps {
  name: string;
  onRemove: () => Promise<boolean>;
  onClose: () => void;
}

function RemoveDialog({ name, onRemove, onClose }: RemoveDialogProps) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    await onRemove();
    onClose();
  };
  return (
    <Dialog title={t('people.removeTitle', { name })} onClose={onClose}>
      <p>{t('people.removeText')}</p>
      <DialogActions>
        <Button onClick={onClose}>{common('back')}</Button>
        <Button variant="danger" busy={busy} onClick={() => void remove()}>
          {t('people.remove')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
