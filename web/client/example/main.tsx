import {
  type Meeting,
  PlenumProvider,
  useCall,
  useChat,
  useMeeting,
  useSession,
  Video,
} from '@plenum/client';
import { createRoot } from 'react-dom/client';

const meetingId = new URLSearchParams(location.search).get('meeting');

function App() {
  const { status, login } = useSession();
  const meeting = useMeeting(meetingId);
  if (status === 'signed-out') {
    const submit = (form: FormData) =>
      login({ email: String(form.get('email')), password: String(form.get('password')) });
    return (
      <form action={submit}>
        <input name="email" type="email" aria-label="Address" />
        <input name="password" type="password" aria-label="Password" />
        <button type="submit">Log in</button>
      </form>
    );
  }
  if (!meeting) return <p>One moment…</p>;
  if (meeting.phase === 'waiting') return <p>The host will let you in.</p>;
  if (meeting.phase !== 'in') return <p role="status">{meeting.problem?.message ?? meeting.phase}</p>;
  return (
    <>
      <p role="status">{meeting.live ? 'Connected' : 'Reconnecting…'}</p>
      <Conversation meeting={meeting} />
      <Messages meeting={meeting} />
    </>
  );
}

function Conversation({ meeting }: { meeting: Meeting }) {
  const call = useCall(meeting);
  if (call.phase !== 'in')
    return (
      <button type="button" onClick={call.join}>
        Join the call
      </button>
    );
  return (
    <section aria-label="Call">
      <Video stream={call.camera} aria-label="You" />
      {call.peers.map((peer) => (
        <figure key={peer.userId}>
          <Video stream={peer.screen ?? peer.camera} aria-label={peer.username} />
          <figcaption>
            {peer.username} {peer.isMuted && '(muted)'} {peer.speaking && '(speaking)'}
          </figcaption>
        </figure>
      ))}
      {call.mediaProblem && <p role="alert">{call.mediaProblem.code}</p>}
      <button type="button" onClick={call.isMuted ? call.unmute : call.mute}>
        {call.isMuted ? 'Unmute' : 'Mute'}
      </button>
      <button type="button" onClick={call.isVideoOn ? call.videoOff : call.videoOn}>
        {call.isVideoOn ? 'Stop video' : 'Start video'}
      </button>
      <button type="button" onClick={call.isSharing ? call.stopShare : call.shareScreen}>
        {call.isSharing ? 'Stop sharing' : 'Share screen'}
      </button>
      <button type="button" onClick={call.leave}>
        Leave the call
      </button>
    </section>
  );
}

function Messages({ meeting }: { meeting: Meeting }) {
  const chat = useChat(meeting);
  return (
    <section aria-label="Chat">
      <ol>
        {chat.messages.map((message) => (
          <li key={message.key}>
            <b>{message.username}</b> {message.text} {message.status !== 'sent' && `(${message.status})`}
          </li>
        ))}
      </ol>
      <p>{chat.typing.map((one) => `${one.username} is typing…`)}</p>
      <form action={(form) => chat.send(String(form.get('text')))}>
        <input name="text" aria-label="Message" autoComplete="off" onInput={chat.typed} />
        <button type="submit">Send</button>
      </form>
    </section>
  );
}

const app = document.getElementById('app');
if (app)
  createRoot(app).render(
    <PlenumProvider>
      <App />
    </PlenumProvider>,
  );
