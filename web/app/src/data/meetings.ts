import {
  ApiProblem,
  type MeetingBody,
  type MeetingChange,
  type NewMeeting,
  type PublicProfile,
  useRest,
} from '@plenum/client';
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';

/** How often a page that is looked at asks again who is in its rooms. */
const LIVE_MS = 15_000;
const LIST = ['meetings'];
const one = (id: string) => ['meeting', id];

export function useMeetings() {
  const rest = useRest();
  return useQuery({
    queryKey: LIST,
    queryFn: ({ signal }) => rest.meetings.list({ signal }),
    refetchInterval: LIVE_MS,
  });
}

export function useMeetingDetails(id: string) {
  const rest = useRest();
  const queries = useQueryClient();
  return useQuery({
    queryKey: one(id),
    queryFn: ({ signal }) => rest.meetings.get(id, { signal }),
    refetchInterval: (query) => (query.state.error instanceof ApiProblem ? false : LIVE_MS),
    placeholderData: () =>
      queries.getQueryData<MeetingBody[]>(LIST)?.find(({ meetingId }) => meetingId === id),
  });
}

/** The most people that a new meeting has places for unless it says otherwise. */
export function useUsualPlaces(): number | undefined {
  const rest = useRest();
  const stats = useQuery({
    queryKey: ['stats'],
    queryFn: ({ signal }) => rest.meetings.stats({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return stats.data?.maxParticipantsPerMeeting;
}

/** Those who have these ids, in the same order; null for who has no account any more. */
export function usePeople(ids: string[]): (PublicProfile | null | undefined)[] {
  const rest = useRest();
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ['user', id],
      staleTime: 300_000,
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        try {
          return await rest.users.get(id, { signal });
        } catch (error) {
          if (error instanceof ApiProblem && error.code === 'user_not_found') return null;
          throw error;
        }
      },
    })),
    combine: (results) => results.map(({ data }) => data),
  });
}

export function useMeetingChanges() {
  const rest = useRest();
  const queries = useQueryClient();
  const keep = (meeting: MeetingBody) => {
    queries.setQueryData(one(meeting.meetingId), meeting);
    return queries.invalidateQueries({ queryKey: LIST });
  };
  return {
    create: useMutation({
      mutationFn: (meeting: NewMeeting) => rest.meetings.create(meeting),
      onSuccess: keep,
    }),
    update: useMutation({
      mutationFn: ({ id, change }: { id: string; change: MeetingChange }) => rest.meetings.update(id, change),
      onSuccess: keep,
    }),
    remove: useMutation({
      mutationFn: (id: string) => rest.meetings.remove(id),
      onSuccess: (_, id) => {
        queries.removeQueries({ queryKey: one(id) });
        return queries.invalidateQueries({ queryKey: LIST });
      },
    }),
  };
}
