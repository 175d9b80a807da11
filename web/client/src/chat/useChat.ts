import { useMemo, useSyncExternalStore } from 'react';
import type { Self } from '../meeting/client.ts';
import type { Meeting } from '../meeting/useMeeting.ts';
import type { ChatClient } from './client.ts';
import type { ChatState } from './state.ts';

type Actions = Pick<
  ChatClient,
  'send' | 'retry' | 'discard' | 'edit' | 'remove' | 'react' | 'typed' | 'setOpen'
>;

export interface Chat extends ChatState, Actions {
  self: Self;
}

/** A meeting's chat. It goes on while nothing shows it: `unread` says how far. */
export function useChat({ client: { chat, self } }: Pick<Meeting, 'client'>): Chat {
  const state = useSyncExternalStore(chat.state.subscribe, chat.state.getSnapshot);
  return useMemo(
    () => ({
      ...state,
      self,
      send: chat.send,
      retry: chat.retry,
      discard: chat.discard,
      edit: chat.edit,
      remove: chat.remove,
      react: chat.react,
      typed: chat.typed,
      setOpen: chat.setOpen,
    }),
    [state, chat, self],
  );
}
