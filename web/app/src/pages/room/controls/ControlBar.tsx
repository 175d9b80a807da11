import type { Call, Meeting } from '@plenum/client';
import {
  BarChart3,
  Ellipsis,
  Hand,
  Keyboard,
  LayoutGrid,
  LogOut,
  MessageSquare,
  Mic,
  MicOff,
  MonitorUp,
  MonitorX,
  PhoneOff,
  RectangleHorizontal,
  Settings,
  Smile,
  Users,
  VideoIcon,
  VideoOff,
} from 'lucide-react';
import { Toolbar } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { Menu, MenuItem, MenuSeparator } from '../../../ui/Menu.tsx';
import { EmojiMenu } from '../EmojiMenu.tsx';
import type { OwnMedia } from '../lobby/useOwnMedia.ts';
import type { View } from '../stage/arrange.ts';
import { useSmall } from '../useSmall.ts';
import { Control } from './Control.tsx';
import styles from './ControlBar.module.css';

export type PanelName = 'chat' | 'people' | 'polls';

export interface ControlBarProps {
  meeting: Meeting;
  call: Call;
  media: OwnMedia;
  unread: number;
  panel: PanelName | null;
  view: View;
  onPanel: (panel: PanelName) => void;
  onView: (view: View) => void;
  onSettings: () => void;
  onKeys: () => void;
  onLeave: () => void;
  onEnd: () => void;
}

/** Everything that one does in a meeting, at its foot. */
export function ControlBar(props: ControlBarProps) {
  const { t } = useTranslation('room');
  const small = useSmall();
  const { meeting, call, media, unread, panel, onPanel, onLeave, onEnd } = props;
  const { share, hand } = useActions(meeting, call);
  const waiting = meeting.isHost ? meeting.lobby.length : 0;
  const voteWaits = meeting.polls.some((poll) => !poll.closed && poll.choices.length === 0);
  const here = meeting.participants.length;

  return (
    <Toolbar.Root className={styles.bar} aria-label={t('bar.label')}>
      <div className={styles.group}>
        <Control
          label={t(call.isMuted ? 'bar.unmute' : 'bar.mute')}
          shortcut="M"
          icon={call.isMuted ? <MicOff /> : <Mic />}
          tone={call.isMuted ? 'off' : 'on'}
          busy={media.starting.microphone}
          onClick={media.toggleMicrophone}
        />
        <Control
          label={t(call.isVideoOn ? 'bar.videoOff' : 'bar.videoOn')}
          shortcut="V"
          icon={call.isVideoOn ? <VideoIcon /> : <VideoOff />}
          tone={call.isVideoOn ? 'on' : 'off'}
          busy={media.starting.camera}
          onClick={media.toggleCamera}
        />
        {!small && (
          <>
            {call.canShareScreen && (
              <Control
                label={t(share.on ? 'bar.stopShare' : 'bar.share')}
                icon={share.on ? <MonitorX /> : <MonitorUp />}
                tone={share.on ? 'active' : 'plain'}
                onClick={share.toggle}
              />
            )}
            <Control
              label={t(hand.up ? 'bar.lower' : 'bar.raise')}
              shortcut="H"
              icon={<Hand />}
              tone={hand.up ? 'active' : 'plain'}
              onClick={hand.toggle}
            />
            <React meeting={meeting} />
          </>
        )}
      </div>
      <div className={styles.group}>
        <Control
          label={unread > 0 ? t('bar.chatUnread', { count: unread }) : t('bar.chat')}
          shortcut="C"
          icon={<MessageSquare />}
          tone={panel === 'chat' ? 'active' : 'plain'}
          badge={unread}
          expanded={panel === 'chat'}
          data-panel="chat"
          onClick={() => onPanel('chat')}
        />
        {!small && (
          <>
            <Control
              label={
                waiting > 0
                  ? t('bar.peopleWaiting', { count: waiting, here })
                  : t('bar.peopleCount', { count: here })
              }
              shortcut="P"
              icon={<Users />}
              tone={panel === 'people' ? 'active' : 'plain'}
              badge={waiting > 0}
              count={here}
              expanded={panel === 'people'}
              data-panel="people"
              onClick={() => onPanel('people')}
            />
            <Control
              label={t(voteWaits ? 'bar.pollsOpen' : 'bar.polls')}
              icon={<BarChart3 />}
              tone={panel === 'polls' ? 'active' : 'plain'}
              badge={voteWaits}
              expanded={panel === 'polls'}
              data-panel="polls"
              onClick={() => onPanel('polls')}
            />
          </>
        )}
        <More {...props} waits={waiting > 0 || voteWaits} small={small} />
      </div>
      {meeting.isHost ? (
        <Menu trigger={<Control label={t('bar.leave')} icon={<PhoneOff />} tone="leave" />}>
          <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={onLeave}>
            {t('bar.leaveOnly')}
          </MenuItem>
          <MenuItem icon={<PhoneOff aria-hidden="true" />} danger onSelect={onEnd}>
            {t('bar.endAll')}
          </MenuItem>
        </Menu>
      ) : (
        <Control label={t('bar.leave')} icon={<PhoneOff />} tone="leave" onClick={onLeave} />
      )}
    </Toolbar.Root>
  );
}

