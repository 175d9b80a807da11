/** Meetings, their chat and their calls. */
export { CallClient, type MakeTransport } from './call/client.ts';
export type { CallPhase, CallState, Peer } from './call/state.ts';
export { type Call, type UseCallOptions, useAudioLevel, useCall } from './call/useCall.ts';
export { ChatClient, type SendOptions } from './chat/client.ts';
export type { ChatState, Message, MessageStatus, Typist } from './chat/state.ts';
export { type Chat, useChat } from './chat/useChat.ts';
export type { CallError } from './contract/CallError.ts';
export type { CallPeer } from './contract/CallPeer.ts';
export type { ClosePoll } from './contract/ClosePoll.ts';
export type { DeleteMessage } from './contract/DeleteMessage.ts';
export type { EditMessage } from './contract/EditMessage.ts';
export type { HandMoved } from './contract/HandMoved.ts';
export type { JoinCall } from './contract/JoinCall.ts';
export type { LobbyAnswer } from './contract/LobbyAnswer.ts';
export type { LobbyWaiting } from './contract/LobbyWaiting.ts';
export type { MeetingLocked } from './contract/MeetingLocked.ts';
export type { MeetingRoles } from './contract/MeetingRoles.ts';
export type { MessageDeleted } from './contract/MessageDeleted.ts';
export type { MessageEdited } from './contract/MessageEdited.ts';
export type { MessageReacted } from './contract/MessageReacted.ts';
export type { MutedByHost } from './contract/MutedByHost.ts';
export type { MuteStatus } from './contract/MuteStatus.ts';
export type { OfUser } from './contract/OfUser.ts';
export type { OfUserOrAll } from './contract/OfUserOrAll.ts';
export type { OpenPoll } from './contract/OpenPoll.ts';
export type { OwnPoll } from './contract/OwnPoll.ts';
export type { PeerMoved } from './contract/PeerMoved.ts';
export type { PeersList } from './contract/PeersList.ts';
export type { Poll } from './contract/Poll.ts';
export type { PollOpened } from './contract/PollOpened.ts';
export type { RaisedHand } from './contract/RaisedHand.ts';
export type { ReactionSent } from './contract/ReactionSent.ts';
export type { Reactions } from './contract/Reactions.ts';
export type { ReactToMessage } from './contract/ReactToMessage.ts';
export type { RemovedByHost } from './contract/RemovedByHost.ts';
export type { RoomState } from './contract/RoomState.ts';
export type { ScreenShared } from './contract/ScreenShared.ts';
export type { SendReaction } from './contract/SendReaction.ts';
export type { SendSignal } from './contract/SendSignal.ts';
export type { Signal } from './contract/Signal.ts';
export type { SignalType } from './contract/SignalType.ts';
export type { VideoStatus } from './contract/VideoStatus.ts';
export type { VoteInPoll } from './contract/VoteInPoll.ts';
export type { WaitingUser } from './contract/WaitingUser.ts';
export type { Device, Devices } from './media/devices.ts';
export type { MediaProblem, MediaProblemCode, MediaSource } from './media/problem.ts';
export type { Quality } from './media/quality.ts';
export type {
  LinkState,
  MediaTransport,
  PeerMedia,
  RemotePeer,
  Signalling,
  Source,
} from './media/transport.ts';
export { Video, type VideoProps } from './media/Video.tsx';
export { MeetingClient, type MeetingEvent, type MeetingOptions, type Self } from './meeting/client.ts';
export type { MeetingState, Phase, Reaction } from './meeting/state.ts';
export { type Meeting, type UseMeetingOptions, useMeeting, useMeetingEvent } from './meeting/useMeeting.ts';
export type { Ack, ClientEvents, ServerEvents } from './socket/events.ts';
export { type Connection, type ConnectionStatus, PlenumSocket, type SocketOptions } from './socket/socket.ts';
export { Store } from './store.ts';
