import { type Meeting, type MeetingBody, useCall, useMeeting, useSession } from '@plenum/client';
import { useEffect, useState } from 'react';
import { Loading } from '../../shell/Loading.tsx';
import { Lobby } from './lobby/Lobby.tsx';
import { useOwnMedia } from './lobby/useOwnMedia.ts';
import { Waiting } from './lobby/Waiting.tsx';
import { Left, Outside } from './Outside.tsx';
import { Room } from './Room.tsx';
import type { Who } from './who.ts';

interface DoorProps {
  details: MeetingBody;
  who: Who;
}

/** The way into a meeting and out of it: before, in, and after. */
export function Door({ details, who }: DoorProps) {
  const meeting = useMeeting(details.meetingId, { autoJoin: false, self: who });
  if (!meeting) return <Loading />;
  return <Ways meeting={meeting} details={details} who={who} />;
}

const ASKS_PASSCODE = new Set<string | undefined>(['passcode_required', 'wrong_passcode']);

function Ways({ meeting, details, who }: DoorProps & { meeting: Meeting }) {
  const call = useCall(meeting);
  const media = useOwnMedia(call);
  const { refresh } = useSession();
  const [left, setLeft] = useState(false);
  const { phase, problem, connection } = meeting;
  const asksPasscode = phase === 'refused' && ASKS_PASSCODE.has(problem?.code);
  const beforeDoor = phase === 'idle' || phase === 'joining' || asksPasscode;
  // The server takes no connection of this user: nobody is signed in any more, say.
  const cut = connection.status === 'refused';
  const outside = cut || !(beforeDoor || phase === 'in' || phase === 'waiting');

  const { join: joinCall, leave: leaveCall } = call;
  useEffect(() => {
    if (phase === 'in') joinCall();
  }, [phase, joinCall]);
  useEffect(() => {
    if (outside) leaveCall();
  }, [outside, leaveCall]);
  useEffect(() => {
    if (cut) void refresh();
  }, [cut, refresh]);

  const leave = () => {
    meeting.leave();
    leaveCall();
    setLeft(true);
  };
  const again = () => {
    setLeft(false);
    media.start();
    meeting.join();
  };

  if (left) return <Left details={details} who={who} onRejoin={again} />;
  if (outside) return <Outside meeting={meeting} details={details} who={who} onAgain={again} />;
  if (beforeDoor)
    return (
      <Lobby
        details={details}
        who={who}
        call={call}
        media={media}
        busy={phase === 'joining'}
        problem={asksPasscode ? problem : null}
        onJoin={meeting.join}
      />
    );
  if (phase === 'waiting')
    return <Waiting meeting={meeting} call={call} media={media} details={details} onLeave={leave} />;
  return <Room meeting={meeting} call={call} media={media} details={details} who={who} onLeave={leave} />;
}
