import { type Chat, type Meeting, useMeetingEvent } from '@plenum/client';
import { ArrowDown, MessageSquare } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../i18n/format.ts';
import { Button } from '../../../ui/Button.tsx';
import { EmptyState } from '../../../ui/EmptyState.tsx';
import { Panel } from '../Panel.tsx';
import type { Pictures } from '../seats.ts';
import styles from './ChatPanel.module.css';
import { Composer } from './Composer.tsx';
import { firstUnread, grouped } from './grouped.ts';
import { MessageGroup } from './MessageGroup.tsx';

/** What is being written, and for whom. */
export interface Draft {
  text: string;
  to: string | null;
  replyTo: string | null;
  editing: string | null;
}

export const NO_DRAFT: Draft = { text: '', to: null, replyTo: null, editing: null };
const NEAR_END_PX = 80;

interface ChatPanelProps {
  meeting: Meeting;
  chat: Chat;
  pictures: Pictures;
  /** Where the draft is kept while the panel is closed. */
  draft: RefObject<Draft>;
  onClose: () => void;
}

export function ChatPanel({ meeting, chat, pictures, draft: kept, onClose }: ChatPanelProps) {
  const { t } = useTranslation('room');
  const { messages, setOpen } = chat;
  const own = meeting.self.userId;
  const [draft, setDraft] = useState(kept.current);
  const [firstNew] = useState(() => firstUnread(messages, chat.unread, own));
  const groups = useMemo(() => grouped(messages, firstNew), [messages, firstNew]);
  const names = useNames(meeting, chat);
  const field = useRef<HTMLTextAreaElement>(null);
  const { scroller, atEnd, behind, toEnd } = useEnd(messages.length, firstNew);

  const change = useCallback(
    (next: Partial<Draft>) => {
      kept.current = { ...kept.current, ...next };
      setDraft(kept.current);
    },
    [kept],
  );
  const write = useCallback(
    (next: Partial<Draft>) => {
      change({ replyTo: null, editing: null, ...next });
      field.current?.focus();
    },
    [change],
  );

  useEffect(() => {
    setOpen(true);
    return () => setOpen(false);
  }, [setOpen]);

  return (
    <Panel title={t('chat.title')} onClose={onClose}>
      <div className={styles.place}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys. */}
        <div ref={scroller} className={styles.log} role="log" aria-label={t('chat.log')} tabIndex={0}>
          {groups.length === 0 && (
            <EmptyState icon={<MessageSquare />} title={t('chat.empty')}>
              {t('chat.emptyText')}
            </EmptyState>
          )}
          {groups.map((group) => (
            <div key={group.key} className={styles.group}>
              {group.key === firstNew && (
                <div className={styles.new} id="first-new">
                  <span>{t('chat.new')}</span>
                </div>
              )}
              <MessageGroup
                group={group}
                meeting={meeting}
                chat={chat}
                names={names}
                pictures={pictures}
                onWrite={write}
              />
            </div>
          ))}
        </div>
        {!atEnd && (
          <Button
            size="small"
            variant="primary"
            icon={<ArrowDown />}
            className={styles.latest}
            onClick={toEnd}
          >
            {behind > 0 ? t('chat.latestNew', { count: behind }) : t('chat.latest')}
          </Button>
        )}
      </div>
      <Typing chat={chat} />
      <Composer
        ref={field}
        meeting={meeting}
        chat={chat}
        draft={draft}
        names={names}
        onChange={change}
        onSent={toEnd}
      />
    </Panel>
  );
}

/** The names of everybody who is here, or has been since one came. */
function useNames(meeting: Meeting, chat: Chat): ReadonlyMap<string, string> {
  const left = useRef(new Map<string, string>());
  useMeetingEvent(meeting, 'user:left', ({ userId, username }) => left.current.set(userId, username));
  const { participants } = meeting;
  const { messages } = chat;
  return useMemo(() => {
    const names = new Map(left.current);
    for (const { userId, username } of messages) names.set(userId, username);
    for (const { userId, username } of participants) names.set(userId, username);
    return names;
  }, [participants, messages]);
}

/** Follows the end of the messages, for as long as one has not scrolled away from it. */
function useEnd(count: number, firstNew: string | null) {
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(count);
  const following = useRef(true);

  const toEnd = useCallback(() => {
    following.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const scrolled = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
      following.current = near;
      setAtEnd(near);
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => element.removeEventListener('scroll', scrolled);
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    const mark = firstNew ? element?.querySelector<HTMLElement>('#first-new') : null;
    if (element && mark) element.scrollTop = mark.offsetTop - element.offsetTop - 8;
    else toEnd();
  }, [firstNew, toEnd]);

  useLayoutEffect(() => {
    if (!following.current) return;
    toEnd();
    setSeen(count);
  }, [count, toEnd]);
  useEffect(() => {
    if (atEnd) setSeen(count);
  }, [atEnd, count]);

  return { scroller, atEnd, behind: Math.max(0, count - seen), toEnd };
}

function Typing({ chat }: { chat: Chat }) {
  const { t } = useTranslation('room');
  const { list } = useFormat();
  const names = chat.typing.map(({ username }) => username);
  return (
    <p className={styles.typing}>
      {names.length > 3
        ? t('chat.typingMany')
        : names.length > 0 && t('chat.typing', { count: names.length, names: list(names) })}
    </p>
  );
}
