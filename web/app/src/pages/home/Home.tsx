import { useSession } from '@plenum/client';
import { lazy } from 'react';
import { Navigate } from 'react-router';
import { guestOf } from '../../session/guest.ts';
import { remembered } from '../../session/remembered.ts';
import { Loading } from '../../shell/Loading.tsx';

const Landing = lazy(() => import('./Landing.tsx'));

/** The front page; who is signed in goes on to their meetings. */
export function Home() {
  const { status, profile } = useSession();
  if (status === 'signed-in' && guestOf(profile) === null) return <Navigate to="/meetings" replace />;
  if (status === 'loading' && remembered()) return <Loading />;
  return <Landing />;
}
