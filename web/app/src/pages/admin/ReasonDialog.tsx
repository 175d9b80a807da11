import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { TextField } from '../../ui/Field.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import styles from './Admin.module.css';

export interface Asked {
  title: string;
  text: string;
  /** What is said when it is done. */
  done: string;
  act: (reason: string) => Promise<unknown>;
}

/** Asks before something is done to others, and why it is done. */
export function ReasonDialog({ asked, onClose }: { asked: Asked; onClose: (done: boolean) => void }) {
  const { t } = useTranslation('admin');
  const { t: common } = useTranslation();
  const attempt = useAttempt();
  const toasts = useToasts();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const done = await attempt(() => asked.act(reason.trim()));
    setBusy(false);
    if (!done) return;
    toasts.success(asked.done);
    onClose(true);
  };

  return (
    <Dialog title={asked.title} onClose={() => onClose(false)}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <p>{asked.text}</p>
        <TextField
          label={t('reason')}
          hint={t('reasonHint')}
          optional
          maxLength={300}
          autoComplete="off"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <DialogActions>
          <Button onClick={() => onClose(false)}>{common('cancel')}</Button>
          <Button type="submit" variant="danger" busy={busy}>
            {t('go')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
