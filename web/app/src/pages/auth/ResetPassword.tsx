import { ApiProblem, useRest, useSession } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { useFormProblems } from '../../problems.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { PasswordField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { AuthCard } from './AuthCard.tsx';
import styles from './Form.module.css';

/** Where the link of a reset's mail leads. */
export default function ResetPassword() {
  const { t } = useTranslation('auth');
  const rest = useRest();
  const session = useSession();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const code = query.get('oobCode');
  const [spent, setSpent] = useState(!code);
  const form = useForm({ defaultValues: { password: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems(form, { weak_password: 'password' });

  const submit = form.handleSubmit(async ({ password }) => {
    try {
      const { email } = await rest.auth.confirmPasswordReset(code ?? '', password);
      // All sessions of the account have ended, this browser's too if it had one.
      session.forget();
      navigate('/login', { replace: true, state: { email, said: t('reset.done') } });
    } catch (error) {
      if (error instanceof ApiProblem && error.code.includes('reset_code')) setSpent(true);
      else showProblems(error);
    }
  });

  if (spent) {
    return (
      <AuthCard title={t('reset.void')} lead={t('reset.voidText')}>
        <ButtonLink to="/forgot-password" variant="primary" wide>
          {t('reset.again')}
        </ButtonLink>
      </AuthCard>
    );
  }
  return (
    <AuthCard title={t('reset.title')} lead={t('reset.lead')}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {errors.root?.message && <Notice tone="danger">{errors.root.message}</Notice>}
        <PasswordField
          label={t('fields.newPassword')}
          autoComplete="new-password"
          error={errors.password?.message}
          {...form.register('password', { required: t('needed') })}
        />
        <Button type="submit" variant="primary" wide busy={isSubmitting}>
          {t('reset.action')}
        </Button>
      </form>
    </AuthCard>
  );
}
