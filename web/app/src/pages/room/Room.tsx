import { type Call, type Meeting, type MeetingBody, useChat } from '@plenum/client';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { classes } from '../../ui/classes.ts';
import { ToastProvider, useToasts } from '../../ui/Toast.tsx';
import { ChatPanel, type Draft, NO_DRAFT } from './chat/ChatPanel.tsx';
import { Banner } from './controls/Banner.tsx';
import { ControlBar, type PanelName, useActions } from './controls/ControlBar.tsx';
import { EndDialog } from './controls/EndDialog.tsx';
import { KeysDialog } from './controls/KeysDialog.tsx';
import { Knocks } from './controls/Knocks.tsx';
import { SettingsDialog } from './controls/SettingsDialog.tsx';
import { useAnnouncer } from './controls/useAnnouncer.ts';
import { useHappenings } from './controls/useHappenings.ts';
import { useKeysWanted, useShortcuts } from './controls/useShortcuts.ts';
import { linkOf } from './details.ts';
import { Header } from './Header.tsx';
import { mediaText } from './lobby/mediaText.ts';
import type { OwnMedia } from './lobby/useOwnMedia.ts';
import { PeoplePanel } from './people/PeoplePanel.tsx';
import { PollsPanel } from './polls/PollsPanel.tsx';
import styles from './Room.module.css';
import { seatsOf } from './seats.ts';
import type { View } from './stage/arrange.ts';
import { Floating } from './stage/Floating.tsx';
import { Stage } from './stage/Stage.tsx';
import { usePictures } from './usePictures.ts';
import type { Who } from './who.ts';

interface RoomProps {
  meeting: Meeting;
  call: Call;
  media: OwnMedia;
  details: MeetingBody;
  who: Who;
  onLeave: () => void;
}

/** The meeting itself. It is dark in both themes, so that faces are what is seen. */
export function Room(props: RoomProps) {
  const { t } = useTranslation('room');
  return (
    <div className={classes('dark', styles.room)}>
      <ToastProvider className={styles.toasts} label={t('header.notices')}>
        <Inside {...props} />
      </ToastProvider>
    </div>
  );
}

function Inside({ meeting, call, media, details, who, onLeave }: RoomProps) {
  const chat = useChat(meeting);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [view, setView] = useState<View>('grid');
  const [pinned, setPinned] = useState<string | null>(null);
  const [dialog, setDialog] = useState<'settings' | 'keys' | 'end' | null>(null);
  const [letters, setLetters] = useKeysWanted();
  const [said, say] = useAnnouncer();
  // Outlives the panel, so that what was being written is there when it opens again.
  const draft = useRef<Draft>(NO_DRAFT);
  const pictures = usePictures(meeting.participants, who);
  const seats = useMemo(() => seatsOf(meeting, call, pictures), [meeting, call, pictures]);
  const { hand } = useActions(meeting, call);
  const link = linkOf(details);

  const toggle = useCallback((name: PanelName) => setPanel((open) => (open === name ? null : name)), []);
  const close = useCallback(() => {
    setPanel(null);
    focusControl(panel);
  }, [panel]);
  const openPolls = useCallback(() => setPanel('polls'), []);
  const openPeople = useCallback(() => setPanel('people'), []);
  // Where the call was lost its devices were let go.
  const joinCallAgain = () => {
    media.start();
    call.join();
  };
  const writeTo = (userId: string) => {
    draft.current = { ...draft.current, to: userId };
    setPanel('chat');
  };
  const stopPresenting = (userId: string) => {
    if (userId === who.userId) call.stopShare();
    else void meeting.stopPresenter(userId);
  };

  useHappenings({ meeting, call, say, pollsShown: panel === 'polls', onPolls: openPolls });
  useMediaToasts(media);
  useShortcuts(
    {
      m: media.toggleMicrophone,
      v: media.toggleCamera,
      h: hand.toggle,
      c: () => toggle('chat'),
      p: () => toggle('people'),
      '?': () => setDialog('keys'),
      Escape: panel ? close : undefined,
    },
    letters,
  );
  useEffect(() => {
    document.title = `${details.title} · Plenum`;
  }, [details.title]);

  return (
    <>
      <Header title={details.title} locked={meeting.locked} link={link} />
      <Banner meeting={meeting} call={call} onJoinCall={joinCallAgain} />
      <main className={styles.middle}>
        <div className={styles.stage}>
          <Stage
            seats={seats}
            view={view}
            pinned={pinned}
            activeSpeaker={call.activeSpeaker}
            onPin={setPinned}
            onMore={openPeople}
            onStopPresenting={meeting.isHost || call.isSharing ? stopPresenting : null}
            link={link}
          />
          <Floating reactions={meeting.reactions} />
          {panel !== 'people' && <Knocks meeting={meeting} onShow={openPeople} />}
        </div>
        {panel === 'chat' && (
          <ChatPanel meeting={meeting} chat={chat} pictures={pictures} draft={draft} onClose={close} />
        )}
        {panel === 'people' && (
          <PeoplePanel
            meeting={meeting}
            seats={seats}
            details={details}
            link={link}
            pinned={pinned}
            onPin={setPinned}
            onWriteTo={writeTo}
            onClose={close}
          />
        )}
        {panel === 'polls' && <PollsPanel meeting={meeting} onClose={close} />}
      </main>
      <footer>
        <ControlBar
          meeting={meeting}
          call={call}
          media={media}
          unread={chat.unread}
          panel={panel}
          view={view}
          onPanel={toggle}
          onView={(next) => {
            setPinned(null);
            setView(next);
          }}
          onSettings={() => setDialog('settings')}
          onKeys={() => setDialog('keys')}
          onLeave={onLeave}
          onEnd={() => setDialog('end')}
        />
      </footer>
      {dialog === 'settings' && (
        <SettingsDialog call={call} media={media} userId={who.userId} onClose={() => setDialog(null)} />
      )}
      {dialog === 'keys' && (
        <KeysDialog letters={letters} onLetters={setLetters} onClose={() => setDialog(null)} />
      )}
      {dialog === 'end' && <EndDialog meeting={meeting} onClose={() => setDialog(null)} />}
      <div role="status" className="visually-hidden">
        {said.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
    </>
  );
}

/** Back to the button that had opened a panel. */
function focusControl(panel: PanelName | null): void {
  const button =
    document.querySelector<HTMLElement>(`[data-panel="${panel}"]`) ??
    document.querySelector<HTMLElement>('[data-panel="more"]');
  button?.focus();
}

/** Says what is amiss with a device when it has just shown. */
function useMediaToasts({ problems }: OwnMedia): void {
  const { t } = useTranslation('room');
  const toasts = useToasts();
  const told = useRef(new Set(problems.map(({ source, code }) => source + code)));
  useEffect(() => {
    for (const { source, code } of problems) {
      if (!told.current.has(source + code)) toasts.problem(mediaText(t, { source, code }));
    }
    told.current = new Set(problems.map(({ source, code }) => source + code));
  }, [problems, t, toasts]);
}
