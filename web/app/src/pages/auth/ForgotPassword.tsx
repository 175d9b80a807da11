import { useRest } from '@plenum/client';
import { MailCheck } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useFormProblems } from '../../problems.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { AuthCard } from './AuthCard.tsx';
import styles from './Form.module.css';

export default function ForgotPassword() {
  const { t } = useTranslation('auth');
  const rest = useRest();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({ defaultValues: { email: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { invalid_email: 'email' });

  const submit = form.handleSubmit(async ({ email }) => {
    try {
      setSentTo((await rest.auth.requestPasswordReset(email)).email);
    } catch (error) {
      showProblems(error);
    }
  });

  if (sentTo) {
    return (
      <AuthCard title={t('forgot.sent')} lead={t('forgot.sentText', { email: sentTo })}>
        <ButtonLink to="/login" icon={<MailCheck />} wide>
          {t('backToLogin')}
        </ButtonLink>
      </AuthCard>
    );
  }
  return (
    <AuthCard
      title={t('forgot.title')}
      lead={t('forgot.lead')}
      footer={<Link to="/login">{t('backToLogin')}</Link>}
    >
      <form className={styles.form} onSubmit={submit} noValidate>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <TextField
          label={t('fields.email')}
          type="email"
          inputMode="email"
          autoComplete="email"
          error={errors.email?.message}
          {...form.register('email', { required: t('needed') })}
        />
        <Button type="submit" variant="primary" wide busy={isSubmitting}>
          {t('forgot.action')}
        </Button>
      </form>
    </AuthCard>
  );
}
