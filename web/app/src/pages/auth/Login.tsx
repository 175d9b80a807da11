import { ApiProblem, type Credentials, useSession } from '@plenum/client';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useLocation, useSearchParams } from 'react-router';
import { useFormProblems } from '../../problems.ts';
import { withNext } from '../../session/next.ts';
import { Button } from '../../ui/Button.tsx';
import { PasswordField, TextField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { AuthCard } from './AuthCard.tsx';
import { FactorForm } from './FactorForm.tsx';
import styles from './Form.module.css';
import { Providers } from './Providers.tsx';
import { VerifyForm } from './VerifyForm.tsx';

const FIELDS = { invalid_email: 'email', password_required: 'password' } as const;

/** The login, and its further steps: a second factor, an address to confirm. Each needs the password that was typed. */
export default function Login() {
  const { t } = useTranslation('auth');
  const session = useSession();
  const [step, setStep] = useState<'password' | 'factor' | 'verify'>('password');
  const [credentials, setCredentials] = useState<Credentials>({ email: '', password: '' });

  const login = async (entered: Credentials) => {
    setCredentials(entered);
    try {
      await session.login(entered);
    } catch (error) {
      const code = error instanceof ApiProblem ? error.code : null;
      if (code === 'second_factor_required') return setStep('factor');
      if (code === 'email_not_verified') return setStep('verify');
      throw error;
    }
  };

  switch (step) {
    case 'password':
      return <PasswordStep login={login} />;
    case 'factor':
      return (
        <AuthCard title={t('factor.title')} lead={t('factor.lead')}>
          <FactorForm onCode={(code) => login({ ...credentials, code })} onBack={() => setStep('password')} />
        </AuthCard>
      );
    case 'verify':
      return (
        <AuthCard title={t('verify.title')} lead={t('verify.sent', { email: credentials.email })}>
          <VerifyForm email={credentials.email} onVerified={() => login(credentials)} />
        </AuthCard>
      );
  }
}

/** What another page has to say here: an address that is confirmed, a password that is set. */
interface Arrival {
  email?: string;
  said?: string;
}

function PasswordStep({ login }: { login: (credentials: Credentials) => Promise<void> }) {
  const { t } = useTranslation('auth');
  const session = useSession();
  const [query] = useSearchParams();
  const arrival = (useLocation().state ?? {}) as Arrival;
  const form = useForm<Credentials>({ defaultValues: { email: arrival.email ?? '', password: '' } });
  const { errors, isSubmitting } = form.formState;
  const showProblems = useFormProblems<Credentials>(form, FIELDS);
  const elsewhere = query.get('oauth_error');

  const submit = form.handleSubmit(async (credentials) => {
    try {
      await login(credentials);
    } catch (error) {
      showProblems(error);
    }
  });

  const footer = (
    <Trans
      t={t}
      i18nKey="login.noAccount"
      components={{ signUp: <Link to={withNext('/signup', query)} /> }}
    />
  );

  return (
    <AuthCard title={t('login.title')} footer={footer}>
      <form className={styles.form} onSubmit={submit} noValidate>
        {errors.root?.message ? (
          <Notice tone="danger">{errors.root.message}</Notice>
        ) : elsewhere ? (
          <Notice tone="danger">{elsewhere}</Notice>
        ) : arrival.said ? (
          <Notice tone="success">{arrival.said}</Notice>
        ) : session.ended ? (
          <Notice>{t('login.ended')}</Notice>
        ) : null}
        <TextField
          label={t('fields.email')}
          type="email"
          inputMode="email"
          autoComplete="username"
          error={errors.email?.message}
          {...form.register('email', { required: t('needed') })}
        />
        <PasswordField
          label={t('fields.password')}
          autoComplete="current-password"
          error={errors.password?.message}
          {...form.register('password', { required: t('needed') })}
        />
        <Link to="/forgot-password" className={styles.aside}>
          {t('login.forgot')}
        </Link>
        <Button type="submit" variant="primary" wide busy={isSubmitting}>
          {t('login.action')}
        </Button>
      </form>
      <Providers />
    </AuthCard>
  );
}
