import { type Profile, useRest, useSession } from '@plenum/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../problems.ts';
import { useConfirmed } from '../../session/ConfirmFactor.tsx';
import { Section } from '../../shell/AccountPage.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { TextField } from '../../ui/Field.tsx';
import { useToasts } from '../../ui/Toast.tsx';

export function DeleteSection({ profile }: { profile: Profile }) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const session = useSession();
  const toasts = useToasts();
  const attempt = useAttempt();
  const confirmed = useConfirmed();
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);

  const deleteIt = async () => {
    setBusy(true);
    if (await attempt(() => confirmed(() => rest.users.removeMe()))) {
      toasts.success(t('delete.done'));
      session.forget();
    }
    setBusy(false);
  };

  return (
    <Section title={t('delete.title')} lead={t('delete.lead')}>
      <Button
        onClick={() => {
          setTyped('');
          setAsking(true);
        }}
      >
        {t('delete.action')}
      </Button>
      {asking && (
        <Dialog title={t('delete.ask')} onClose={() => setAsking(false)}>
          <p>{t('delete.text')}</p>
          <TextField
            label={t('delete.type', { email: profile.email })}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <DialogActions>
            <Button onClick={() => setAsking(false)}>{common('cancel')}</Button>
            <Button
              variant="danger"
              busy={busy}
              disabled={typed.trim().toLowerCase() !== profile.email}
              onClick={() => void deleteIt()}
            >
              {t('delete.confirm')}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Section>
  );
}
