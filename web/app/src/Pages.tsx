import i18n from 'i18next';
import { type ComponentType, lazy, Suspense, useEffect } from 'react';
import { Route, Routes, useLocation } from 'react-router';
import { Home } from './pages/home/Home.tsx';
import { SignedIn } from './session/SignedIn.tsx';
import { SignedOut } from './session/SignedOut.tsx';
import { Loading } from './shell/Loading.tsx';

/** A page that is loaded when it is first shown, together with its texts. */
function page(
  load: () => Promise<{ default: ComponentType }>,
  ...texts: ('auth' | 'meetings' | 'account' | 'admin' | 'room')[]
) {
  return lazy(async () => {
    const [module] = await Promise.all([load(), i18n.loadNamespaces(texts)]);
    return module;
  });
}

const SignUp = page(() => import('./pages/auth/SignUp.tsx'), 'auth');
const Login = page(() => import('./pages/auth/Login.tsx'), 'auth');
const Verify = page(() => import('./pages/auth/Verify.tsx'), 'auth');
const ForgotPassword = page(() => import('./pages/auth/ForgotPassword.tsx'), 'auth');
const ResetPassword = page(() => import('./pages/auth/ResetPassword.tsx'), 'auth');
const Meetings = page(() => import('./pages/meetings/Meetings.tsx'), 'meetings');
const Meeting = page(() => import('./pages/meeting/Meeting.tsx'), 'meetings');
const NewMeeting = page(() => import('./pages/meeting-form/NewMeeting.tsx'), 'meetings');
const EditMeeting = page(() => import('./pages/meeting-form/EditMeeting.tsx'), 'meetings');
const Report = page(() => import('./pages/report/Report.tsx'), 'room');
const RoomPage = page(() => import('./pages/room/RoomPage.tsx'), 'room');
const LinkPage = page(() => import('./pages/room/LinkPage.tsx'), 'room');
const Profile = page(() => import('./pages/profile/Profile.tsx'), 'account', 'auth');
const Security = page(() => import('./pages/security/Security.tsx'), 'account');
const Admin = page(() => import('./pages/admin/Admin.tsx'), 'admin');
const Shell = page(() => import('./shell/Shell.tsx'));
const NotFound = page(() => import('./pages/NotFound.tsx'));

export function Pages() {
  useScrollToTop();
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route index element={<Home />} />
        <Route element={<SignedOut />}>
          <Route path="signup" element={<SignUp />} />
          <Route path="login" element={<Login />} />
          <Route path="verify" element={<Verify />} />
          <Route path="forgot-password" element={<ForgotPassword />} />
        </Route>
        <Route path="reset-password" element={<ResetPassword />} />
        <Route path="m/:code" element={<LinkPage />} />
        <Route element={<SignedIn />}>
          <Route path="meetings/:id/room" element={<RoomPage />} />
          <Route element={<Shell />}>
            <Route path="meetings" element={<Meetings />} />
            <Route path="meetings/new" element={<NewMeeting />} />
            <Route path="meetings/:id" element={<Meeting />} />
            <Route path="meetings/:id/edit" element={<EditMeeting />} />
            <Route path="meetings/:id/report" element={<Report />} />
            <Route path="profile" element={<Profile />} />
            <Route path="security" element={<Security />} />
            <Route path="admin" element={<Admin />} />
          </Route>
        </Route>
        <Route path="*" element={<NotFound />} />
      </Routes>
    </Suspense>
  );
}

function useScrollToTop() {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top.
  useEffect(() => {
    scrollTo(0, 0);
  }, [pathname]);
}
