import { Lock } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { PageTitle } from '../../ui/PageHeader.tsx';
import { useNow } from '../../useNow.ts';
import styles from './Header.module.css';

export function Header({ title, locked, link }: { title: string; locked: boolean; link: string }) {
  const { t } = useTranslation('room');
  const format = useFormat();
  const now = useNow();
  return (
    <header className={styles.header}>
      <PageTitle className={styles.title}>{title}</PageTitle>
      {locked && (
        <Badge tone="warning">
          <Lock size={13} aria-hidden="true" />
          {t('header.locked')}
        </Badge>
      )}
      <span className={styles.space} />
      <time className={styles.clock} dateTime={now.toISOString()}>
        <span className="visually-hidden">{t('header.clock')} </span>
        {format.time(now)}
      </time>
      <CopyButton text={link} label={t('bar.copyLink')} size="small" variant="quiet" />
    </header>
  );
}
