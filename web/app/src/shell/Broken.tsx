import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import styles from './Plain.module.css';

/** In place of a page that failed. It leans on nothing that may have failed with it: not even the router. */
export function Broken() {
  const { t } = useTranslation();
  return (
    <main className={styles.main}>
      <EmptyState
        icon={<TriangleAlert />}
        heading="h1"
        title={t('broken.title')}
        actions={
          <>
            <Button variant="primary" onClick={() => location.reload()}>
              {t('broken.reload')}
            </Button>
            <Button onClick={() => location.assign('/')}>{t('broken.home')}</Button>
          </>
        }
      >
        {t('broken.text')}
      </EmptyState>
    </main>
  );
}
