import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { PageHeader } from '../ui/PageHeader.tsx';
import styles from './AccountPage.module.css';

/** The frame of the pages about one's own account. */
export function AccountPage({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={title} />
      <nav className={styles.tabs} aria-label={t('nav.account')}>
        <NavLink to="/profile">{t('nav.profile')}</NavLink>
        <NavLink to="/security">{t('nav.security')}</NavLink>
      </nav>
      <div className={styles.sections}>{children}</div>
    </>
  );
}

interface SectionProps {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}

/** A subject: its name on the left, what one can do about it on the right. */
export function Section({ title, lead, children }: SectionProps) {
  return (
    <section className={styles.section}>
      <div className={styles.words}>
        <h2>{title}</h2>
        {lead && <p>{lead}</p>}
      </div>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
