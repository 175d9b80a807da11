import { useRest } from '@plenum/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';

/** How often a page that is looked at asks again. */
const EVERY_MS = 5_000;

type Admin = ReturnType<typeof useRest>['admin'];

/** Something that admins see, as it is now and a little later. */
export function useAdminQuery<T>(
  key: (string | undefined)[],
  ask: (admin: Admin, call: { signal: AbortSignal }) => Promise<T>,
) {
  const rest = useRest();
  return useQuery({
    queryKey: ['admin', ...key],
    queryFn: ({ signal }) => ask(rest.admin, { signal }),
    refetchInterval: EVERY_MS,
  });
}

/** Asks everything again: after something was done. */
export function useAskAgain(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ['admin'] });
}
