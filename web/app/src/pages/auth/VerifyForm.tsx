import { useRest } from '@plenum/client';
import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useAttempt, useFormProblems } from '../../problems.ts';
import { Button } from '../../ui/Button.tsx';
import { CodeField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import styles from './Form.module.css';

/** The server sends one mail a minute to an address. */
const BETWEEN_MAILS_S = 60;

interface VerifyFormProps {
  email: string;
  onVerified: () => Promise<void> | void;
}

/** The six digits that a mail has brought. */
export function VerifyForm({ email, onVerified }: VerifyFormProps) {
  const { t } = useTranslation('auth');
  const rest = useRest();
  const toasts = useToasts();
  const attempt = useAttempt();
  const [wait, setWait] = useState(BETWEEN_MAILS_S);
  const form = useForm({ defaultValues: { code: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { invalid_verification_code: 'code' });

  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1_000);
    return () => clearTimeout(timer);
  }, [wait]);

  const submit = form.handleSubmit(async ({ code }) => {
    try {
      await rest.auth.verify(email, code.trim());
      await onVerified();
    } catch (error) {
      showProblems(error);
    }
  });

  const resend = async () => {
    setWait(BETWEEN_MAILS_S);
    if (await attempt(() => rest.auth.resendCode(email))) toasts.success(t('verify.resent'));
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
      <CodeField
        label={t('verify.code')}
        maxLength={6}
        autoFocus
        error={errors.code?.message}
        {...form.register('code', { required: t('needed') })}
      />
      <Button type="submit" variant="primary" wide busy={isSubmitting}>
        {t('verify.action')}
      </Button>
      <button type="button" className={styles.link} disabled={wait > 0} onClick={() => void resend()}>
        {wait > 0 ? t('verify.resendIn', { count: wait }) : t('verify.resend')}
      </button>
    </form>
  );
}
