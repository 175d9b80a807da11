import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Spinner } from '../ui/Spinner.tsx';
import styles from './Plain.module.css';

const SHOWN_AFTER_MS = 250;

/** While a page is on its way; nothing at all for as long as that would only flicker. */
export function Loading() {
  const { t } = useTranslation();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.main} aria-busy="true">
      {slow && <Spinner large />}
      <span className="visually-hidden" role="status">
        {slow && t('loading')}
      </span>
    </div>
  );
}
