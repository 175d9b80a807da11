import { type Call, type Meeting, useMeetingEvent } from '@plenum/client';
import { useCallback, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../../i18n/format.ts';
import { useToasts } from '../../../ui/Toast.tsx';

/** Who comes and goes at once is said at once. */
const TOGETHER_MS = 800;

interface Listeners {
  meeting: Meeting;
  call: Call;
  say: (text: string) => void;
  pollsShown: boolean;
  onPolls: () => void;
}

/** Says, and where it matters shows, what happens in the meeting. */
export function useHappenings({ meeting, call, say, pollsShown, onPolls }: Listeners): void {
  const { t } = useTranslation('room');
  const toasts = useToasts();
  const own = meeting.self.userId;
  const { list } = useFormat();

  const joined = useTogether((names) => say(t('says.joined', { names: list(names) })));
  const left = useTogether((names) => say(t('says.left', { names: list(names) })));
  useMeetingEvent(meeting, 'user:joined', ({ userId, username }) => {
    if (userId !== own) joined(username);
  });
  useMeetingEvent(meeting, 'user:left', ({ userId, username }) => {
    if (userId !== own) left(username);
  });
  useMeetingEvent(meeting, 'hand:raised', ({ userId, username }) => {
    if (userId !== own) toasts.info(t('says.hand', { name: username }));
  });
  useMeetingEvent(meeting, 'screen:started', ({ userId, username }) => {
    if (userId !== own) say(t('says.presents', { name: username }));
  });
  useMeetingEvent(meeting, 'screen:stopped', ({ userId, username }) => {
    if (userId !== own) say(t('says.stopped', { name: username }));
  });
  useMeetingEvent(meeting, 'meeting:muted', () => {
    toasts.info(t('says.mutedByHost'), { label: t('says.unmuteNow'), act: () => void call.unmute() });
  });
  useMeetingEvent(meeting, 'meeting:locked', () => say(t('says.locked')));
  useMeetingEvent(meeting, 'meeting:unlocked', () => say(t('says.unlocked')));
  useMeetingEvent(meeting, 'poll:opened', ({ question }) => {
    if (!pollsShown) toasts.info(t('says.poll', { question }), { label: t('says.show'), act: onPolls });
  });

  useChange(meeting.isHost, (host) => toasts.info(t(host ? 'says.coHost' : 'says.noCoHost')));
  useChange(call.isMuted, (muted) => {
    if (!call.mutedByHost) say(t(muted ? 'says.muted' : 'says.unmuted'));
  });
  useChange(call.isVideoOn, (on) => say(t(on ? 'says.videoOn' : 'says.videoOff')));
}

/** Gathers names for a moment. */
function useTogether(tell: (names: string[]) => void): (name: string) => void {
  const latest = useRef(tell);
  latest.current = tell;
  const names = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback((name) => {
    names.current.push(name);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(names.current.splice(0)), TOGETHER_MS);
  }, []);
}

/** Calls back when a value has become another one. */
function useChange<T>(value: T, changed: (value: T) => void): void {
  const latest = useRef(changed);
  latest.current = changed;
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    latest.current(value);
  }, [value]);
}