/** What is done seldom; on small screens, whatever has no place. */
function More(props: ControlBarProps & { small: boolean; waits: boolean }) {
  const { t } = useTranslation('room');
  const { meeting, call, view, small, waits, onPanel, onView, onSettings, onKeys } = props;
  const { share, hand } = useActions(meeting, call);
  const other: View = view === 'grid' ? 'speaker' : 'grid';
  return (
    <Menu
      trigger={
        <Control
          label={t('bar.more')}
          icon={<Ellipsis />}
          tone="plain"
          badge={small && waits}
          data-panel="more"
        />
      }
    >
      {small && (
        <>
          <MenuItem icon={<Users aria-hidden="true" />} onSelect={() => onPanel('people')}>
            {t('bar.people')}
          </MenuItem>
          <MenuItem icon={<BarChart3 aria-hidden="true" />} onSelect={() => onPanel('polls')}>
            {t('bar.polls')}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<Hand aria-hidden="true" />} onSelect={hand.toggle}>
            {t(hand.up ? 'bar.lower' : 'bar.raise')}
          </MenuItem>
          <Reactions meeting={meeting} />
          {call.canShareScreen && (
            <MenuItem
              icon={share.on ? <MonitorX aria-hidden="true" /> : <MonitorUp aria-hidden="true" />}
              onSelect={share.toggle}
            >
              {t(share.on ? 'bar.stopShare' : 'bar.share')}
            </MenuItem>
          )}
          <MenuSeparator />
        </>
      )}
      <MenuItem
        icon={
          view === 'grid' ? <RectangleHorizontal aria-hidden="true" /> : <LayoutGrid aria-hidden="true" />
        }
        onSelect={() => onView(other)}
      >
        {t(`bar.${other}`)}
      </MenuItem>
      <MenuItem icon={<Settings aria-hidden="true" />} onSelect={onSettings}>
        {t('bar.settings')}
      </MenuItem>
      <MenuItem icon={<Keyboard aria-hidden="true" />} onSelect={onKeys}>
        {t('bar.shortcuts')}
      </MenuItem>
    </Menu>
  );
}

function React({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  return (
    <EmojiMenu
      trigger={<Control label={t('bar.react')} icon={<Smile />} tone="plain" />}
      label={(emoji) => t('bar.reactWith', { emoji })}
      onChoose={(emoji) => void attempt(() => meeting.sendReaction(emoji))}
    />
  );
}

/** The first few, as items of the menu. */
function Reactions({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  return (
    <div className={styles.reactions}>
      {['👍', '👏', '❤️', '😂', '🎉'].map((emoji) => (
        <MenuItem key={emoji} onSelect={() => void attempt(() => meeting.sendReaction(emoji))}>
          <span role="img" aria-label={t('bar.reactWith', { emoji })}>
            {emoji}
          </span>
        </MenuItem>
      ))}
    </div>
  );
}

/** One's own hand and screen. */
export function useActions(meeting: Meeting, call: Call) {
  const attempt = useAttempt();
  const up = meeting.hands.some(({ userId }) => userId === meeting.self.userId);
  return {
    hand: {
      up,
      toggle: () => void attempt(() => (up ? meeting.lowerHand() : meeting.raiseHand())),
    },
    share: {
      on: call.isSharing,
      toggle: () => {
        if (call.isSharing) call.stopShare();
        else void attempt(call.shareScreen);
      },
    },
  };
}
