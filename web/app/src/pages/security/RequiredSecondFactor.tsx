import { useSession } from '@plenum/client';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../problems.ts';
import { Plain } from '../../shell/Plain.tsx';
import { Button } from '../../ui/Button.tsx';
import { Card } from '../../ui/Card.tsx';
import { PageTitle } from '../../ui/PageHeader.tsx';
import styles from './FactorSetup.module.css';
import { FactorSetup } from './FactorSetup.tsx';

/** In place of every page, for whom the operator asks for a second factor first. */
export default function RequiredSecondFactor() {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const session = useSession();
  const attempt = useAttempt();
  return (
    <Plain
      actions={
        <Button size="small" onClick={() => void attempt(session.logout)}>
          {common('logout')}
        </Button>
      }
    >
      <div className={styles.page}>
        <div className={styles.words}>
          <PageTitle>{t('setup.required')}</PageTitle>
          <p>{t('setup.requiredText')}</p>
        </div>
        <Card>
          <FactorSetup onDone={() => void session.refresh()} />
        </Card>
      </div>
    </Plain>
  );
}
