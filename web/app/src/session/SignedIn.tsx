import { useSession } from '@plenum/client';
import { lazy, useEffect, useState } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { Loading } from '../shell/Loading.tsx';
import { Unreachable } from '../shell/Unreachable.tsx';
import { guestOf } from './guest.ts';
import { remember } from './remembered.ts';

const RequiredSecondFactor = lazy(() => import('../pages/security/RequiredSecondFactor.tsx'));

/** Pages for who is signed in; who is not goes to the login, and comes back here from it. */
export function SignedIn() {
  const session = useSession();
  const { pathname, search } = useLocation();
  const [wasSignedIn, setWasSignedIn] = useState(false);
  const { status } = session;

  useEffect(() => {
    if (status === 'signed-in') setWasSignedIn(true);
    if (status === 'signed-in' || status === 'signed-out') remember(status === 'signed-in');
  }, [status]);

  if (status === 'loading') return <Loading />;
  if (status === 'unknown') return <Unreachable />;
  const guest = guestOf(session.profile);
  if (guest !== null) return <Navigate to={`/m/${guest}`} replace />;
  if (status === 'signed-in') return session.mustSetUpSecondFactor ? <RequiredSecondFactor /> : <Outlet />;
  if (wasSignedIn && !session.ended) return <Navigate to="/" replace />;
  const next = new URLSearchParams({ next: pathname + search });
  return <Navigate to={`/login?${next}`} replace />;
}
