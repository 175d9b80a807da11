import { type Profile, useRest, useSession } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useAttempt, useFormProblems } from '../../problems.ts';
import { useConfirmed } from '../../session/ConfirmFactor.tsx';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogActions } from '../../ui/Dialog.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { VerifyForm } from '../auth/VerifyForm.tsx';

export function AddressSection({ profile }: { profile: Profile }) {
  const { t } = useTranslation('account');
  const rest = useRest();
  const session = useSession();
  const toasts = useToasts();
  const attempt = useAttempt();
  const [changing, setChanging] = useState(false);
  /** The address to which digits are on their way. */
  const [confirming, setConfirming] = useState<string | null>(null);

  const sendDigits = async () => {
    if (await attempt(() => rest.auth.resendCode(profile.email))) setConfirming(profile.email);
  };

  const confirmed = async () => {
    await session.refresh();
    setConfirming(null);
    toasts.success(t('address.confirmed'));
  };

  return (
    <Section title={t('address.title')} lead={t('address.lead')}>
      <div className={styles.line}>
        <span>{profile.email}</span>
        <Badge tone={profile.verified ? 'accent' : 'warning'}>
          {t(profile.verified ? 'address.verified' : 'address.unverified')}
        </Badge>
      </div>
      <div className={styles.line}>
        <Button onClick={() => setChanging(true)}>{t('address.change')}</Button>
        {!profile.verified && (
          <Button variant="quiet" onClick={() => void sendDigits()}>
            {t('address.confirm')}
          </Button>
        )}
      </div>
      {changing && (
        <ChangeDialog
          onClose={() => setChanging(false)}
          onChanged={(wanted, now) => {
            setChanging(false);
            session.replace(now);
            if (now.email === wanted) toasts.success(t('address.changed'));
            else setConfirming(wanted);
          }}
        />
      )}
      {confirming && (
        <Dialog title={t('address.digits')} onClose={() => setConfirming(null)} sticky>
          <p>{t('address.sent', { email: confirming })}</p>
          <VerifyForm email={confirming} onVerified={confirmed} />
        </Dialog>
      )}
    </Section>
  );
}

interface ChangeDialogProps {
  onClose: () => void;
  /** Where an address has to be confirmed, the profile keeps the one before until it is. */
  onChanged: (wanted: string, profile: Profile) => void;
}

function ChangeDialog({ onClose, onChanged }: ChangeDialogProps) {
  const { t } = useTranslation('account');
  const { t: common } = useTranslation();
  const rest = useRest();
  const confirmed = useConfirmed();
  const form = useForm({ defaultValues: { email: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { invalid_email: 'email', email_taken: 'email' });

  const submit = form.handleSubmit(async ({ email }) => {
    try {
      const wanted = email.trim().toLowerCase();
      onChanged(wanted, await confirmed(() => rest.users.update({ email: wanted })));
    } catch (error) {
      showProblems(error);
    }
  });

  return (
    <Dialog title={t('address.change')} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <TextField
          label={t('address.new')}
          type="email"
          inputMode="email"
          autoComplete="email"
          autoFocus
          error={errors.email?.message}
          {...form.register('email', { required: t('needed') })}
        />
        <DialogActions>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button type="submit" variant="primary" busy={isSubmitting}>
            {common('save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
