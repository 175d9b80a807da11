import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Notice } from '../../ui/Notice.tsx';
import styles from './FactorSetup.module.css';

/** Shown once: to be copied or kept as a file. */
export function RecoveryCodeList({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation('account');
  const text = `${codes.join('\n')}\n`;

  const download = () => {
    const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    const anchor = document.createElement('a');
    anchor.href = address;
    anchor.download = 'plenum-recovery-codes.txt';
    anchor.click();
    URL.revokeObjectURL(address);
  };

  return (
    <div className={styles.step}>
      <Notice tone="warning">{t('codes.lead')}</Notice>
      <ul className={styles.codes} aria-label={t('codes.title')}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={styles.line}>
        <CopyButton text={text} label={t('codes.copy')} />
        <Button icon={<Download />} onClick={download}>
          {t('codes.download')}
        </Button>
      </div>
      <Button variant="primary" wide onClick={onDone}>
        {t('codes.done')}
      </Button>
    </div>
  );
}
