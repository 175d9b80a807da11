import type { Chat, Meeting } from '@plenum/client';
import { SendHorizontal, X } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, type Ref, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { IconButton } from '../../../ui/Button.tsx';
import { classes } from '../../../ui/classes.ts';
import type { Draft } from './ChatPanel.tsx';
import { NO_DRAFT } from './ChatPanel.tsx';
import styles from './Composer.module.css';
import { lengthOf } from './text.ts';

const MOST = 4_000;
const COUNTED_FROM = 3_500;

interface ComposerProps {
  ref: Ref<HTMLTextAreaElement>;
  meeting: Meeting;
  chat: Chat;
  draft: Draft;
  names: ReadonlyMap<string, string>;
  onChange: (draft: Partial<Draft>) => void;
  onSent: () => void;
}

/** Where a message is written, for everyone or for one person; and where one is changed. */
export function Composer({ ref, meeting, chat, draft, names, onChange, onSent }: ComposerProps) {
  const { t } = useTranslation('room');
  const id = useId();
  const attempt = useAttempt();
  const { text, to, replyTo, editing } = draft;
  const latest = useRef(draft);
  latest.current = draft;
  const others = meeting.participants.filter(({ userId }) => userId !== meeting.self.userId);
  const gone = to !== null && editing === null && !others.some(({ userId }) => userId === to);
  const length = lengthOf(text);
  const ready = length > 0 && length <= MOST && !gone;

  // A message that was deleted meanwhile is neither changed nor answered any more.
  const about = chat.messages.find(
    ({ messageId }) => messageId !== null && messageId === (editing ?? replyTo),
  );
  const vanished = about?.deletedBy != null;
  useEffect(() => {
    if (vanished) onChange(editing === null ? { replyTo: null } : NO_DRAFT);
  }, [vanished, editing, onChange]);

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!ready) return;
    if (editing !== null) {
      const saved = await attempt(() => chat.edit(editing, text.trim()));
      // Another one may be being written by now.
      if (saved && latest.current.editing === editing) onChange(NO_DRAFT);
      return;
    }
    chat.send(text, {
      ...(to === null ? {} : { toUserId: to }),
      ...(replyTo === null ? {} : { replyTo }),
    });
    onChange({ text: '', replyTo: null });
    requestAnimationFrame(onSent);
  };

  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) void submit(event);
    else if (event.key === 'Escape' && (editing !== null || replyTo !== null)) {
      event.preventDefault();
      onChange(editing === null ? { replyTo: null } : NO_DRAFT);
    }
  };

  return (
    <form className={styles.composer} onSubmit={(event) => void submit(event)}>
      {about && (
        <div className={styles.about}>
          <p>
            <strong>
              {editing === null ? t('chat.replyingTo', { name: about.username }) : t('chat.editing')}
            </strong>
            <span>{about.text}</span>
          </p>
          <IconButton
            size="small"
            icon={<X />}
            label={t('chat.discard')}
            onClick={() => onChange(editing === null ? { replyTo: null } : NO_DRAFT)}
          />
        </div>
      )}
      {editing === null && (
        <div className={classes(styles.to, to !== null && styles.private)}>
          <label htmlFor={`${id}-to`}>{t('chat.to')}</label>
          <select
            id={`${id}-to`}
            value={to ?? ''}
            onChange={(event) => onChange({ to: event.target.value || null })}
          >
            <option value="">{t('chat.everyone')}</option>
            {gone && to !== null && (
              <option value={to}>{t('chat.gone', { name: names.get(to) ?? '' })}</option>
            )}
            {others.map(({ userId, username }) => (
              <option key={userId} value={userId}>
                {username}
              </option>
            ))}
          </select>
        </div>
      )}
      {gone && to !== null && (
        <p className={styles.wrong} role="alert">
          {t('chat.goneText', { name: names.get(to) ?? '' })}
        </p>
      )}
      <div className={styles.line}>
        <textarea
          ref={ref}
          rows={1}
          value={text}
          // biome-ignore lint/a11y/noAutofocus: who opens the chat wants to write.
          autoFocus={matchMedia('(hover: hover)').matches}
          aria-label={t('chat.write')}
          aria-describedby={length > COUNTED_FROM ? `${id}-left` : undefined}
          placeholder={t('chat.write')}
          title={t('chat.enter')}
          onChange={(event) => {
            onChange({ text: event.target.value });
            if (editing === null && to === null) chat.typed();
          }}
          onKeyDown={pressed}
        />
        <IconButton
          type="submit"
          variant="primary"
          icon={<SendHorizontal />}
          label={t(editing === null ? 'chat.send' : 'chat.save')}
          disabled={!ready}
        />
      </div>
      {length > COUNTED_FROM && (
        <p id={`${id}-left`} className={length > MOST ? styles.wrong : styles.left}>
          {length > MOST
            ? t('chat.tooLong', { count: length - MOST })
            : t('chat.left', { count: MOST - length })}
        </p>
      )}
    </form>
  );
}
