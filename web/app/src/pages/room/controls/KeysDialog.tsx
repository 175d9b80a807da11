import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../ui/Dialog.tsx';
import { CheckField } from '../../../ui/Field.tsx';
import styles from './KeysDialog.module.css';

const KEYS = ['m', 'v', 'h', 'c', 'p', '?'] as const;

interface KeysDialogProps {
  letters: boolean;
  onLetters: (wanted: boolean) => void;
  onClose: () => void;
}

export function KeysDialog({ letters, onLetters, onClose }: KeysDialogProps) {
  const { t } = useTranslation('room');
  return (
    <Dialog title={t('keys.title')} onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{key.toUpperCase()}</kbd>
            </dt>
            <dd>{t(`keys.${key}`)}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>{t('keys.escKey')}</kbd>
          </dt>
          <dd>{t('keys.esc')}</dd>
        </div>
        <div>
          <dt>
            <kbd>←</kbd> <kbd>→</kbd>
          </dt>
          <dd>{t('keys.arrows')}</dd>
        </div>
      </dl>
      <CheckField
        label={t('keys.letters')}
        hint={t('keys.lettersHint')}
        checked={letters}
        onChange={(event) => onLetters(event.target.checked)}
      />
    </Dialog>
  );
}
