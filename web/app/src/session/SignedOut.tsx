import { useSession } from '@plenum/client';
import { Navigate, Outlet, useSearchParams } from 'react-router';
import { Loading } from '../shell/Loading.tsx';
import { guestOf } from './guest.ts';
import { nextPath } from './next.ts';

/** Pages for who is not signed in, or as a guest only; who is goes on to where they wanted to. */
export function SignedOut() {
  const { status, profile } = useSession();
  const [query] = useSearchParams();
  if (status === 'signed-in' && guestOf(profile) === null) {
    // Providers send people to the login also from linking an account, of which the page about security tells.
    const linking = { linked: query.get('linked'), problem: query.get('oauth_error') };
    if (linking.linked ?? linking.problem) return <Navigate to="/security" state={linking} replace />;
    return <Navigate to={nextPath(query)} replace />;
  }
  if (status === 'loading' && query.has('oauth_success')) return <Loading />;
  return <Outlet />;
}
