import { ApiProblem, useRest, useSession } from '@plenum/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useFormProblems } from '../../problems.ts';
import { useConfirmed } from '../../session/ConfirmFactor.tsx';
import styles from '../../shell/Account.module.css';
import { Section } from '../../shell/AccountPage.tsx';
import { Button } from '../../ui/Button.tsx';
import { PasswordField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useToasts } from '../../ui/Toast.tsx';
import { NoPassword } from './NoPassword.tsx';

const FIELDS = {
  wrong_password: 'currentPassword',
  current_password_required: 'currentPassword',
  weak_password: 'newPassword',
  password_required: 'newPassword',
  confirmation_required: 'confirmPassword',
  password_mismatch: 'confirmPassword',
} as const;

export function PasswordSection() {
  const { t } = useTranslation('account');
  const rest = useRest();
  const { profile } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const confirmed = useConfirmed();
  const [none, setNone] = useState(false);
  const form = useForm({ defaultValues: { currentPassword: '', newPassword: '', confirmPassword: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, FIELDS);
  const needed = { required: t('needed') };

  const submit = form.handleSubmit(async (fields) => {
    try {
      await confirmed(() => rest.auth.updatePassword(fields));
      form.reset();
      toasts.success(t('password.changed'));
      await queries.invalidateQueries({ queryKey: ['sessions'] });
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'no_password') setNone(true);
      else showProblems(error);
    }
  });

  return (
    <Section title={t('password.title')} lead={t('password.lead')}>
      {none ? (
        <NoPassword />
      ) : (
        <form className={styles.form} onSubmit={submit} noValidate>
          {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
          {/* Tells a password manager whose password this is. */}
          <input type="email" autoComplete="username" value={profile?.email ?? ''} readOnly hidden />
          <PasswordField
            label={t('password.current')}
            autoComplete="current-password"
            error={errors.currentPassword?.message}
            {...form.register('currentPassword', needed)}
          />
          <PasswordField
            label={t('password.new')}
            autoComplete="new-password"
            error={errors.newPassword?.message}
            {...form.register('newPassword', needed)}
          />
          <PasswordField
            label={t('password.repeat')}
            autoComplete="new-password"
            error={errors.confirmPassword?.message}
            {...form.register('confirmPassword', needed)}
          />
          <div>
            <Button type="submit" busy={isSubmitting}>
              {t('password.action')}
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}
