import { ApiProblem, type MeetingBody, useRest } from '@plenum/client';
import { QueryClient, useQuery } from '@tanstack/react-query';

/** How often the lobby asks again who is in the room. */
const LIVE_MS = 10_000;

// The client tries again by itself.
export const newQueries = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });

export function useMeetingOf(way: { id: string } | { code: string }) {
  const rest = useRest();
  return useQuery({
    queryKey: ['meeting', way],
    queryFn: ({ signal }) =>
      'id' in way ? rest.meetings.get(way.id, { signal }) : rest.meetings.byCode(way.code, { signal }),
    refetchInterval: ({ state }) => (state.error instanceof ApiProblem ? false : LIVE_MS),
  });
}

/** What one sends to who should come. */
export function linkOf({ code, meetingId }: MeetingBody): string {
  return code ? `${location.origin}/m/${code}` : `${location.origin}/meetings/${meetingId}/room`;
}
