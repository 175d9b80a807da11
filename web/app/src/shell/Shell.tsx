import { useSession } from '@plenum/client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { CalendarDays, Gauge, LogOut, Plus, ShieldCheck, UserRound } from 'lucide-react';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Outlet, useLocation } from 'react-router';
import { ErrorBoundary } from '../ErrorBoundary.tsx';
import { LANGUAGES, type Language, language, setLanguage } from '../i18n/index.ts';
import { useAttempt } from '../problems.ts';
import { ConfirmFactorProvider } from '../session/ConfirmFactor.tsx';
import { THEMES, useTheme } from '../theme.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { ButtonLink } from '../ui/Button.tsx';
import { Logo } from '../ui/Logo.tsx';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '../ui/Menu.tsx';
import { Loading } from './Loading.tsx';
import styles from './Shell.module.css';

/** The frame of pages for who is signed in. What was loaded for one user is never shown to the next. */
export default function Shell() {
  const { profile } = useSession();
  return <Frame key={profile?.id} />;
}

function Frame() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  // The client tries again by itself.
  const [queries] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: false } } }));
  return (
    <QueryClientProvider client={queries}>
      <ConfirmFactorProvider>
        <a href="#content" className={styles.skip}>
          {t('skip')}
        </a>
        <header className={styles.header}>
          <div className={styles.bar}>
            <Link to="/meetings" className={styles.home} aria-label={t('home')}>
              <Logo />
            </Link>
            <nav className={styles.nav} aria-label={t('nav.main')}>
              <ButtonLink
                to="/meetings/new"
                variant="primary"
                size="small"
                icon={<Plus />}
                className={styles.new}
                aria-label={t('nav.newMeeting')}
              >
                <span>{t('nav.newMeeting')}</span>
              </ButtonLink>
              <AccountMenu />
            </nav>
          </div>
        </header>
        <main id="content" tabIndex={-1} className={styles.content}>
          <ErrorBoundary resetKey={pathname}>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </ErrorBoundary>
        </main>
      </ConfirmFactorProvider>
    </QueryClientProvider>
  );
}

function AccountMenu() {
  const { t } = useTranslation();
  const session = useSession();
  const attempt = useAttempt();
  const [theme, setTheme] = useTheme();
  const { profile } = session;
  if (!profile) return null;
  const name = `${profile.name} ${profile.last_name}`;

  return (
    <Menu
      trigger={
        <button type="button" className={styles.account} aria-label={t('nav.accountOf', { name })}>
          <Avatar name={name} picture={profile.picture} size={2.5} />
        </button>
      }
    >
      <div className={styles.who}>
        <strong>{name}</strong>
        <span>{profile.email}</span>
      </div>
      <MenuSeparator />
      <MenuItem asChild>
        <Link to="/meetings">
          <CalendarDays aria-hidden="true" />
          {t('nav.meetings')}
        </Link>
      </MenuItem>
      <MenuItem asChild>
        <Link to="/profile">
          <UserRound aria-hidden="true" />
          {t('nav.profile')}
        </Link>
      </MenuItem>
      <MenuItem asChild>
        <Link to="/security">
          <ShieldCheck aria-hidden="true" />
          {t('nav.security')}
        </Link>
      </MenuItem>
      {profile.admin && (
        <MenuItem asChild>
          <Link to="/admin">
            <Gauge aria-hidden="true" />
            {t('nav.admin')}
          </Link>
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuChoice
        label={t('theme')}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`themes.${value}`) }))}
        onChange={setTheme}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('language')}
        value={language()}
        options={Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as Language, label }))}
        onChange={(chosen) => void setLanguage(chosen)}
      />
      <MenuSeparator />
      <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={() => void attempt(session.logout)}>
        {t('logout')}
      </MenuItem>
    </Menu>
  );
}
