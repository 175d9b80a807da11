import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Logo } from '../ui/Logo.tsx';
import styles from './Plain.module.css';
import { Preferences } from './Preferences.tsx';

/** The frame of pages for who is not signed in. */
export function Plain({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <header className={styles.header}>
        <Link to="/" className={styles.home} aria-label={t('home')}>
          <Logo />
        </Link>
        <div className={styles.aside}>
          <Preferences />
          {actions}
        </div>
      </header>
      <main className={styles.main}>{children}</main>
    </>
  );
}
