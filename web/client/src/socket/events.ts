import type { CallError } from '../contract/CallError.ts';
import type { ChatMessage } from '../contract/ChatMessage.ts';
import type { ClosePoll } from '../contract/ClosePoll.ts';
import type { DeleteMessage } from '../contract/DeleteMessage.ts';
import type { EditMessage } from '../contract/EditMessage.ts';
import type { ErrorBody } from '../contract/ErrorBody.ts';
import type { HandMoved } from '../contract/HandMoved.ts';
import type { IceServer } from '../contract/IceServer.ts';
import type { InMeeting } from '../contract/InMeeting.ts';
import type { JoinCall } from '../contract/JoinCall.ts';
import type { Joined } from '../contract/Joined.ts';
import type { JoinMeeting } from '../contract/JoinMeeting.ts';
import type { LeaveMeeting } from '../contract/LeaveMeeting.ts';
import type { LobbyAnswer } from '../contract/LobbyAnswer.ts';
import type { LobbyWaiting } from '../contract/LobbyWaiting.ts';
import type { MeetingEnded } from '../contract/MeetingEnded.ts';
import type { MeetingLocked } from '../contract/MeetingLocked.ts';
import type { MeetingRoles } from '../contract/MeetingRoles.ts';
import type { MessageDeleted } from '../contract/MessageDeleted.ts';
import type { MessageEdited } from '../contract/MessageEdited.ts';
import type { MessageReacted } from '../contract/MessageReacted.ts';
import type { MessageTaken } from '../contract/MessageTaken.ts';
import type { MutedByHost } from '../contract/MutedByHost.ts';
import type { MuteStatus } from '../contract/MuteStatus.ts';
import type { OfUser } from '../contract/OfUser.ts';
import type { OfUserOrAll } from '../contract/OfUserOrAll.ts';
import type { OpenPoll } from '../contract/OpenPoll.ts';
import type { PeerMoved } from '../contract/PeerMoved.ts';
import type { PeersList } from '../contract/PeersList.ts';
import type { Poll } from '../contract/Poll.ts';
import type { PollOpened } from '../contract/PollOpened.ts';
import type { ReactionSent } from '../contract/ReactionSent.ts';
import type { ReactToMessage } from '../contract/ReactToMessage.ts';
import type { RemovedByHost } from '../contract/RemovedByHost.ts';
import type { ScreenShared } from '../contract/ScreenShared.ts';
import type { SeatTaken } from '../contract/SeatTaken.ts';
import type { SendMessage } from '../contract/SendMessage.ts';
import type { SendReaction } from '../contract/SendReaction.ts';
import type { SendSignal } from '../contract/SendSignal.ts';
import type { ServerNotice } from '../contract/ServerNotice.ts';
import type { Signal } from '../contract/Signal.ts';
import type { SocketError } from '../contract/SocketError.ts';
import type { Typing } from '../contract/Typing.ts';
import type { UserMoved } from '../contract/UserMoved.ts';
import type { UsersOnline } from '../contract/UsersOnline.ts';
import type { VideoStatus } from '../contract/VideoStatus.ts';
import type { VoteInPoll } from '../contract/VoteInPoll.ts';

/** How the server answers an event. */
export type Ack<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };

/** An answer that says nothing more. */
export type Done = Record<string, never>;

/** What the server sends. */
export interface ServerEvents {
  'users:online': UsersOnline;
  'user:joined': UserMoved;
  'user:left': UserMoved;
  'chat:message': ChatMessage;
  'chat:edited': MessageEdited;
  'chat:deleted': MessageDeleted;
  'chat:reacted': MessageReacted;
  'typing:start': Typing;
  'typing:stop': Typing;
  'call:ice-servers': IceServer[];
  'call:peers-list': PeersList;
  'call:seat-taken': SeatTaken;
  'call:peer-joined': PeerMoved;
  'call:peer-left': PeerMoved;
  'call:signal': Signal;
  'call:mute-status': MuteStatus;
  'call:video-status': VideoStatus;
  'call:error': CallError;
  'screen:started': ScreenShared;
  'screen:stopped': ScreenShared;
  'hand:raised': HandMoved;
  'hand:lowered': HandMoved;
  'reaction:sent': ReactionSent;
  'lobby:waiting': LobbyWaiting;
  'lobby:admitted': LobbyAnswer;
  'lobby:denied': LobbyAnswer;
  'meeting:locked': MeetingLocked;
  'meeting:unlocked': MeetingLocked;
  'meeting:muted': MutedByHost;
  'meeting:removed': RemovedByHost;
  'meeting:roles': MeetingRoles;
  'meeting:ended': MeetingEnded;
  'poll:opened': Poll;
  'poll:counted': Poll;
  'poll:closed': Poll;
  'server:notice': ServerNotice;
  error: SocketError;
}

/** What a client sends, and what it is answered. */
export interface ClientEvents {
  'join:meeting': [Omit<JoinMeeting, 'since'> & { since?: number }, Joined];
  'leave:meeting': [LeaveMeeting, Done];
  'chat:message': [SendMessage, MessageTaken];
  'chat:edit': [EditMessage, Done];
  'chat:delete': [DeleteMessage, Done];
  'chat:react': [ReactToMessage, Done];
  'typing:start': [InMeeting, Done];
  'typing:stop': [InMeeting, Done];
  'call:join': [JoinCall, Done];
  'call:signal': [SendSignal, Done];
  'call:mute': [InMeeting, Done];
  'call:unmute': [InMeeting, Done];
  'call:video-on': [InMeeting, Done];
  'call:video-off': [InMeeting, Done];
  'call:leave': [InMeeting, Done];
  'screen:start': [InMeeting, Done];
  'screen:stop': [OfUserOrAll, Done];
  'hand:raise': [InMeeting, Done];
  'hand:lower': [OfUserOrAll, Done];
  'reaction:send': [SendReaction, Done];
  'lobby:admit': [OfUser, Done];
  'lobby:admit-all': [InMeeting, Done];
  'lobby:deny': [OfUser, Done];
  'meeting:lock': [InMeeting, Done];
  'meeting:unlock': [InMeeting, Done];
  'meeting:mute': [OfUserOrAll, Done];
  'meeting:remove': [OfUser, Done];
  'meeting:end': [InMeeting, Done];
  'poll:open': [OpenPoll, PollOpened];
  'poll:vote': [VoteInPoll, Done];
  'poll:close': [ClosePoll, Done];
}

export type ServerEvent = keyof ServerEvents;
export type ClientEvent = keyof ClientEvents;
export type Payload<E extends ClientEvent> = ClientEvents[E][0];
export type Answer<E extends ClientEvent> = ClientEvents[E][1];

/** An event of the server with what it carries. */
export type Told = { [E in ServerEvent]: { event: E; data: ServerEvents[E] } }[ServerEvent];

export type ServerToClientEvents = { [E in ServerEvent]: (data: ServerEvents[E]) => void };
export type ClientToServerEvents = {
  [E in ClientEvent]: (payload: Payload<E>, ack: (answer: Ack<Answer<E>>) => void) => void;
};
