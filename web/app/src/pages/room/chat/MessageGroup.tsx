import type { Chat, Meeting, Message } from '@plenum/client';
import { Copy, Ellipsis, Lock, MessageSquareLock, Pencil, Reply, SmilePlus, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../i18n/format.ts';
import { useAttempt, useProblemText } from '../../../problems.ts';
import { Avatar } from '../../../ui/Avatar.tsx';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { classes } from '../../../ui/classes.ts';
import { copyText } from '../../../ui/copyText.ts';
import { Menu, MenuItem, MenuSeparator } from '../../../ui/Menu.tsx';
import { EmojiMenu } from '../EmojiMenu.tsx';
import type { Pictures } from '../seats.ts';
import type { Draft } from './ChatPanel.tsx';
import type { Group } from './grouped.ts';
import styles from './MessageGroup.module.css';
import { linkified } from './text.ts';

interface GroupProps {
  group: Group;
  meeting: Meeting;
  chat: Chat;
  names: ReadonlyMap<string, string>;
  pictures: Pictures;
  onWrite: (draft: Partial<Draft>) => void;
}

/** What one person says in a row; one's own stands on the right. */
export function MessageGroup({ group, ...props }: GroupProps) {
  const { t } = useTranslation('room');
  const format = useFormat();
  const own = group.userId === props.meeting.self.userId;
  const to = group.toUserId;
  return (
    <section className={classes(styles.group, own && styles.own, to !== null && styles.private)}>
      {!own && <Avatar name={group.username} picture={props.pictures.get(group.userId) ?? null} size={2} />}
      <div className={styles.column}>
        <p className={styles.head}>
          <strong>{own ? t('chat.you') : group.username}</strong>
          <time dateTime={group.timestamp}>{format.time(group.timestamp)}</time>
          {to !== null && (
            <span className={styles.badge}>
              <Lock aria-hidden="true" />
              {own ? t('chat.privateTo', { name: props.names.get(to) ?? '' }) : t('chat.privateFrom')}
            </span>
          )}
        </p>
        {group.messages.map((message) => (
          <OneMessage key={message.key} message={message} own={own} {...props} />
        ))}
      </div>
    </section>
  );
}

type MessageProps = Omit<GroupProps, 'group'> & { message: Message; own: boolean };

function OneMessage(props: MessageProps) {
  const { t } = useTranslation('room');
  const { message, own, chat } = props;
  if (message.deletedBy !== null) {
    const byHost = message.deletedBy !== message.userId;
    return <p className={styles.deleted}>{t(byHost ? 'chat.deletedByHost' : 'chat.deleted')}</p>;
  }
  return (
    <div className={styles.message}>
      <div className={classes(styles.bubble, message.status === 'failed' && styles.failed)}>
        {message.replyTo !== null && <Quote replyTo={message.replyTo} chat={chat} />}
        <p className={styles.text}>
          {linkified(message.text).map(({ text, href }, place) =>
            href ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text are their places.
              <a key={place} href={href} target="_blank" rel="noopener noreferrer nofollow">
                {text}
              </a>
            ) : (
              text
            ),
          )}
          {message.editedAt !== null && <span className={styles.edited}> ({t('chat.edited')})</span>}
        </p>
      </div>
      {message.messageId !== null && <Actions {...props} messageId={message.messageId} />}
      {message.status === 'sending' && <p className={styles.state}>{t('chat.sending')}</p>}
      {message.status === 'failed' && <Failed message={message} chat={chat} />}
      {message.messageId !== null && message.reactions.length > 0 && (
        <Reactions
          message={message}
          messageId={message.messageId}
          own={own}
          chat={chat}
          names={props.names}
        />
      )}
    </div>
  );
}

function Quote({ replyTo, chat }: { replyTo: string; chat: Chat }) {
  const { t } = useTranslation('room');
  const message = chat.messages.find(({ messageId }) => messageId === replyTo);
  return (
    <blockquote className={styles.quote}>
      {message ? (
        <>
          <strong>{message.username}</strong>
          <span>{message.deletedBy === null ? message.text : t('chat.deleted')}</span>
        </>
      ) : (
        t('chat.earlier')
      )}
    </blockquote>
  );
}

function Failed({ message, chat }: { message: Message; chat: Chat }) {
  const { t } = useTranslation('room');
  const text = useProblemText();
  return (
    <div className={styles.failure} role="alert">
      <span>{t('chat.failed', { reason: text(message.problem) })}</span>
      <Button size="small" onClick={() => chat.retry(message.key)}>
        {t('chat.retry')}
      </Button>
      <Button size="small" variant="quiet" onClick={() => chat.discard(message.key)}>
        {t('chat.discard')}
      </Button>
    </div>
  );
}

function Actions({ message, messageId, own, meeting, chat, onWrite }: MessageProps & { messageId: string }) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  const { userId, username, text } = message;
  const label = own ? t('chat.actionsOwn') : t('chat.actions', { name: username });
  return (
    <div className={styles.actions}>
      <EmojiMenu
        trigger={<IconButton size="small" icon={<SmilePlus />} label={t('bar.react')} />}
        label={(emoji) => t('chat.react', { emoji })}
        onChoose={(emoji) => void attempt(() => chat.react(messageId, emoji))}
      />
      <Menu trigger={<IconButton size="small" icon={<Ellipsis />} label={label} />}>
        <MenuItem
          icon={<Reply aria-hidden="true" />}
          onSelect={() => onWrite({ replyTo: messageId, to: answerTo(message, own) })}
        >
          {t('chat.reply')}
        </MenuItem>
        {!own && (
          <MenuItem icon={<MessageSquareLock aria-hidden="true" />} onSelect={() => onWrite({ to: userId })}>
            {t('chat.private', { name: username })}
          </MenuItem>
        )}
        <MenuItem icon={<Copy aria-hidden="true" />} onSelect={() => void attempt(() => copyText(text))}>
          {t('chat.copy')}
        </MenuItem>
        {(own || meeting.isHost) && <MenuSeparator />}
        {own && (
          <MenuItem
            icon={<Pencil aria-hidden="true" />}
            onSelect={() => onWrite({ editing: messageId, text, to: message.toUserId })}
          >
            {t('chat.edit')}
          </MenuItem>
        )}
        {(own || meeting.isHost) && (
          <MenuItem
            icon={<Trash2 aria-hidden="true" />}
            danger
            onSelect={() => void attempt(() => chat.remove(messageId))}
          >
            {t('chat.delete')}
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}

/** An answer to what is private is private too. */
function answerTo(message: Message, own: boolean): string | null {
  if (message.toUserId === null) return null;
  return own ? message.toUserId : message.userId;
}

type ReactionsProps = Pick<MessageProps, 'message' | 'own' | 'chat' | 'names'> & { messageId: string };

function Reactions({ message, messageId, chat, names }: ReactionsProps) {
  const { t } = useTranslation('room');
  const { list } = useFormat();
  const attempt = useAttempt();
  return (
    <div className={styles.reactions}>
      {message.reactions.map(({ reaction, userIds }) => (
        <button
          key={reaction}
          type="button"
          aria-pressed={userIds.includes(chat.self.userId)}
          aria-label={t('chat.reaction', { emoji: reaction, count: userIds.length })}
          title={list(userIds.map((id) => names.get(id) ?? '…'))}
          onClick={() => void attempt(() => chat.react(messageId, reaction))}
        >
          <span aria-hidden="true">{reaction}</span> {userIds.length}
        </button>
      ))}
    </div>
  );
}
